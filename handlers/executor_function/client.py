"""Call the executor function through AWS, and put its errors into the sandbox's words.

In: a function's name or ARN; region and credentials come from the environment, as boto3 finds
them. Out: `invoke(bytes) -> bytes`. What the function answers may be a candidate's, and is not
believed. Must not know: what the bytes mean.
"""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as ConnectionLostError

from nova_code_verifier.handlers.executor_function.envelope import unwrap, wrap
from nova_code_verifier.sandbox.errors import (
    FunctionCrashedError,
    FunctionOutOfTimeError,
    InvocationError,
    PayloadTooLargeError,
    ThrottledError,
    UnreachableError,
)

_ANSWER_BYTES_MAX = 6_291_556  # what Lambda returns at most; a stand-in for it might not stop
_CONNECT_SECONDS = 5
_READ_SECONDS = 910  # no function runs longer than 900
_WORDS_MAX = 200
# Too many requests; or it is being made, or woken.
_STATUSES_TO_WAIT_OUT = (408, 409, 429)
_SERVER_FAULT = 500
_CODES_TO_WAIT_OUT = (
    "TooManyRequestsException", "ThrottlingException", "ResourceNotReadyException"
)  # fmt: skip
_EMULATORS_TIMEOUT = b"Task timed out after"


def function_invoker(
    function: str, *, connections: int, fresh_environment: bool = False
) -> Callable[[bytes], bytes]:
    """Return what calls *function*, from up to *connections* threads at a time.

    *fresh_environment* has each call answered by an environment that served no other: every call is
    a tenant of its own. The function must have been made with tenant isolation.
    """
    config = Config(
        retries={"total_max_attempts": 1},  # what is tried again, and when, is ours to say
        max_pool_connections=connections,
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        tcp_keepalive=True,
    )
    try:
        client = boto3.client("lambda", config=config)
    except BotoCoreError as error:
        raise InvocationError(f"the executor function cannot be called: {error}") from error

    def invoke(payload: bytes) -> bytes:
        payload = json.dumps(wrap(payload)).encode("ascii")
        tenant = {"TenantId": uuid4().hex} if fresh_environment else {}
        try:
            response = client.invoke(FunctionName=function, Payload=payload, **tenant)
            answer = response["Payload"].read(_ANSWER_BYTES_MAX + 1)
            response["Payload"].read(1)  # nothing, unless the answer broke off
        except ClientError as error:
            raise _error_of(error) from error
        except (HTTPClientError, ConnectionLostError, IncompleteReadError) as error:
            raise UnreachableError(f"the executor function: {error}") from error
        except BotoCoreError as error:  # no credentials, no region: no second try will help
            raise InvocationError(f"the executor function cannot be called: {error}") from error
        return read_answer(answer, has_failed="FunctionError" in response)

    return invoke


def read_answer(answer: bytes, *, has_failed: bool) -> bytes:
    """Take the payload out of an answer. Raises FunctionCrashedError for anything else."""
    if len(answer) > _ANSWER_BYTES_MAX:
        raise FunctionCrashedError("its answer is larger than any can be")
    if answer.startswith(_EMULATORS_TIMEOUT):
        raise FunctionOutOfTimeError(answer[:_WORDS_MAX].decode("ascii", "replace"))
    try:
        content = json.loads(answer)
        # An emulator says it in the answer alone.
        if has_failed or (isinstance(content, dict) and "errorType" in content):
            raise _failure_of(content)
        return unwrap(content)
    except (ValueError, RecursionError) as error:
        raise FunctionCrashedError(f"its answer is no reply: {error}"[:_WORDS_MAX]) from error


def _failure_of(content: Any) -> FunctionCrashedError:  # noqa: ANN401  (anything at all)
    """Say what a failed function says of its end."""
    words = content if isinstance(content, dict) else {}
    kind, message = str(words.get("errorType")), str(words.get("errorMessage"))
    said = f"{kind}: {message}"[:_WORDS_MAX]
    if kind == "Sandbox.Timedout" or "Task timed out after" in message:
        return FunctionOutOfTimeError(said)
    return FunctionCrashedError(said)


def _error_of(error: ClientError) -> InvocationError:
    """Tell what will pass from what will not, by AWS's codes and HTTP's."""
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = f"the executor function: {error}"[: 2 * _WORDS_MAX]
    if code in ("RequestTooLargeException", "RequestEntityTooLargeException", "413"):
        return PayloadTooLargeError(said)
    if status in _STATUSES_TO_WAIT_OUT or code in _CODES_TO_WAIT_OUT:
        return ThrottledError(said)
    if status >= _SERVER_FAULT:
        return UnreachableError(said)
    return InvocationError(said)
