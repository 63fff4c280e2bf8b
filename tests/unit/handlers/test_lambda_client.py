"""Calls of a Lambda function: boto3's real client in front of a scripted Lambda.

`executor_function/test_client.py` tests most errors, through the caller of the executor function.
"""

import json
from base64 import b64encode

import pytest

from nova_code_verifier.handlers.lambda_client import Answer, content_of, lambda_client
from nova_code_verifier.sandbox.errors import (
    AnswerTooLargeError,
    FunctionCrashedError,
    PayloadRefusedError,
)
from tests.fakes import CREDENTIALS, HttpReply, fails, serving_lambda


def call(monkeypatch: pytest.MonkeyPatch, reply: HttpReply, **parameters: str) -> Answer:
    """Call a function that answers with *reply*."""
    with serving_lambda(lambda _call: reply) as url:
        for name, value in (CREDENTIALS | {"AWS_ENDPOINT_URL_LAMBDA": url}).items():
            monkeypatch.setenv(name, value)
        return lambda_client("it", connections=1).call("reward", b"{}", **parameters)


@pytest.mark.parametrize(
    ("sent", "log"), [(b64encode(b"REPORT \xff").decode(), "REPORT \ufffd"), ("a", "")]
)
def test_the_end_of_the_log_comes_with_the_answer(
    sent: str, log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `LogType`, the end of the function's log is decoded, whatever bytes it has."""
    reply = HttpReply(body=b"[1]", headers={"X-Amz-Log-Result": sent})
    answer = call(monkeypatch, reply, LogType="Tail")

    assert answer == Answer(body=b"[1]", has_failed=False, log=log)
    assert content_of(answer.body, has_failed=False) == [1]


def test_content_that_the_service_refuses_is_no_outage_of_the_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A request that is not JSON for AWS raises PayloadRefusedError: another call will not help."""
    with pytest.raises(PayloadRefusedError, match=r"it: .*as scripted"):
        call(monkeypatch, fails("InvalidRequestContentException", 400))


@pytest.mark.parametrize(
    "kind", ["Function.ResponseSizeTooLarge", "ResponseTooLargeError", "RequestEntityTooLarge"]
)
def test_an_answer_that_is_too_large_is_not_a_plain_crash(kind: str) -> None:
    """The names that Lambda, its runtime and our function have for it raise AnswerTooLargeError."""
    body = json.dumps({"errorType": kind, "errorMessage": "7 bytes"}).encode()

    with pytest.raises(AnswerTooLargeError, match="7 bytes"):
        content_of(body, has_failed=True)


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        (
            "RequestId: 8f507cfc-b2ab-4a0f-9ccb-0a1b2c3d4e5f Error: Runtime exited with error",
            "Runtime exited with error",
        ),
        (
            "2026-01-01T00:00:00.1Z 8f507cfc-b2ab-4a0f-9ccb-0a1b2c3d4e5f Task timed out after 3.00",
            "Task timed out after 3.00",
        ),
    ],
)
def test_equal_failures_have_equal_messages(detail: str, shown: str) -> None:
    """Neither time nor number of the request is in the message."""
    body = json.dumps({"errorType": "X", "errorMessage": detail}).encode()

    with pytest.raises(FunctionCrashedError, match=f"^X: {shown}$"):
        content_of(body, has_failed=True)
