"""What AWS says of a call, in the sandbox's words: boto3's real client before a scripted Lambda."""

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
    """What the stand-in answers, and what it was asked."""

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


def call(*, always_fresh: bool = False) -> bytes:
    """Call the function, once."""
    return function_invoker("executor", connections=1, always_fresh=always_fresh)(b"order")


def test_a_parcel_goes_there_and_comes_back(script: Script) -> None:
    """Both ways it is base64 in an object, as Lambda carries JSON alone."""
    script.body = json.dumps(wrap(b"reply")).encode()

    assert call() == b"reply"
    assert script.function == "executor"
    assert unwrap(json.loads(script.asked[0])) == b"order"
    assert script.tenants == [None]


def test_served_afresh_every_call_is_a_tenant_of_its_own(script: Script) -> None:
    """Lambda gives a tenant an environment that served nobody else."""
    script.body = json.dumps(wrap(b"reply")).encode()
    invoke = function_invoker("executor", connections=1, always_fresh=True)

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
def test_an_error_of_awss_is_put_into_our_words(
    script: Script, status: int, code: str, kind: type[InvocationError]
) -> None:
    """What passes is told from what is too large, and from what will never work."""
    script.status, script.body = status, b"{}"
    script.headers = {"x-amzn-ErrorType": code} if code else {}

    with pytest.raises(InvocationError) as raised:
        call()

    assert type(raised.value) is kind
    assert len(script.asked) == 1  # when to try again is not for boto3 to say


@pytest.mark.parametrize("words", TIMEOUTS)
def test_a_timeout_of_the_function_is_told_from_a_crash(
    script: Script, words: dict[str, str]
) -> None:
    """A function that Lambda ended was out of time."""
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
        json.dumps(wrap(b"a payload, and yet an error")).encode(),
    ],
)
def test_a_function_that_failed_has_crashed(script: Script, body: bytes) -> None:
    """Whatever it says of its end, which may be a candidate's words."""
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
def test_an_answer_without_a_parcel_is_a_crash(script: Script, body: bytes) -> None:
    """What is no JSON, no object, no base64, or more than Lambda returns, is no reply."""
    script.body = body

    with pytest.raises(FunctionCrashedError):
        call()


def test_an_answer_that_breaks_off_is_unreachable(script: Script) -> None:
    """The way broke, not the function: it may work in a moment."""
    script.body, script.cut_off = json.dumps(wrap(b"reply")).encode(), True

    with pytest.raises(UnreachableError):
        call()


def test_an_address_where_nobody_listens_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be there again in a moment."""
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:1")

    with pytest.raises(UnreachableError):
        call()


def test_without_a_region_there_is_no_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error comes at the start, in one sentence."""
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ENDPOINT_URL_LAMBDA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")

    with pytest.raises(InvocationError, match="must specify a region"):
        call()
