"""LlmJudge, through boto3's real client, against a stand-in for Bedrock on loopback."""

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
from nova_code_verifier.handlers.llm_judge.types import (
    Extraction,
    FailedSimilarity,
    JudgeFailure,
)
from nova_code_verifier.verifier.types import Comparison, FailureClass, Similarity
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
    """Give boto3 worthless keys, and no others."""
    for name, text in CREDENTIALS.items():
        monkeypatch.setenv(name, text)


@pytest.fixture
def judging(monkeypatch: pytest.MonkeyPatch) -> Judging:
    """Return a context manager that yields a judge and the stand-in that it calls."""

    @contextmanager
    def context(script: Script, **options: Any) -> Iterator[tuple[LlmJudge, FakeBedrock]]:
        with serving_bedrock(script) as standin:
            monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", standin.url)
            given: dict[str, Any] = {"model": MODEL, "retry_policy": HASTY} | options
            judge = LlmJudge(**given)
            try:
                yield judge, standin
            finally:
                judge.close()

    return context


def judged(judge: LlmJudge, comparison: Comparison = SAME) -> Similarity:
    """Judge one comparison."""
    return judge.submit(comparison, deadline=time.monotonic() + ENOUGH_SECONDS).result()


def failure_of(similarity: Similarity) -> JudgeFailure:
    """Return the kind of failure; AssertionError if there is a value."""
    assert isinstance(similarity, FailedSimilarity)
    assert similarity.problem.startswith(similarity.kind)
    return similarity.kind


def comparisons(count: int) -> list[Comparison]:
    """Return *count* different comparisons."""
    return [Comparison(response=f"It is {number}.", reference="Four.") for number in range(count)]


def test_a_number_is_the_similarity(judging: Judging) -> None:
    """The number in the judge's answer is the value, without a problem."""
    with judging([says("0.85")]) as (judge, _):
        assert judged(judge) == Similarity(value=0.85)


def test_the_request_has_the_agreed_parameters(judging: Judging) -> None:
    """A request has the model, both texts, temperature 0 and a low token limit."""
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
def test_an_inference_profile_can_be_the_model(judging: Judging, model: str) -> None:
    """Ids with colons and slashes reach the service unchanged."""
    with judging([says("1")], model=model) as (judge, standin):
        assert judged(judge).value == 1
        assert standin.requests[0]["modelId"] == model


def test_equal_texts_give_equal_requests(judging: Judging) -> None:
    """Nothing in a request is random, so that a reward can be reproduced."""
    with judging([says("1")]) as (judge, standin):
        judged(judge)
        judged(judge)

    assert standin.requests[0] == standin.requests[1]


def test_the_text_blocks_of_an_answer_are_joined(judging: Judging) -> None:
    """Text blocks are joined; reasoning blocks are left out."""
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
def test_failures_that_the_texts_cause_are_not_retried(
    judging: Judging, reply: HttpReply, kind: JudgeFailure
) -> None:
    """Such a failure has its kind and no value, is no outage, and costs one call."""
    with judging([reply]) as (judge, standin):
        found = judged(judge)

    assert (failure_of(found), found.value, found.failure.is_outage) == (kind, None, False)
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
def test_transient_errors_are_retried(
    judging: Judging, reply: HttpReply, kind: JudgeFailure
) -> None:
    """A transient error is retried; if it persists, the result is an outage."""
    with judging([reply, says("0.5")]) as (judge, standin):
        assert judged(judge) == Similarity(value=0.5)
        assert len(standin.requests) == 2

    with judging([reply]) as (judge, standin):
        found = judged(judge)

    assert (failure_of(found), found.value, found.failure.is_outage) == (kind, None, True)
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
def test_a_wrong_setting_is_an_outage_without_retries(judging: Judging, reply: HttpReply) -> None:
    """A wrong setting is an outage that names the setting, and costs one call."""
    with judging([reply]) as (judge, standin):
        found = judged(judge)

    assert failure_of(found) is JudgeFailure.MISCONFIGURED
    assert found.failure.is_outage
    assert "VERIFIER_JUDGE_MODEL" in found.problem
    assert len(standin.requests) == 1


@pytest.mark.parametrize("missing", ["AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"])
def test_a_missing_region_or_key_is_an_outage(
    judging: Judging, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """Without a region or credentials the judge is misconfigured."""
    monkeypatch.delenv(missing)

    with judging([says("1")]) as (judge, _):
        found = judged(judge)

    assert failure_of(found) is JudgeFailure.MISCONFIGURED
    assert found.failure.is_outage


def test_a_refused_connection_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge at an address that refuses connections is unavailable."""
    with serving_bedrock([]) as standin:
        pass
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", standin.url)
    judge = LlmJudge(model=MODEL, retry_policy=HASTY)

    found = judged(judge)
    judge.close()

    assert (failure_of(found), found.failure.is_outage) == (JudgeFailure.UNAVAILABLE, True)


def test_the_judge_waits_as_long_as_retry_after_asks(judging: Judging) -> None:
    """A service that asks for a second is called again after a second at the earliest."""
    reply = fails("ThrottlingException", 429, Retry_After="1")
    with judging([reply, says("1")]) as (judge, _):
        started = time.monotonic()
        assert judged(judge).value == 1

    assert time.monotonic() - started >= 1


def test_a_retry_after_the_deadline_is_not_tried(judging: Judging) -> None:
    """If the next retry would come after the deadline, the failure is returned at once."""
    reply = fails("ThrottlingException", 429, Retry_After="100")
    with judging([reply]) as (judge, standin):
        found = judged(judge)

    assert failure_of(found) is JudgeFailure.THROTTLED
    assert len(standin.requests) == 1


def test_a_long_retry_after_ends_the_retries(judging: Judging) -> None:
    """Without a deadline, a service that asks for an hour counts as throttled at once."""
    reply = fails("ThrottlingException", 429, Retry_After="3600")
    with judging([reply]) as (judge, standin):
        found = judge.submit(SAME).result(timeout=10)

    assert failure_of(found) is JudgeFailure.THROTTLED
    assert len(standin.requests) == 1


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "1e9", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_an_unreadable_retry_after_is_ignored(judging: Judging, text: str) -> None:
    """A Retry-After header that is not a plain number does not stop the retries."""
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
    """Any body and any status give a value or a failure, and raise nothing."""
    replies: list[HttpReply] = []

    with judging(lambda _: replies[-1], retry_policy=RetryPolicy(tries=1)) as (judge, _):

        @given(
            body=JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=50),
            status=st.sampled_from([200, 400, 403, 429, 500]),
        )
        @settings(max_examples=150)
        def check(body: bytes, status: int) -> None:
            replies.append(HttpReply(body=body, status=status))
            found = judged(judge)
            assert found.value is not None or failure_of(found)

        check()


def test_a_hung_call_ends_at_the_deadline(judging: Judging) -> None:
    """A call that hangs gives an outage at the deadline."""
    with judging([says("1", delay_seconds=SILENCE_SECONDS)]) as (judge, _):
        future = judge.submit(SAME, deadline=time.monotonic() + 0.3)
        found = future.result(timeout=10)

    assert (failure_of(found), found.failure) == (JudgeFailure.OUT_OF_TIME, FailureClass.TIME)


def test_retries_end_at_the_deadline(judging: Judging) -> None:
    """A judge that is always throttled is not called after the deadline."""
    policy = RetryPolicy(tries=10**6, first_seconds=0.05, longest_seconds=0.1)
    with judging([THROTTLED], retry_policy=policy) as (judge, standin):
        found = judge.submit(SAME, deadline=time.monotonic() + 0.5).result(timeout=10)
        asked = len(standin.requests)
        time.sleep(0.3)

        assert found.failure.is_outage
        assert len(standin.requests) <= asked + 1


def test_no_call_starts_after_the_deadline(judging: Judging) -> None:
    """Comparisons that are in the queue at the deadline are never sent."""
    slow = says("1", delay_seconds=0.5)
    with judging([slow], concurrency=1) as (judge, standin):
        deadline = time.monotonic() + 0.3
        futures = [judge.submit(comparison, deadline=deadline) for comparison in comparisons(20)]
        wait(futures, timeout=10)
        time.sleep(0.5)

        assert all(future.result().failure.is_outage for future in futures)
        assert len(standin.requests) <= 1  # none where making the client took too long


def test_slow_answers_are_waited_for(judging: Judging) -> None:
    """A slow answer before the deadline counts."""
    with judging([says("0.5", delay_seconds=1.0)]) as (judge, _):
        assert judged(judge).value == 0.5


def test_concurrency_is_the_number_of_calls_at_once(judging: Judging) -> None:
    """A large batch keeps exactly as many calls open as `concurrency` allows."""
    with judging([says("0.5", delay_seconds=0.2)], concurrency=4) as (judge, standin):
        futures = [judge.submit(comparison) for comparison in comparisons(16)]
        values = {future.result(timeout=30).value for future in futures}

    assert values == {0.5}
    assert standin.open_requests_max == 4


def test_each_comparison_gets_its_own_answer(judging: Judging) -> None:
    """Answers that arrive in another order reach the right comparisons."""

    def script(request: dict[str, Any]) -> HttpReply:
        text = request["messages"][0]["content"][0]["text"]
        number = int(text.rpartition("It is ")[2].partition(".")[0])
        return says(str(number / 100), delay_seconds=(number % 3) / 50)

    with judging(script) as (judge, _):
        futures = [judge.submit(comparison) for comparison in comparisons(60)]

        assert [future.result(timeout=30).value for future in futures] == [
            number / 100 for number in range(60)
        ]


def test_equal_comparisons_share_one_call(judging: Judging) -> None:
    """Eight equal comparisons at the same time cost one call."""
    deadline = time.monotonic() + ENOUGH_SECONDS
    with judging([says("0.5", delay_seconds=1)]) as (judge, standin):
        futures = [judge.submit(SAME, deadline=deadline) for _ in range(8)]

        assert [future.result().value for future in futures] == [0.5] * 8
        assert len(standin.requests) == 1


def test_a_failure_affects_one_comparison(judging: Judging) -> None:
    """In a batch, only the comparison whose call fails has no value."""

    def script(request: dict[str, Any]) -> HttpReply:
        text = request["messages"][0]["content"][0]["text"]
        return RESET if "It is 3." in text else says("0.5")

    with judging(script) as (judge, _):
        found = [judge.submit(comparison).result(timeout=30) for comparison in comparisons(6)]

    assert [similarity.value for similarity in found] == [0.5, 0.5, 0.5, None, 0.5, 0.5]


def test_a_hung_call_does_not_block_other_threads(judging: Judging) -> None:
    """While one thread hangs past its deadline, another thread judges the next comparison."""

    def script(request: dict[str, Any]) -> HttpReply:
        hangs = "It is 4." in request["messages"][0]["content"][0]["text"]
        return says("0.5", delay_seconds=SILENCE_SECONDS if hangs else 0)

    with judging(script, concurrency=2) as (judge, _):
        assert judge.submit(SAME, deadline=time.monotonic() + 0.2).result().failure.is_outage

        assert judged(judge, comparisons(1)[0]).value == 0.5


def test_close_ends_pending_comparisons(judging: Judging) -> None:
    """`close` turns pending comparisons into outages; `submit` raises after it."""
    with judging([says("1", delay_seconds=SILENCE_SECONDS)]) as (judge, _):
        future = judge.submit(SAME)
        judge.close()

        assert future.result(timeout=10).failure.is_outage
        with pytest.raises(RuntimeError, match="closed"):
            judge.submit(SAME)


def test_a_hung_call_does_not_delay_the_exit_of_the_process() -> None:
    """A process whose judge hangs exits when its program ends."""
    program = (
        "import time; from nova_code_verifier.handlers.llm_judge.judge import LlmJudge; "
        "from nova_code_verifier.verifier.types import Comparison; "
        f"judge = LlmJudge(model={MODEL!r}); "
        "comparison = Comparison(response='a', reference='b'); "
        "print(judge.submit(comparison, deadline=time.monotonic() + 5).result().problem)"
    )
    with serving_bedrock([says("1", delay_seconds=SILENCE_SECONDS)]) as standin:
        address = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": standin.url}
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | CREDENTIALS | address,
            capture_output=True,
            text=True,
            check=True,
            timeout=25,  # botocore alone would wait for 30 seconds
        )
        asked = len(standin.requests)

    assert done.stdout.startswith(JudgeFailure.OUT_OF_TIME)
    assert done.stderr == ""
    assert asked == 1


def test_creating_a_judge_does_not_import_boto3() -> None:
    """boto3 is imported by the first call, not by the constructor."""
    program = (
        "import sys; from nova_code_verifier.handlers.llm_judge.judge import LlmJudge; "
        f"LlmJudge(model={MODEL!r}); sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_client_is_created_once(judging: Judging, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that call at the same time share one client."""
    import boto3.session  # noqa: PLC0415

    made: list[bool] = []
    make = boto3.session.Session.client

    def count(session: Any, *arguments: Any, **options: Any) -> Any:
        made.append(True)
        return make(session, *arguments, **options)

    monkeypatch.setattr(boto3.session.Session, "client", count)
    with judging([says("1")]) as (judge, _):
        wait([judge.submit(comparison) for comparison in comparisons(16)])

    assert len(made) == 1


def test_a_given_client_is_used_and_not_closed() -> None:
    """The judge calls a given client, and leaves closing to its owner."""

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


def test_a_bug_is_raised_by_the_future() -> None:
    """An unexpected exception is neither swallowed nor turned into an outage."""

    class Broken:
        def converse(self, **_: object) -> dict[str, object]:
            raise AssertionError("a bug")

        def close(self) -> None:
            """Nothing to close."""

    judge = LlmJudge(model=MODEL, client=Broken())
    with pytest.raises(AssertionError, match="a bug"):
        judged(judge)
    judge.close()


def test_a_prompt_without_a_placeholder_is_refused() -> None:
    """The constructor raises ValueError for a prompt without a placeholder."""
    with pytest.raises(ValueError, match=r"\{response\}"):
        LlmJudge(model=MODEL, prompt="{reference}")


def test_extraction_decides_where_the_score_may_stand(judging: Judging) -> None:
    """A sentence with a number is a score in flexible mode only."""
    reply = says("I would say 0.7 here, more or less")
    with judging([reply]) as (judge, _):
        assert failure_of(judged(judge)) is JudgeFailure.NO_NUMBER
    with judging([reply], extraction=Extraction.FLEXIBLE) as (judge, _):
        assert judged(judge).value == 0.7


@pytest.mark.parametrize("at_least", [0.0, 2.0])
def test_waits_double_up_to_a_limit(at_least: float) -> None:
    """A wait is random between 0 and a limit that doubles, on top of the requested delay."""
    policy = RetryPolicy(first_seconds=1.0, longest_seconds=6.0)

    for tried, most in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 6.0), (10_000, 6.0)]:
        drawn = [policy.seconds(tried, at_least=at_least) for _ in range(200)]
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
def test_the_stand_in_refuses_wrong_requests(path: str, body: bytes) -> None:
    """The stand-in raises for a request that Bedrock would refuse."""
    with pytest.raises(ValueError, match=r"."):
        read_converse_request(path, body)
