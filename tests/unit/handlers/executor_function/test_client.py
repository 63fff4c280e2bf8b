"""Calls of the executor function: boto3's real client in front of a scripted Lambda."""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from nova_code_verifier.handlers.executor_function.client import function_invoker
from nova_code_verifier.handlers.executor_function.envelope import unwrap, wrap
from nova_code_verifier.sandbox.errors import (
    FunctionCrashedError,
    FunctionOutOfTimeError,
    InvocationError,
    PayloadTooLargeError,
    ThrottledError,
    UnreachableError,
)
from tests.fakes import HttpReply, LambdaCall, serving_lambda


@dataclass(slots=True, kw_only=True)
class Script:
    """What the stand-in answers, and the requests that it received."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    function: str = ""
    cut_off: bool = False
    asked: list[bytes] = field(default_factory=list)
    tenants: list[str | None] = field(default_factory=list)

    def answer(self, call: LambdaCall) -> HttpReply:
        """Record a call, and answer it."""
        self.function = call.function
        self.asked.append(call.payload)
        self.tenants.append(call.tenant)
        length = str(len(self.body) + self.cut_off)
        headers = {**self.headers, "Content-Length": length}
        return HttpReply(status=self.status, headers=headers, body=self.body)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    """Have a stand-in for Lambda where boto3 looks for it."""
    script = Script()
    with serving_lambda(script.answer) as url:
        for name, value in {
            "AWS_ENDPOINT_URL_LAMBDA": url,
            "AWS_DEFAULT_REGION": "eu-north-1",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "NO_PROXY": "127.0.0.1",
        }.items():
            monkeypatch.setenv(name, value)
        yield script


def call(*, fresh_environment: bool = False) -> bytes:
    """Call the function once."""
    return function_invoker("executor", connections=1, fresh_environment=fresh_environment)(
        b"request"
    )


def test_a_payload_is_sent_and_returned(script: Script) -> None:
    """In both directions, the payload is base64 in a JSON object."""
    script.body = json.dumps(wrap(b"reply")).encode()

    assert call() == b"reply"
    assert script.function == "executor"
    assert unwrap(json.loads(script.asked[0])) == b"request"
    assert script.tenants == [None]


def test_each_call_has_a_new_tenant_with_fresh_environment(script: Script) -> None:
    """Two calls with `fresh_environment` have different tenant ids."""
    script.body = json.dumps(wrap(b"reply")).encode()
    invoke = function_invoker("executor", connections=1, fresh_environment=True)

    invoke(b"one")
    invoke(b"two")

    assert None not in script.tenants
    assert len(set(script.tenants)) == 2


FAILED = {"X-Amz-Function-Error": "Unhandled"}
TIMEOUTS = [
    {"errorType": "Sandbox.Timedout", "errorMessage": "RequestId: 7 Error: Task timed out"},
    {"errorMessage": "2026-01-01T00:00:00Z 7 Task timed out after 3.00 seconds"},
]


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (429, "TooManyRequestsException", ThrottledError),
        (429, "", ThrottledError),
        (400, "ThrottlingException", ThrottledError),
        (409, "ResourceConflictException", ThrottledError),
        (409, "SnapStartNotReadyException", ThrottledError),
        (502, "ResourceNotReadyException", ThrottledError),
        (408, "", ThrottledError),
        (500, "ServiceException", UnreachableError),
        (502, "EC2UnexpectedException", UnreachableError),
        (503, "", UnreachableError),
        (413, "RequestTooLargeException", PayloadTooLargeError),
        (413, "", PayloadTooLargeError),
        (403, "AccessDeniedException", InvocationError),
        (404, "ResourceNotFoundException", InvocationError),
    ],
)
def test_errors_of_aws_are_translated(
    script: Script, status: int, code: str, kind: type[InvocationError]
) -> None:
    """Each code and status of AWS raises the error that says whether a retry may help."""
    script.status, script.body = status, b"{}"
    script.headers = {"x-amzn-ErrorType": code} if code else {}

    with pytest.raises(InvocationError) as raised:
        call()

    assert type(raised.value) is kind
    assert len(script.asked) == 1  # boto3 does not retry


@pytest.mark.parametrize("words", TIMEOUTS)
def test_a_timeout_of_the_function_is_not_a_plain_crash(
    script: Script, words: dict[str, str]
) -> None:
    """A function that Lambda ended after its timeout raises FunctionOutOfTimeError."""
    script.headers, script.body = FAILED, json.dumps(words).encode()

    with pytest.raises(FunctionOutOfTimeError):
        call()


@pytest.mark.parametrize(
    "body",
    [
        b'{"errorType": "Runtime.ExitError", "errorMessage": "exit status 70"}',
        b'{"errorType": 7}',
        b"[]",
        b"null",
        b"nonsense",
        json.dumps(wrap(b"a payload although it failed")).encode(),
    ],
)
def test_a_failed_function_raises_a_crash(script: Script, body: bytes) -> None:
    """Any answer of a failed function raises a crash with a short message."""
    script.headers, script.body = FAILED, body

    with pytest.raises(FunctionCrashedError) as raised:
        call()

    assert not isinstance(raised.value, FunctionOutOfTimeError)
    assert len(str(raised.value)) <= 250


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"null",
        b"[]",
        b"{}",
        b'{"payload": 7}',
        b'{"payload": "%%%"}',
        b'{"payload": "\xff"}',
        b'{"payload": "\\ud800"}',
        b'{"payload": [' * 100_000,
        b'{"payload": "' + b64encode(b"x" * 5_000_000) + b'"}',
    ],
    ids=[str(number) for number in range(11)],
)
def test_an_answer_without_a_payload_is_a_crash(script: Script, body: bytes) -> None:
    """An answer that is not JSON, not an object, not base64, or too large raises a crash."""
    script.body = body

    with pytest.raises(FunctionCrashedError):
        call()


def test_an_answer_that_is_cut_off_is_unreachable(script: Script) -> None:
    """A connection that ends within an answer raises UnreachableError, which is retried."""
    script.body, script.cut_off = json.dumps(wrap(b"reply")).encode(), True

    with pytest.raises(UnreachableError):
        call()


def test_a_refused_connection_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that refuses connections raises UnreachableError, which is retried."""
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:1")

    with pytest.raises(UnreachableError):
        call()


def test_a_missing_region_is_an_error_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a region, creating the invoker raises InvocationError."""
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ENDPOINT_URL_LAMBDA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")

    with pytest.raises(InvocationError, match="must specify a region: set AWS_DEFAULT_REGION"):
        call()
