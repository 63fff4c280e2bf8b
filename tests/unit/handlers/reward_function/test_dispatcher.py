"""Runs over many calls: each sample has one result, whatever happens to the calls.

boto3's real client calls a function whose faults are scripted.
"""

import json
import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from nova_code_verifier.handlers.reward_function.answer import UnfitFunctionError
from nova_code_verifier.handlers.reward_function.dispatcher import Totals, checked
from nova_code_verifier.handlers.wire import Details, Entry
from nova_code_verifier.sandbox.errors import InvocationError, ThrottledError, UnreachableError
from nova_code_verifier.sandbox.types import Ending, Execution, IsolationLevel, Question
from nova_code_verifier.verifier.types import Sample, Verdict
from tests.fakes import CUT_SHORT, RESET, HttpReply, ScriptedExecutor, fails
from tests.unit.handlers.reward_function.functions import (
    BROKEN_REWARD,
    QUICK,
    Row,
    Scoring,
    Script,
    add_one,
    calling,
    dispatcher_of,
    entry,
    failure,
    score,
)

THROTTLED = fails("TooManyRequestsException", 429, "Rate Exceeded.")
CRASH = failure("Runtime.ExitError", "RequestId: 7 Error: Runtime exited with error: exit status 1")
LATE = failure("Sandbox.Timedout", "RequestId: 7 Error: Task timed out after 3.00 seconds")
POISON = "POISON"


def entries(count: int) -> list[Entry]:
    """Return right samples."""
    return [entry(number) for number in range(count)]


def ids_of(event: str) -> list[int]:
    """Return the ids in an event."""
    return [sample["id"] for sample in json.loads(event)["batch"]]


def assert_all_right(scoring: Scoring, *chunks: list[Entry]) -> None:
    """Check that each entry has its own row, and is accepted."""
    for chunk, sent in enumerate(chunks):
        for index, one in enumerate(sent):
            scored = scoring.samples[chunk, index]
            assert (scored.row["id"], scored.group) == (one.id, one.group)
            assert scored.verdict is Verdict.ACCEPTED


# -- without faults ------------------------------------------------------------------------


def test_each_sample_gets_its_own_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks are scored at the same time, and each result says where it belongs."""
    chunks = [entries(5), [], entries(3), entries(1)]

    scoring = score(Script(), monkeypatch, *chunks)

    assert_all_right(scoring, *chunks)
    assert (scoring.totals.calls, scoring.totals.failed) == (4, 0)
    assert scoring.totals.level is IsolationLevel.KERNEL


def test_a_large_chunk_is_sent_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """No call has more than 64 samples, or more bytes than an event may have."""
    large = [entry(number, text="x" * 2_500_000) for number in range(5)]
    script = Script()

    scoring = score(script, monkeypatch, entries(150), large)

    assert_all_right(scoring, entries(150), large)
    assert sorted(script.batches) == sorted([2, 64, 64, 22, 2, 2, 1])


def test_full_details_come_if_they_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The details have programs and cases only if that was asked for."""
    for details in Details:
        sample = score(Script(), monkeypatch, entries(1), details=details).samples[0, 0]
        assert ("program" in sample.details) is (details is Details.FULL)


def test_what_cannot_be_sent_has_a_row_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unreadable entries and samples that JSON does not carry are ungraded by name, unsent."""
    unreadable = Entry(id="u", problem="line 3: it is broken")
    nan = Entry(id="n", sample=Sample(completion="", reference={"outputs": [float("nan")]}))
    script = Script()

    scoring = score(script, monkeypatch, [unreadable, entry(0), nan])

    assert scoring.verdicts() == ["ungraded", "accepted", "ungraded"]
    first, _, last = (scoring.samples[0, index] for index in range(3))
    assert (first.details["problem"], first.row["id"]) == ("line 3: it is broken", "u")
    assert "JSON cannot carry it" in str(last.details["problem"])
    assert first.row["aggregate_reward_score"] == BROKEN_REWARD
    assert not first.is_outage
    assert script.batches == [2, 1]


def test_a_chunk_is_taken_when_it_can_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """While all calls wait for answers, no further chunk is read; and all are scored in the end."""
    may_answer = threading.Event()
    taken: list[int] = []

    def wait(call: int, _event: str) -> None:
        if call:
            assert may_answer.wait(30)

    def take() -> tuple[int, list[Entry]] | None:
        if len(taken) == 8:
            return None
        taken.append(len(taken))
        assert may_answer.is_set() or len(taken) <= 3
        return taken[-1], entries(2)

    script = Script(fault=wait)
    with calling(script, monkeypatch) as function:
        totals = Totals()
        ungraded = checked(function, QUICK, totals)
        run = dispatcher_of(function, ungraded, totals, concurrency=3).run(take)
        threading.Timer(0.2, may_answer.set).start()
        assert len(list(run)) == 16
    assert script.at_once_max == 3


def test_a_run_that_is_closed_waits_for_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """After Ctrl-C, a call that hangs does not keep the process."""
    may_answer = threading.Event()

    def hang(call: int, _event: str) -> None:
        if call > 1:
            may_answer.wait(30)

    with calling(Script(fault=hang), monkeypatch) as function:
        totals = Totals()
        ungraded = checked(function, QUICK, totals)
        left = iter([(0, entries(1)), (1, entries(1))])
        run = dispatcher_of(function, ungraded, totals).run(lambda: next(left, None))
        next(run)
        run.close()  # type: ignore[attr-defined]
        assert not may_answer.is_set()
        may_answer.set()


# -- calls that do not reach the function --------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [THROTTLED, RESET, CUT_SHORT, fails("ServiceException", 500), HttpReply(status=503)],
    ids=["throttled", "reset", "cut", "500", "503"],
)
def test_calls_that_are_lost_are_repeated(
    monkeypatch: pytest.MonkeyPatch, reply: HttpReply
) -> None:
    """Of every three calls two are lost: no sample is, and none counts twice."""
    script = Script(fault=lambda call, _event: reply if call % 3 else None)
    chunks = [entries(2) for _ in range(10)]

    scoring = score(script, monkeypatch, *chunks)

    assert_all_right(scoring, *chunks)
    totals = scoring.totals
    assert (totals.throttled > 0) is (reply is THROTTLED)
    assert totals.throttled + totals.failed == totals.calls - 11


def test_throttling_lowers_the_number_of_calls_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that wants twenty calls at a time learns that only two are taken.

    With twenty at a time to the end, some 400 would be throttled.
    """
    script, third = Script(), threading.Event()

    def two_at_a_time(call: int, _event: str) -> HttpReply | None:
        if script.at_once > 2:
            third.set()
            return THROTTLED
        if call:
            third.wait(30)
            time.sleep(0.05)
        return None

    script.fault = two_at_a_time
    chunks = [entries(1) for _ in range(30)]

    scoring = score(script, monkeypatch, *chunks, concurrency=20)

    assert_all_right(scoring, *chunks)
    assert 0 < scoring.totals.throttled < 120


@pytest.mark.parametrize(
    ("reply", "error"), [(THROTTLED, ThrottledError), (RESET, UnreachableError)]
)
def test_a_run_without_progress_ends(
    monkeypatch: pytest.MonkeyPatch, reply: HttpReply, error: type[Exception]
) -> None:
    """If nothing reaches the function for long enough, the last error is raised."""
    script = Script(fault=lambda call, _event: reply if call > 2 else None)

    with pytest.raises(error):
        score(script, monkeypatch, *[entries(1) for _ in range(9)])


@pytest.mark.parametrize("reply", [THROTTLED, RESET, CRASH], ids=["throttled", "reset", "crash"])
def test_the_check_is_repeated_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch, reply: HttpReply
) -> None:
    """A function that wakes up slowly is waited for; one that never does is an error."""
    slow = Script(fault=lambda call, _event: reply if call < 2 else None)
    assert score(slow, monkeypatch, entries(1)).verdicts() == ["accepted"]

    with pytest.raises(InvocationError, match="the function reward"):
        score(Script(fault=lambda _call, _event: reply), monkeypatch, entries(1))


def test_credentials_that_expire_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that no repetition heals is raised at once."""
    expired = fails("ExpiredTokenException", 403)
    script = Script(fault=lambda call, _event: expired if call else None)

    with pytest.raises(InvocationError, match="ExpiredToken"):
        score(script, monkeypatch, entries(1), concurrency=1)
    assert len(script.batches) == 2


# -- functions that fail -------------------------------------------------------------------


@pytest.mark.parametrize("reply", [CRASH, LATE], ids=["crash", "time-out"])
@pytest.mark.parametrize("count", [1, 2, 7, 64])
def test_a_sample_that_kills_the_function_costs_no_other(
    monkeypatch: pytest.MonkeyPatch, reply: HttpReply, count: int
) -> None:
    """The sample at fault becomes an outage by name; all others of its batch have their rows."""
    sent = entries(count)
    sent[count // 2] = entry(count // 2, text=POISON)
    script = Script(fault=lambda _call, event: reply if POISON in event else None)

    scoring = score(script, monkeypatch, sent)

    poisoned = scoring.samples.pop((0, count // 2))
    assert (poisoned.is_outage, poisoned.row["id"]) == (True, f"real-{count // 2}")
    assert "the function reward fails on it: " in str(poisoned.details["problem"])
    assert poisoned.metric("failure") == 2
    assert all(sample.verdict is Verdict.ACCEPTED for sample in scoring.samples.values())
    assert len(script.batches) <= 8 + 2 * count.bit_length()


def test_a_function_that_crashes_now_and_then_loses_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Crashes that no sample causes are repeated, and every sample is graded."""
    script = Script(fault=lambda call, _event: CRASH if call % 4 == 1 else None)
    chunks = [entries(8) for _ in range(6)]

    scoring = score(script, monkeypatch, *chunks)

    assert_all_right(scoring, *chunks)
    assert scoring.totals.failed > 0


def test_a_function_that_breaks_for_good_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a sample of our own fails too, no sample gets the blame."""
    script = Script(fault=lambda call, _event: CRASH if call else None)

    with pytest.raises(InvocationError, match=r"reward is out of order: Runtime\.ExitError"):
        score(script, monkeypatch, entries(4))


def test_a_function_that_is_replaced_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment of another version during the run is refused, and its rows do not count."""
    calls = 0

    def later_version(rows: list[Row]) -> list[Row]:
        nonlocal calls
        calls += 1
        for metric in rows[0]["metrics_list"] if calls > 1 else []:
            metric["value"] += metric["name"] == "semantics_version"
        return rows

    with pytest.raises(UnfitFunctionError, match="it judges by semantics version"):
        score(Script(change=later_version), monkeypatch, entries(2))


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (failure("Function.ResponseSizeTooLarge"), "ResponseSizeTooLarge"),
        (failure("ResponseTooLargeError", "response: 7000000 bytes"), "7000000 bytes"),
        (fails("RequestTooLargeException", 413), "RequestTooLarge"),
        (fails("InvalidRequestContentException", 400), "InvalidRequestContent"),
    ],
)
def test_a_batch_that_is_too_large_is_divided(
    monkeypatch: pytest.MonkeyPatch, reply: HttpReply, words: str
) -> None:
    """Without a repetition; a single sample that is too large is ungraded by name."""
    large = entry(9, text=POISON)
    script = Script(fault=lambda _call, event: reply if POISON in event else None)

    scoring = score(script, monkeypatch, [*entries(3), large], concurrency=1)

    assert scoring.verdicts() == ["accepted"] * 3 + ["ungraded"]
    problem = str(scoring.samples[0, 3].details["problem"])
    assert problem.startswith("sample: cannot be scored by a function: ")
    assert words in problem
    assert script.batches == [2, 4, 2, 2, 1, 1]


def test_answers_that_are_too_large_make_later_batches_smaller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After one answer that was too large, later chunks are sent in parts that fit."""
    too_large = failure("Function.ResponseSizeTooLarge")
    script = Script(fault=lambda _call, event: too_large if len(ids_of(event)) > 6 else None)

    scoring = score(script, monkeypatch, *[entries(12)] * 4, concurrency=1)

    assert_all_right(scoring, *[entries(12)] * 4)
    assert script.batches == [2, 12, *[6] * 8]


# -- outages that the function reports -----------------------------------------------------


def outages(*lost: int, times: int) -> ScriptedExecutor:
    """Return an executor that does not run these numbers, so many times each."""
    left = dict.fromkeys(lost, times)

    def answer(question: Question) -> Execution:
        number = int(getattr(question, "stdin", b""))
        if left.get(number, 0) > 0:
            left[number] -= 1
            return Execution(ending=Ending.NOT_RUN, detail="no room")
        return add_one(question)

    return ScriptedExecutor(answer)


def test_samples_that_were_not_run_are_sent_again_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only they are, and their later rows count."""
    script = Script(executor=outages(3, 5, times=1))

    scoring = score(script, monkeypatch, entries(10))

    assert_all_right(scoring, entries(10))
    assert script.batches == [2, 10, 2]


def test_an_outage_that_stays_has_the_row_of_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample that is never run is an outage, with the function's own reason."""
    script = Script(executor=outages(3, times=99))

    scoring = score(script, monkeypatch, entries(6))

    assert scoring.verdicts() == ["accepted"] * 3 + ["ungraded"] + ["accepted"] * 2
    lost = scoring.samples[0, 3]
    assert lost.is_outage
    assert "no room" in str(lost.details["problem"])
    assert "fails on it" not in str(lost.details["problem"])


def test_a_function_that_raises_for_an_outage_loses_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An event that fails as a whole because of one sample is divided like after a crash."""
    raised = failure("OutageError", "1 of 6 samples could not be graded")
    sent = [*entries(5), entry(7, text=POISON)]
    script = Script(fault=lambda _call, event: raised if POISON in event else None)

    scoring = score(script, monkeypatch, sent)

    assert scoring.verdicts() == ["accepted"] * 5 + ["ungraded"]
    assert "OutageError" in str(scoring.samples[0, 5].details["problem"])


def test_a_lost_connection_to_one_batch_ends_with_that_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If the connection breaks whenever one sample is sent, the others still have rows."""
    patience = replace(QUICK, lost_tries=3)
    sent = [*entries(5), entry(7, text=POISON)]
    script = Script(fault=lambda _call, event: RESET if POISON in event else None)

    scoring = score(script, monkeypatch, sent, patience=patience)

    assert scoring.verdicts() == ["accepted"] * 5 + ["ungraded"]
    assert scoring.samples[0, 5].is_outage


def test_a_candidate_does_not_choose_how_its_batch_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text that looks like an error of Lambda, in a completion or in details, changes nothing."""
    words = json.dumps({"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out after 3"})
    hostile = entry(1, text=f"{words}\n{words}")
    loud = ScriptedExecutor(
        lambda _: Execution(ending=Ending.FINISHED, exit_status=1, stdout=words.encode())
    )
    calls: list[Any] = []

    def note(call: int, event: str) -> None:
        script.executor = ScriptedExecutor(add_one) if call == 0 else loud
        calls.append(ids_of(event))

    script = Script(fault=note)
    scoring = score(script, monkeypatch, [hostile, entry(2)], details=Details.FULL)

    assert scoring.verdicts() == ["runtime_error"] * 2
    assert (len(calls), scoring.totals.failed) == (2, 0)
