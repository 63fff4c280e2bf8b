"""Call the executor function through AWS, and translate AWS's errors into the sandbox's.

In: the name or ARN of a function; boto3 finds region and credentials in the environment. Out: a
function `invoke(bytes) -> bytes`. A candidate may have written the answer of the executor function,
so nothing in it is trusted.
"""

import json
from collections.abc import Callable
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as ConnectionLostError

from nova_code_verifier.handlers.executor_function.envelope import unwrap, wrap
from nova_code_verifier.sandbox import errors

_ANSWER_BYTES_MAX = 6_291_556  # Lambda's limit; a server in its place might send more
_CONNECT_SECONDS = 5
_READ_SECONDS = 910  # a function runs for 900 seconds at most
_MESSAGE_CHARACTERS_MAX = 200
# Too many requests, or the function is being created or woken up.
_TRANSIENT_STATUSES = (408, 409, 429)
_TRANSIENT_CODES = (
    "TooManyRequestsException", "ThrottlingException", "ResourceNotReadyException"
)  # fmt: skip
_SERVER_FAULT = 500
_TIMEOUT = "Task timed out after"


def function_invoker(
    function: str, *, connections: int, fresh_environment: bool = False
) -> Callable[[bytes], bytes]:
    """Return a function that calls *function*, from up to *connections* threads at a time.

    With *fresh_environment*, each call has a new tenant id, so that Lambda serves it in an
    environment that served no other call. *function* must have been created with tenant isolation.
    """
    config = Config(
        retries={"total_max_attempts": 1},  # sandbox/remote/client.py retries, until the deadline
        max_pool_connections=connections,
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        tcp_keepalive=True,
    )
    try:
        client = boto3.client("lambda", config=config)
    except BotoCoreError as error:
        raise errors.InvocationError(f"the executor function cannot be called: {error}") from error

    def invoke(payload: bytes) -> bytes:
        event = json.dumps(wrap(payload)).encode("ascii")
        tenant = {"TenantId": uuid4().hex} if fresh_environment else {}
        try:
            response = client.invoke(FunctionName=function, Payload=event, **tenant)
            answer = response["Payload"].read(_ANSWER_BYTES_MAX + 1)
            response["Payload"].read(1)  # raises IncompleteReadError if the answer was cut off
        except ClientError as error:
            raise _service_error(error) from error
        except (HTTPClientError, ConnectionLostError, IncompleteReadError) as error:
            raise errors.UnreachableError(f"the executor function: {error}") from error
        except BotoCoreError as error:  # no credentials or no region: a retry would not help
            message = f"the executor function cannot be called: {error}"
            raise errors.InvocationError(message) from error
        return read_answer(answer, has_failed="FunctionError" in response)

    return invoke


def read_answer(answer: bytes, *, has_failed: bool) -> bytes:
    """Return the payload in *answer*. Raises FunctionCrashedError if there is none."""
    if len(answer) > _ANSWER_BYTES_MAX:
        raise errors.FunctionCrashedError("its answer is larger than Lambda allows")
    if answer.startswith(_TIMEOUT.encode()):  # as Lambda's emulator reports it
        message = answer[:_MESSAGE_CHARACTERS_MAX].decode("ascii", "replace")
        raise errors.FunctionOutOfTimeError(message)
    try:
        content = json.loads(answer)
        fields = content if isinstance(content, dict) else {}
        if has_failed or "errorType" in fields:  # the emulator reports it in the answer alone
            raise _function_error(fields)
        return unwrap(content)
    except (ValueError, RecursionError) as error:
        message = f"its answer is not a response: {error}"[:_MESSAGE_CHARACTERS_MAX]
        raise errors.FunctionCrashedError(message) from error


def _function_error(fields: dict[str, object]) -> errors.FunctionCrashedError:
    """Return the error that the answer of a failed function describes."""
    kind, detail = str(fields.get("errorType")), str(fields.get("errorMessage"))
    message = f"{kind}: {detail}"[:_MESSAGE_CHARACTERS_MAX]
    if kind == "Sandbox.Timedout" or _TIMEOUT in detail:
        return errors.FunctionOutOfTimeError(message)
    return errors.FunctionCrashedError(message)


def _service_error(error: ClientError) -> errors.InvocationError:
    """Return the sandbox's error for an error of AWS, by its code and its HTTP status."""
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    message = f"the executor function: {error}"[: 2 * _MESSAGE_CHARACTERS_MAX]
    if code in ("RequestTooLargeException", "RequestEntityTooLargeException", "413"):
        return errors.PayloadTooLargeError(message)
    if status in _TRANSIENT_STATUSES or code in _TRANSIENT_CODES:
        return errors.ThrottledError(message)
    if status >= _SERVER_FAULT:
        return errors.UnreachableError(message)
    return errors.InvocationError(message)
