"""handlers/service.py: every entry point scores its entries with it. The executor is scripted."""

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any, cast

import pytest

from nova_code_verifier.handlers.service import OutageError, Outcome, Service, TextJudge, rows_of
from nova_code_verifier.handlers.settings import Settings, SettingsError
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.errors import DeadlineError, SandboxError, UnreachableError
from nova_code_verifier.sandbox.types import Cause, Ending, Execution, IsolationLevel, Job, Question
from nova_code_verifier.verifier.rubric import OutagePolicy, Rubric
from nova_code_verifier.verifier.types import FailureClass, Sample, Verdict
from tests.fakes import LengthJudge, ScriptedExecutor

DOUBLE = {"tests": {"kind": "stdio", "cases": [{"stdin": "21\n", "stdout": "42\n"}]}}
COMPLETION = "```python\nprint(42)\n```"
RIGHT = Execution(ending=Ending.FINISHED, exit_status=0, stdout=b"42\n", wall_seconds=0.25)
WRONG = Execution(ending=Ending.FINISHED, exit_status=0, stdout=b"43\n")
NOT_RUN = Execution(ending=Ending.NOT_RUN, detail="the deadline came first")


class Bug(dict[str, object]):
    """A reference that meets a bug of ours: to read its items raises."""

    def items(self) -> Any:
        """Raise an error that no part of the verifier expects."""
        raise RuntimeError("a bug")


def entry(
    number: int = 0, *, reference: object = DOUBLE, completion: str | None = COMPLETION
) -> Entry:
    """Return an entry: by default, a right program with a good reference."""
    return Entry(id=f"s-{number}", sample=Sample(completion=completion, reference=reference))


BUGGY = entry(reference=Bug(tests=1))
UNREADABLE = Entry(id="s-9", problem="messages: missing")


def service(
    executor: ScriptedExecutor | None = None,
    settings: Settings | None = None,
    on_bug: Callable[[int], None] = lambda _: None,
    text_judge: TextJudge | None = None,
) -> Service:
    """Return a service; by default, every execution is right.

    The scripts of these tests do not know the answers to control samples.
    """
    return Service(
        executor or ScriptedExecutor(lambda _: RIGHT),
        replace(settings or Settings(), control_samples=0),
        on_bug=on_bug,
        text_judge=text_judge,
    )


def scored(entries: Sequence[Entry], **parts: Any) -> list[Outcome]:
    """Score the entries; return their outcomes in order."""
    return sorted(service(**parts).score(entries), key=lambda outcome: outcome.index)


def metric(outcome: Outcome, name: str) -> float:
    """Return one metric of a row."""
    metrics = cast("list[dict[str, Any]]", outcome.row["metrics_list"])
    (value,) = [metric["value"] for metric in metrics if metric["name"] == name]
    return float(value)


# Rows


def test_every_entry_has_an_outcome() -> None:
    """Good, bad, raw, unreadable: each entry has one outcome, with its own index and id."""
    entries = [entry(1), UNREADABLE, entry(2, completion=None), entry(3, reference=7), entry(4)]

    outcomes = scored(entries)

    assert [(one.index, one.row["id"]) for one in outcomes] == [
        (0, "s-1"),
        (1, "s-9"),
        (2, "s-2"),
        (3, "s-3"),
        (4, "s-4"),
    ]


def test_each_execution_is_scored_with_its_own_entry() -> None:
    """Jobs end in another order than they started, and some entries have no job."""

    def answer(job: Job) -> tuple[Execution, ...]:
        return (RIGHT if "42" in job.program else WRONG,)

    wrong = entry(completion="```python\nprint(43)\n```")

    executor = ScriptedExecutor(answer_job=answer)
    outcomes = scored([wrong, UNREADABLE, entry(), wrong], executor=executor)

    assert [outcome.score.correctness for outcome in outcomes] == [0.0, 0.0, 1.0, 0.0]


def test_rows_that_need_no_guest_come_first() -> None:
    """A row that needs no guest does not wait for rows that do."""
    outcomes = list(service().score([entry(), UNREADABLE]))

    assert [outcome.index for outcome in outcomes] == [1, 0]


def test_an_empty_event_has_no_outcomes() -> None:
    """Without entries there are no rows."""
    assert scored([]) == []


@pytest.mark.parametrize("level", IsolationLevel)
def test_every_outcome_has_the_isolation_level(level: IsolationLevel) -> None:
    """Each outcome carries the level that the executor was granted."""
    executor = ScriptedExecutor(lambda _: RIGHT, granted=level)
    outcomes = scored([entry(), UNREADABLE], executor=executor)

    assert [outcome.level for outcome in outcomes] == [level, level]


def test_a_duration_is_the_time_of_the_rows_own_questions() -> None:
    """An hour in the sandbox counts for the sample that took it, and for no other."""
    hour = replace(RIGHT, wall_seconds=3600)
    executor = ScriptedExecutor(answer_job=lambda job: (hour if "slow" in job.program else RIGHT,))
    slow = entry(completion="```python\nprint(42)  # slow\n```")

    durations = [
        metric(outcome, "duration_ms") for outcome in scored([entry(), slow], executor=executor)
    ]

    assert 250 <= durations[0] < 3_600_000 <= durations[1]


def test_the_default_limits_are_the_settings() -> None:
    """A reference without limits gets the limits of the settings."""
    executor = ScriptedExecutor(lambda _: RIGHT)

    scored([entry()], executor=executor, settings=Settings(cpu_seconds=1.25))

    assert executor.jobs[0].limits.cpu_seconds == 1.25


def test_the_executor_gets_the_deadline() -> None:
    """The executor stops when the caller stops waiting."""
    executor = ScriptedExecutor(lambda _: RIGHT)

    list(service(executor).score([entry()], deadline=123.0))

    assert executor.deadlines == [123.0]


# Faults of the dataset


@pytest.mark.parametrize(
    "bad",
    [UNREADABLE, entry(reference=7), entry(reference=None)],
    ids=["no messages", "reference is a number", "no reference"],
)
def test_a_malformed_sample_is_ungraded(bad: Entry) -> None:
    """Its row has the reward of the setting `ungraded_reward`, and it is no outage."""
    (outcome,) = scored([bad], settings=Settings(ungraded_reward=-0.5))

    assert (outcome.row["aggregate_reward_score"], metric(outcome, "ungraded")) == (-0.5, 1.0)
    assert not outcome.score.is_outage


def test_the_problem_is_in_the_log_line() -> None:
    """The owner of the dataset finds the field in the log."""
    (outcome,) = scored([UNREADABLE])

    assert outcome.log_fields["problem"] == "messages: missing"


def test_a_raw_row_is_graded() -> None:
    """A sample without a completion is graded: its reward is 0."""
    (outcome,) = scored([entry(completion=None)], settings=Settings(ungraded_reward=-0.5))

    assert (outcome.row["aggregate_reward_score"], metric(outcome, "no_completion")) == (0.0, 1.0)


@pytest.mark.parametrize("completion", ["No.", ""], ids=["prose", "empty"])
def test_a_completion_without_a_program_is_a_completion(completion: str) -> None:
    """Prose, and an empty text, do not count as `no_completion`."""
    (outcome,) = scored([entry(completion=completion)])

    assert metric(outcome, "no_completion") == 0.0


# Faults of ours


def test_a_bug_costs_the_sample_that_met_it() -> None:
    """The other samples are scored as if the sample with the bug were not there."""
    outcomes = scored([entry(), BUGGY, entry()])

    assert [outcome.score.verdict for outcome in outcomes] == [
        Verdict.ACCEPTED,
        Verdict.UNGRADED,
        Verdict.ACCEPTED,
    ]


def test_a_bug_after_the_run_costs_one_sample_too() -> None:
    """A wrong number of executions is a bug of the executor, noticed when cases are judged."""
    answers = iter([(RIGHT,), (RIGHT, RIGHT), (RIGHT,)])

    executor = ScriptedExecutor(answer_job=lambda _: next(answers))
    outcomes = scored([entry()] * 3, executor=executor)

    assert [outcome.score.is_outage for outcome in outcomes] == [False, True, False]


def test_a_bug_is_reported_inside_its_except_block() -> None:
    """The callback gets the index of the sample, and can log the traceback."""
    reports: list[tuple[int, str]] = []

    scored([entry(), BUGGY], on_bug=lambda index: reports.append((index, str(sys.exception()))))

    assert reports == [(1, "a bug")]


def test_a_bug_is_an_outage() -> None:
    """The trainer sends a sample that met a bug again, and does not train on it."""
    (outcome,) = scored([BUGGY])

    assert outcome.score.is_outage


def test_a_sandbox_that_cannot_start_is_raised() -> None:
    """Without a sandbox there are no rows."""

    def refuse(_: Question) -> Execution:
        raise SandboxError("no zygote")

    with pytest.raises(SandboxError, match="no zygote"):
        scored([entry()], executor=ScriptedExecutor(refuse))


# Outages


CHECKED = {
    "inputs": ["21\n"],
    "outputs": ["42\n"],
    "checker": {"kind": "program", "source": "print(1)", "contract": "argv"},
}
OWN_PRELUDE = {**DOUBLE, "prelude": "import math"}
PLAIN = {"test_list": ["assert f(1) == 2"]}
NOT_PLAIN = {"test_list": ["assert list(map(f, [1])) == [2]"]}
CALLS = {"tests": {"kind": "call", "entry_point": "f", "cases": [{"args": [1], "expected": 2}]}}


@pytest.mark.parametrize("cause", [Cause.NONE, Cause.DEADLINE])
@pytest.mark.parametrize("fast_paths", [True, False])
def test_programs_that_were_not_run_tell_time_from_infrastructure(
    *, cause: Cause, fast_paths: bool
) -> None:
    """Whatever the tests are, the metric `failure` says if the time of the invocation ended."""
    lost = Execution(ending=Ending.NOT_RUN, detail="lost", cause=cause)
    executor = ScriptedExecutor(
        lambda _: lost, fast_paths=fast_paths, trusted=ScriptedExecutor(lambda _: lost)
    )
    references = (DOUBLE, CALLS, CHECKED, OWN_PRELUDE, PLAIN, NOT_PLAIN)
    entries = [entry(reference=r, completion="def f(x):\n    return x") for r in references]

    outcomes = scored(entries, executor=executor)

    expected = 3 if cause is Cause.DEADLINE else 2
    assert [outcome.score.problem for outcome in outcomes] == ["lost"] * len(references)
    assert [metric(outcome, "failure") for outcome in outcomes] == [expected] * len(references)


@pytest.mark.parametrize(
    ("reached", "number"),
    [
        (entry(), 0),
        (entry(completion=None), 0),
        (entry(reference={"tests": []}), 1),
        (entry(reference=None), 1),
        (UNREADABLE, 1),
        (BUGGY, 2),
    ],
    ids=["graded", "no completion", "no tests", "no reference", "unreadable", "bug"],
)
def test_every_row_says_whose_fault_it_is(reached: Entry, number: int) -> None:
    """A row that is graded has failure 0, whatever its reward; no ungraded row has."""
    (outcome,) = scored([reached])

    assert metric(outcome, "failure") == number
    assert metric(outcome, "ungraded") == (number > 0)


def test_an_executor_that_was_not_reached_in_time_is_no_fault_of_the_infrastructure() -> None:
    """The invocation had no time left when it asked for the executor's isolation level."""
    late = ScriptedExecutor(refusal=DeadlineError("the deadline came first"))
    settings = Settings(on_outage=OutagePolicy.VALUE)

    (outcome,) = scored([entry()], executor=late, settings=settings)

    assert metric(outcome, "failure") == 3


UNREACHABLE = ScriptedExecutor(refusal=UnreachableError("no route"))


def test_an_unreachable_executor_is_raised() -> None:
    """By default the event fails, and the trainer sends it again."""
    with pytest.raises(UnreachableError):
        scored([entry()], executor=UNREACHABLE)


def test_an_unreachable_executor_leaves_samples_ungraded_on_request() -> None:
    """With `on_outage: value` the sample gets `ungraded_reward`, also in the first event."""
    settings = Settings(on_outage=OutagePolicy.VALUE, ungraded_reward=-1.0)

    (outcome,) = scored([entry()], executor=UNREACHABLE, settings=settings)

    assert (outcome.score.is_outage, outcome.row["aggregate_reward_score"]) == (True, -1.0)
    assert (outcome.score.problem, metric(outcome, "failure")) == ("no route", 2.0)
    assert UNREACHABLE.jobs == []


def test_samples_that_need_no_executor_are_scored_without_one() -> None:
    """A sentiment label is graded while the executor is unreachable."""
    label = entry(reference="positive", completion="\\boxed{positive}")

    (outcome,) = scored([label], executor=UNREACHABLE)

    assert outcome.row["aggregate_reward_score"] == 1.0


LOSING = ScriptedExecutor(answer_job=lambda job: (NOT_RUN if "LOST" in job.program else RIGHT,))
LOST = entry(7, completion="```python\nLOST\n```")


def test_an_outage_is_raised() -> None:
    """Samples that were not run fail the event, and the trainer sends it again."""
    outcomes = scored([entry(), LOST, LOST], executor=LOSING)

    with pytest.raises(OutageError, match=r"^2 of 3 samples .* the deadline came first$"):
        rows_of(outcomes, OutagePolicy.RAISE)


def test_an_outage_is_an_ungraded_row_on_request() -> None:
    """With `on_outage: value` the row has `ungraded_reward`, and is marked as ungraded."""
    outcomes = scored([LOST], executor=LOSING, settings=Settings(ungraded_reward=-1.0))

    (row,) = rows_of(outcomes, OutagePolicy.VALUE)

    assert row["aggregate_reward_score"] == -1.0
    assert metric(outcomes[0], "ungraded") == 1.0


def test_an_ungraded_row_has_no_reward_on_request() -> None:
    """With `on_outage: none` ungraded rows have the reward null, which no trainer learns from."""
    settings = Settings(on_outage=OutagePolicy.NONE)
    outcomes = scored([LOST, entry(reference=7)], executor=LOSING, settings=settings)

    rows = rows_of(outcomes, settings.rubric.on_outage)

    assert [row["aggregate_reward_score"] for row in rows] == [None, None]


@pytest.mark.parametrize("policy", OutagePolicy)
def test_a_malformed_sample_is_no_outage(policy: OutagePolicy) -> None:
    """Malformed samples have rows under every policy: to send them again would change nothing."""
    assert len(rows_of(scored([UNREADABLE, entry(reference=7)]), policy)) == 2


@pytest.mark.parametrize("policy", OutagePolicy)
def test_rows_are_in_the_order_of_the_samples(policy: OutagePolicy) -> None:
    """The first row belongs to the first sample, even if its outcome came last."""
    outcomes = list(
        service().score([entry(n, completion=("No.", COMPLETION)[n % 2]) for n in range(6)])
    )

    rows = rows_of(outcomes, policy)

    assert [row["id"] for row in rows] == [f"s-{n}" for n in range(6)]


# Texts


PAID = Rubric(correctness=0.5, compile=0.0, format=0.0, similarity=0.5)
WITH_SOLUTION = {**DOUBLE, "solution": "print(int(input()) * 2)"}


def text_entry(answer: str) -> Entry:
    """Return an entry that is compared with a text."""
    return Entry(id=1, sample=Sample(completion=answer, reference="four", tasks=("similarity",)))


def test_texts_are_compared_by_the_deadline() -> None:
    """The similarity is the reward, and the judge gets the deadline."""
    judge = LengthJudge()

    outcomes = service(text_judge=judge).score([text_entry("ab"), text_entry("abcd")], deadline=7.0)

    rewards = sorted(outcome.score.reward or 0.0 for outcome in outcomes)
    assert (rewards, judge.deadlines) == ([0.5, 1.0], [7.0, 7.0])


def test_a_program_is_compared_with_the_solution_if_the_rubric_pays_for_it() -> None:
    """Correctness and similarity are half the reward each; without a solution it is correctness."""
    settings = Settings(rubric=PAID)

    plain, alike = scored(
        [entry(), entry(reference=WITH_SOLUTION)], settings=settings, text_judge=LengthJudge()
    )

    assert (metric(plain, "similarity"), plain.score.reward) == (0.0, 1.0)
    assert 0 < metric(alike, "similarity") < 1
    assert alike.score.reward == pytest.approx(0.5 + 0.5 * metric(alike, "similarity"))


@pytest.mark.parametrize(
    ("judge", "problem", "is_outage"),
    [
        (LengthJudge(problem="throttled"), "throttled", True),
        (LengthJudge(problem="refused", failure=FailureClass.DATA), "refused", False),
        (None, "similarity: this sample needs a language model", True),
    ],
    ids=["throttled", "refused", "no judge"],
)
def test_a_text_that_was_not_compared_is_ungraded(
    judge: LengthJudge | None, problem: str, *, is_outage: bool
) -> None:
    """Without a similarity there is no reward of 0; it is an outage if a retry may help."""
    (outcome,) = scored([text_entry("ab")], text_judge=judge)

    assert (outcome.score.verdict, outcome.score.is_outage) == (Verdict.UNGRADED, is_outage)
    assert outcome.score.problem.startswith(problem)


def test_a_program_that_the_judge_refuses_is_graded_by_its_tests() -> None:
    """A wrong program cannot become ungraded by a comment that the model refuses to read."""
    wrong = ScriptedExecutor(lambda _: WRONG)
    judge = LengthJudge(problem="refused", failure=FailureClass.DATA)

    (outcome,) = scored(
        [entry(reference=WITH_SOLUTION)],
        executor=wrong,
        settings=Settings(rubric=PAID),
        text_judge=judge,
    )

    assert (outcome.score.verdict, outcome.score.reward) == (Verdict.WRONG_ANSWER, 0.0)
    assert outcome.score.problem == "refused"


def test_a_bug_of_the_judges_costs_one_row() -> None:
    """The sample that met the bug is an outage, and the other sample is accepted."""
    judge = LengthJudge(bug=RuntimeError("a bug"))

    (text, plain) = scored([text_entry("ab"), entry()], text_judge=judge)

    assert (text.score.verdict, text.score.is_outage) == (Verdict.UNGRADED, True)
    assert plain.score.verdict is Verdict.ACCEPTED


def test_equal_texts_are_compared_once() -> None:
    """A model's answers may differ between calls, and equal samples must get equal rewards."""
    judge = LengthJudge()

    outcomes = list(service(text_judge=judge).score([text_entry("ab"), text_entry("ab")]))

    assert (len(outcomes), len(judge.deadlines)) == (2, 1)


def test_a_rubric_that_pays_for_similarity_needs_a_judge() -> None:
    """Without a judge the start fails, and the message names the setting."""
    with pytest.raises(SettingsError, match=r"^VERIFIER_JUDGE_MODEL: the rubric pays"):
        service(settings=Settings(rubric=PAID))


# The time of a sample


def total_of(seconds: float, reference: object = DOUBLE) -> float:
    """Return the total of a sample whose deadline comes after so many seconds."""
    executor = ScriptedExecutor(lambda _: RIGHT)
    list(service(executor).score([entry(reference=reference)], deadline=monotonic() + seconds))
    (job,) = executor.jobs
    return job.limits.total_wall_seconds


@pytest.mark.parametrize(
    ("seconds", "total"),
    [(math.inf, 180.0), (854.98, 180.0), (284.98, 72.5), (280.1, 72.5), (56.9, 14.25), (7.0, 10.0)],
)
def test_a_sample_has_a_share_of_the_invocation(seconds: float, total: float) -> None:
    """It is the same at each retry, which begins a moment later or earlier."""
    assert total_of(seconds) == total


def test_a_stated_total_fits_the_invocation_too() -> None:
    """A data set cannot know how long an invocation lasts."""
    stated = DOUBLE | {"limits": {"total_wall_seconds": 600}}

    assert total_of(math.inf, stated) == 600.0
    assert total_of(284.98, stated) == 72.5


def test_a_case_may_take_what_its_reference_states() -> None:
    """Then it is an outage if the invocation is too short for that."""
    stated = DOUBLE | {"limits": {"cpu_seconds": 10, "wall_seconds": 60}}

    assert total_of(6.9, stated) == 60.0
