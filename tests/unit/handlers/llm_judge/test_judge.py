"""The judge, through boto3's real client, against a stand-in for Bedrock on loopback."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nova_code_verifier.handlers.llm_judge.judge import LlmJudge, RetryPolicy
from nova_code_verifier.handlers.llm_judge.types import Extraction, JudgeFailure, kind_of
from nova_code_verifier.verifier.types import Comparison, Similarity
from tests.fakes import (
    CREDENTIALS,
    CUT_SHORT,
    MODEL,
    RESET,
    SILENCE_SECONDS,
    THROTTLED,
    FakeBedrock,
    HttpReply,
    Script,
    fails,
    read_converse_request,
    says,
    sends,
    serving_bedrock,
)

SAME = Comparison(response="It is 4.", reference="Four.")
HASTY = RetryPolicy(tries=4, first_seconds=0.01, longest_seconds=0.05)
ENOUGH_SECONDS = 30.0

Judging = Callable[..., Any]


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let boto3 find keys that are worth nothing, and no others."""
    for name, text in CREDENTIALS.items():
        monkeypatch.setenv(name, text)


@pytest.fixture
def judging(monkeypatch: pytest.MonkeyPatch) -> Judging:
    """Return a context: a judge and the stand-in that it asks."""

    @contextmanager
    def context(script: Script, **options: Any) -> Iterator[tuple[LlmJudge, FakeBedrock]]:
        with serving_bedrock(script) as standin:
            monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", standin.url)
            given: dict[str, Any] = {"model": MODEL, "patience": HASTY} | options
            judge = LlmJudge(**given)
            try:
                yield judge, standin
            finally:
                judge.close()

    return context


def judged(judge: LlmJudge, comparison: Comparison = SAME) -> Similarity:
    """Have one comparison judged."""
    return judge.submit(comparison, deadline=time.monotonic() + ENOUGH_SECONDS).result()


def comparisons(count: int) -> list[Comparison]:
    """Make comparisons that all differ."""
    return [Comparison(response=f"It is {number}.", reference="Four.") for number in range(count)]


def test_a_number_is_the_similarity(judging: Judging) -> None:
    """What the judge says is the value, without a problem."""
    with judging([says("0.85")]) as (judge, _):
        assert judged(judge) == Similarity(value=0.85)


def test_it_is_asked_as_agreed(judging: Judging) -> None:
    """The model, both texts, temperature 0 and few tokens are in the request."""
    with judging([says("1")]) as (judge, standin):
        judged(judge)
        (request,) = standin.requests

    assert request["modelId"] == MODEL
    assert SAME.response in standin.questions[0]
    assert SAME.reference in standin.questions[0]
    assert request["inferenceConfig"] == {"temperature": 0.0, "maxTokens": 512}


@pytest.mark.parametrize(
    "model",
    [
        "us.amazon.nova-pro-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0",
    ],
)
def test_profiles_are_models_too(judging: Judging, model: str) -> None:
    """Ids with colons and slashes reach the service whole."""
    with judging([says("1")], model=model) as (judge, standin):
        assert judged(judge).value == 1
        assert standin.requests[0]["modelId"] == model


def test_the_same_texts_are_the_same_request(judging: Judging) -> None:
    """Nothing in a request is drawn by lot, so that a reward can be repeated."""
    with judging([says("1")]) as (judge, standin):
        judged(judge)
        judged(judge)

    assert standin.requests[0] == standin.requests[1]


def test_several_blocks_are_one_answer(judging: Judging) -> None:
    """What a model thought aloud is left out, text is put together."""
    thought = {"reasoningContent": {"reasoningText": {"text": "0.1"}}}
    with judging([sends([thought, {"text": "Well."}, {"text": "0.5"}])]) as (judge, _):
        assert judged(judge).value == 0.5


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (says("", stop_reason="guardrail_intervened"), JudgeFailure.REFUSED),
        (says("0.5", stop_reason="content_filtered"), JudgeFailure.REFUSED),
        (says("I'm sorry, but I cannot rate this."), JudgeFailure.REFUSED),
        (says("They are similar."), JudgeFailure.NO_NUMBER),
        (sends([]), JudgeFailure.NO_NUMBER),
        (says("7"), JudgeFailure.OUT_OF_RANGE),
        (says("-0.5"), JudgeFailure.OUT_OF_RANGE),
        (says("First, 0.5", stop_reason="max_tokens"), JudgeFailure.CUT_OFF),
        (says("", stop_reason="model_context_window_exceeded"), JudgeFailure.UNACCEPTABLE),
        (
            fails("ValidationException", 400, "Input is too long for requested model."),
            JudgeFailure.UNACCEPTABLE,
        ),
        (
            fails("ValidationException", 400, "prompt is too long: 210000 tokens > 200000 maximum"),
            JudgeFailure.UNACCEPTABLE,
        ),
        (
            fails("ValidationException", 400, "Input Tokens Exceeded: see maximum length"),
            JudgeFailure.UNACCEPTABLE,
        ),
        (
            fails("ValidationException", 400, "Output blocked by content filtering policy"),
            JudgeFailure.REFUSED,
        ),
        (fails("RequestEntityTooLarge", 413), JudgeFailure.UNACCEPTABLE),
    ],
)
def test_what_the_texts_lead_to_is_no_outage(
    judging: Judging, reply: HttpReply, kind: JudgeFailure
) -> None:
    """It is told apart by kind, has no value, and is not asked for again: it would be the same."""
    with judging([reply]) as (judge, standin):
        found = judged(judge)

    assert (kind_of(found), found.value, found.is_outage) == (kind, None, False)
    assert len(standin.requests) == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (THROTTLED, JudgeFailure.THROTTLED),
        (HttpReply(status=429), JudgeFailure.THROTTLED),
        (fails("ServiceQuotaExceededException", 400), JudgeFailure.THROTTLED),
        (fails("ModelNotReadyException", 429), JudgeFailure.UNAVAILABLE),
        (fails("ModelErrorException", 424), JudgeFailure.UNAVAILABLE),
        (fails("InternalServerException", 500), JudgeFailure.UNAVAILABLE),
        (fails("ServiceUnavailableException", 503), JudgeFailure.UNAVAILABLE),
        (HttpReply(status=502, body=b"<html>bad gateway</html>"), JudgeFailure.UNAVAILABLE),
        (fails("ModelTimeoutException", 408), JudgeFailure.OUT_OF_TIME),
        (RESET, JudgeFailure.UNAVAILABLE),
        (CUT_SHORT, JudgeFailure.UNINTELLIGIBLE),
        (HttpReply(body=b'{"output": {"mess'), JudgeFailure.UNINTELLIGIBLE),
        (HttpReply(body=b"\xff\xfe"), JudgeFailure.UNINTELLIGIBLE),
        (HttpReply(body=b""), JudgeFailure.UNINTELLIGIBLE),
        (HttpReply(body=b"null"), JudgeFailure.UNINTELLIGIBLE),
        (HttpReply(body=b"[1]"), JudgeFailure.UNINTELLIGIBLE),
        (HttpReply(body=b'{"output": 1, "stopReason": 2}'), JudgeFailure.UNINTELLIGIBLE),
        (
            HttpReply(body=b'{"output": {"message": {"content": {"text": "1"}}}}'),
            JudgeFailure.UNINTELLIGIBLE,
        ),
        (
            HttpReply(body=b'{"output": {"message": {"content": [[]]}}}'),
            JudgeFailure.UNINTELLIGIBLE,
        ),
        (HttpReply(body=b"[" * 100_000), JudgeFailure.UNINTELLIGIBLE),
    ],
)
def test_what_may_pass_is_asked_again(
    judging: Judging, reply: HttpReply, kind: JudgeFailure
) -> None:
    """Once it has passed, its value is as good as any."""
    with judging([reply, says("0.5")]) as (judge, standin):
        assert judged(judge) == Similarity(value=0.5)
        assert len(standin.requests) == 2

    with judging([reply]) as (judge, standin):
        found = judged(judge)

    assert (kind_of(found), found.value, found.is_outage) == (kind, None, True)
    assert len(standin.requests) == HASTY.tries
    assert found.problem.endswith("tried 4 times")


@pytest.mark.parametrize(
    "reply",
    [
        fails("AccessDeniedException", 403, "You don't have access to the model."),
        fails("ResourceNotFoundException", 404),
        fails("UnrecognizedClientException", 403),
        fails("ValidationException", 400, "The provided model identifier is invalid."),
        fails("ValidationException", 400, "The maximum tokens you requested exceeds the limit"),
        fails("ValidationException", 400, "Something that nobody has heard of"),
    ],
)
def test_a_wrong_setting_is_our_own_fault(judging: Judging, reply: HttpReply) -> None:
    """It is an outage, named as what it is, with the setting; asking again would not help."""
    with judging([reply]) as (judge, standin):
        found = judged(judge)

    assert kind_of(found) is JudgeFailure.MISCONFIGURED
    assert found.is_outage
    assert "VERIFIER_JUDGE_MODEL" in found.problem
    assert len(standin.requests) == 1


@pytest.mark.parametrize("missing", ["AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"])
def test_without_region_or_keys_nothing_can_be_asked(
    judging: Judging, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """That is an outage too, and says what boto3 says."""
    monkeypatch.delenv(missing)

    with judging([says("1")]) as (judge, _):
        found = judged(judge)

    assert kind_of(found) is JudgeFailure.MISCONFIGURED
    assert found.is_outage


def test_nobody_at_home_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address where nobody listens is unreachable, and the judge says so."""
    with serving_bedrock([]) as standin:
        pass
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", standin.url)
    judge = LlmJudge(model=MODEL, patience=HASTY)

    found = judged(judge)
    judge.close()

    assert (kind_of(found), found.is_outage) == (JudgeFailure.UNAVAILABLE, True)


def test_retry_after_is_waited_for(judging: Judging) -> None:
    """A service that asks for a second gets a second."""
    reply = fails("ThrottlingException", 429, Retry_After="1")
    with judging([reply, says("1")]) as (judge, _):
        started = time.monotonic()
        assert judged(judge).value == 1

    assert time.monotonic() - started >= 1


def test_a_retry_after_the_deadline_is_not_waited_for(judging: Judging) -> None:
    """Who may only ask again when all is over gives up at once, and says why."""
    reply = fails("ThrottlingException", 429, Retry_After="100")
    with judging([reply]) as (judge, standin):
        found = judged(judge)

    assert kind_of(found) is JudgeFailure.THROTTLED
    assert len(standin.requests) == 1


def test_nobody_waits_for_an_hour(judging: Judging) -> None:
    """Where there is no deadline, a person waits; a service that asks for too much is down."""
    reply = fails("ThrottlingException", 429, Retry_After="3600")
    with judging([reply]) as (judge, standin):
        found = judge.submit(SAME).result(timeout=10)

    assert kind_of(found) is JudgeFailure.THROTTLED
    assert len(standin.requests) == 1


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "1e9", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_retry_after_that_cannot_be_read_is_no_reason_to_stop(
    judging: Judging, text: str
) -> None:
    """Then the judge waits as if nothing had been said."""
    reply = fails("ThrottlingException", 429, Retry_After=text)
    with judging([reply, says("1")]) as (judge, _):
        assert judged(judge).value == 1


KEYS = st.sampled_from(["output", "message", "content", "text", "image", "toolUse", "stopReason"])
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def test_any_body_is_an_answer_or_a_failure(judging: Judging) -> None:
    """Whatever a proxy on the way makes of it, nothing is raised."""
    replies: list[HttpReply] = []

    with judging(lambda _: replies[-1], patience=RetryPolicy(tries=1)) as (judge, _):

        @given(
            body=JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=50),
            status=st.sampled_from([200, 400, 403, 429, 500]),
        )
        @settings(max_examples=150)
        def check(body: bytes, status: int) -> None:
            replies.append(HttpReply(body=body, status=status))
            found = judged(judge)
            assert found.value is not None or kind_of(found)

        check()


def test_a_hung_call_ends_at_the_deadline(judging: Judging) -> None:
    """Whoever waits is told of an outage in time, although the call goes on."""
    with judging([says("1", delay_seconds=SILENCE_SECONDS)]) as (judge, _):
        future = judge.submit(SAME, deadline=time.monotonic() + 0.3)
        found = future.result(timeout=10)

    assert (kind_of(found), found.is_outage) == (JudgeFailure.OUT_OF_TIME, True)


def test_endless_throttling_ends_at_the_deadline(judging: Judging) -> None:
    """However patient, the judge is not asked beyond the deadline."""
    patience = RetryPolicy(tries=10**6, first_seconds=0.05, longest_seconds=0.1)
    with judging([THROTTLED], patience=patience) as (judge, standin):
        found = judge.submit(SAME, deadline=time.monotonic() + 0.5).result(timeout=10)
        asked = len(standin.requests)
        time.sleep(0.3)

        assert found.is_outage
        assert len(standin.requests) <= asked + 1


def test_nothing_begins_after_the_deadline(judging: Judging) -> None:
    """Those who are still in the queue at the deadline are never asked about."""
    slow = says("1", delay_seconds=0.5)
    with judging([slow], concurrency=1) as (judge, standin):
        deadline = time.monotonic() + 0.3
        futures = [judge.submit(one, deadline=deadline) for one in comparisons(20)]
        wait(futures, timeout=10)
        time.sleep(0.5)

        assert all(future.result().is_outage for future in futures)
        assert len(standin.requests) <= 1  # none where making the client took too long


def test_slow_answers_are_waited_for(judging: Judging) -> None:
    """Slow is not wrong, as long as the deadline is further away."""
    with judging([says("0.5", delay_seconds=1.0)]) as (judge, _):
        assert judged(judge).value == 0.5


def test_a_batch_is_judged_concurrently_and_bounded(judging: Judging) -> None:
    """As many calls at once as the setting says, and not one more."""
    with judging([says("0.5", delay_seconds=0.2)], concurrency=4) as (judge, standin):
        futures = [judge.submit(one) for one in comparisons(16)]
        values = {future.result(timeout=30).value for future in futures}

    assert values == {0.5}
    assert standin.open_requests_max == 4


def test_each_comparison_gets_its_own_answer(judging: Judging) -> None:
    """Answers come back in any order, and go to who asked."""

    def script(request: dict[str, Any]) -> HttpReply:
        text = request["messages"][0]["content"][0]["text"]
        number = int(text.rpartition("It is ")[2].partition(".")[0])
        return says(str(number / 100), delay_seconds=(number % 3) / 50)

    with judging(script) as (judge, _):
        futures = [judge.submit(one) for one in comparisons(60)]

        assert [future.result(timeout=30).value for future in futures] == [
            number / 100 for number in range(60)
        ]


def test_the_same_comparison_is_asked_once(judging: Judging) -> None:
    """Eight equal completions of a prompt cost one call."""
    deadline = time.monotonic() + ENOUGH_SECONDS
    with judging([says("0.5", delay_seconds=1)]) as (judge, standin):
        futures = [judge.submit(SAME, deadline=deadline) for _ in range(8)]

        assert [future.result().value for future in futures] == [0.5] * 8
        assert len(standin.requests) == 1


def test_one_failure_is_nobody_elses(judging: Judging) -> None:
    """In a batch, only the comparison that met trouble has a problem."""

    def script(request: dict[str, Any]) -> HttpReply:
        text = request["messages"][0]["content"][0]["text"]
        return RESET if "It is 3." in text else says("0.5")

    with judging(script) as (judge, _):
        found = [judge.submit(one).result(timeout=30) for one in comparisons(6)]

    assert [one.value for one in found] == [0.5, 0.5, 0.5, None, 0.5, 0.5]


def test_hung_calls_do_not_stop_the_others(judging: Judging) -> None:
    """While one thread hangs past its deadline, the next batch is judged by another."""

    def script(request: dict[str, Any]) -> HttpReply:
        hangs = "It is 4." in request["messages"][0]["content"][0]["text"]
        return says("0.5", delay_seconds=SILENCE_SECONDS if hangs else 0)

    with judging(script, concurrency=2) as (judge, _):
        assert judge.submit(SAME, deadline=time.monotonic() + 0.2).result().is_outage

        assert judged(judge, comparisons(1)[0]).value == 0.5


def test_closing_ends_what_is_under_way(judging: Judging) -> None:
    """Who still waits is told of an outage; who asks afterwards made a mistake."""
    with judging([says("1", delay_seconds=SILENCE_SECONDS)]) as (judge, _):
        future = judge.submit(SAME)
        judge.close()

        assert future.result(timeout=10).is_outage
        with pytest.raises(RuntimeError, match="closed"):
            judge.submit(SAME)


def test_a_hung_call_does_not_hold_up_the_end_of_the_process() -> None:
    """A process whose judge hangs ends when its program does."""
    program = (
        "import time; from nova_code_verifier.handlers.llm_judge.judge import LlmJudge; "
        "from nova_code_verifier.verifier.types import Comparison; "
        f"judge = LlmJudge(model={MODEL!r}); "
        "one = Comparison(response='a', reference='b'); "
        "print(judge.submit(one, deadline=time.monotonic() + 5).result().problem)"
    )
    with serving_bedrock([says("1", delay_seconds=SILENCE_SECONDS)]) as standin:
        address = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": standin.url}
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | CREDENTIALS | address,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        asked = len(standin.requests)

    assert done.stdout.startswith(JudgeFailure.OUT_OF_TIME)
    assert done.stderr == ""
    assert asked == 1
    assert time.monotonic() - started < 25  # botocore alone would wait for 30 seconds


def test_without_a_judge_nothing_of_aws_is_imported() -> None:
    """boto3 comes with the first question, not with the judge."""
    program = (
        "import sys; from nova_code_verifier.handlers.llm_judge.judge import LlmJudge; "
        f"LlmJudge(model={MODEL!r}); sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_client_is_made_once(judging: Judging, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many threads ask first."""
    import boto3.session  # noqa: PLC0415

    made: list[bool] = []
    make = boto3.session.Session.client

    def count(session: Any, *arguments: Any, **options: Any) -> Any:
        made.append(True)
        return make(session, *arguments, **options)

    monkeypatch.setattr(boto3.session.Session, "client", count)
    with judging([says("1")]) as (judge, _):
        wait([judge.submit(one) for one in comparisons(16)])

    assert len(made) == 1


def test_a_client_that_is_given_is_used() -> None:
    """And it is the giver's to close."""

    class Fake:
        is_closed = False

        def converse(self, **_: object) -> dict[str, object]:
            return {"output": {"message": {"content": [{"text": "0.25"}]}}}

        def close(self) -> None:
            self.is_closed = True

    client = Fake()
    judge = LlmJudge(model=MODEL, client=client)

    assert judged(judge).value == 0.25
    judge.close()
    assert not client.is_closed


def test_a_bug_is_raised_where_it_is_waited_for() -> None:
    """It is neither swallowed nor taken for an outage."""

    class Broken:
        def converse(self, **_: object) -> dict[str, object]:
            raise AssertionError("a bug")

        def close(self) -> None:
            """Nothing to close."""

    judge = LlmJudge(model=MODEL, client=Broken())
    with pytest.raises(AssertionError, match="a bug"):
        judged(judge)
    judge.close()


def test_a_prompt_without_a_place_is_refused() -> None:
    """At once, and not by a judge that compares nothing."""
    with pytest.raises(ValueError, match=r"\{response\}"):
        LlmJudge(model=MODEL, prompt="{reference}")


def test_the_mode_is_the_judges(judging: Judging) -> None:
    """What is no answer when read strictly may be one when read flexibly."""
    reply = says("I would say 0.7 here, more or less")
    with judging([reply]) as (judge, _):
        assert kind_of(judged(judge)) is JudgeFailure.NO_NUMBER
    with judging([reply], mode=Extraction.FLEXIBLE) as (judge, _):
        assert judged(judge).value == 0.7


@pytest.mark.parametrize("at_least", [0.0, 2.0])
def test_waits_double_up_to_a_bound(at_least: float) -> None:
    """Full jitter: from nothing to the bound, on top of what was asked for."""
    patience = RetryPolicy(first_seconds=1.0, longest_seconds=6.0)

    for tried, most in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 6.0), (10_000, 6.0)]:
        drawn = [patience.seconds(tried, at_least=at_least) for _ in range(200)]
        assert at_least <= min(drawn) < at_least + most / 4
        assert at_least + most * 3 / 4 < max(drawn) <= at_least + most


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/model/m/invoke", b"{}"),
        ("/model/m/converse", b"{}"),
        ("/model/m/converse", b'{"messages": "text"}'),
        ("/model/m/converse", b'{"messages": [{"role": "user", "content": [{"text": " "}]}]}'),
        ("/model/m/converse", b'{"messages": [{"role": "assistant", "content": []}]}'),
        ("/model/m/converse", b'{"messages": [], "tempo": 1}'),
    ],
)
def test_the_stand_in_knows_a_wrong_request(path: str, body: bytes) -> None:
    """Else no test here would prove that ours are right."""
    with pytest.raises(ValueError, match=r"."):
        read_converse_request(path, body)
