"""Call a Lambda function through AWS, and translate AWS's errors into the sandbox's.

In: the name or ARN of a function; boto3 finds region and credentials in the environment. Out: a
function that sends an event and returns the answer as JSON, or raises InvocationError, whose
subclasses say whether another call may help. Nothing here repeats a call: callers do.
"""

import json
import re
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    NoRegionError,
)
from botocore.exceptions import ConnectionError as ConnectionLostError

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
_TOO_LARGE = ("RequestTooLargeException", "RequestEntityTooLargeException", "413")
# By Lambda itself, by its runtime, and by our reward function before it returns.
_ANSWER_TOO_LARGE = (
    "Function.ResponseSizeTooLarge", "RequestEntityTooLarge", "ResponseTooLargeError"
)  # fmt: skip
_SERVER_FAULT = 500
_TIMEOUT = "Task timed out after"
# Equal failures have equal messages: the summary of a run counts them.
_OF_ONE_CALL = re.compile(
    r"\d{4}-\d\d-\d\dT\S+Z |(RequestId: )?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12} (Error: )?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a function returned, as bytes of JSON; the end of its log, if that was wanted."""

    body: bytes
    has_failed: bool
    log: str = ""


@dataclass(frozen=True, slots=True)
class LambdaClient:
    """Calls functions. Safe to share between threads. Messages of errors begin with *subject*."""

    subject: str
    invoke: Callable[..., dict[str, object]]

    def call(self, function: str, event: bytes, **parameters: str) -> Answer:
        """Send *event*, which is JSON, with more *parameters* of AWS's Invoke.

        Raises InvocationError if there is no answer. A failure of the function is an answer.
        """
        try:
            response = self.invoke(FunctionName=function, Payload=event, **parameters)
            payload = response["Payload"]
            body = payload.read(_ANSWER_BYTES_MAX + 1)  # type: ignore[attr-defined]
            payload.read(1)  # type: ignore[attr-defined]  # raises if the answer was cut off
        except ClientError as error:
            raise self._service_error(error) from error
        except (HTTPClientError, ConnectionLostError, IncompleteReadError) as error:
            raise errors.UnreachableError(f"{self.subject}: {error}") from error
        except BotoCoreError as error:  # no credentials or no region: a retry would not help
            raise _call_error(self.subject, error) from error
        log = b""
        with suppress(ValueError):  # what a call cost is worth no result
            log = b64decode(str(response.get("LogResult", "")))
        has_failed = "FunctionError" in response
        return Answer(body=body, has_failed=has_failed, log=log.decode("utf-8", "replace"))

    def _service_error(self, error: ClientError) -> errors.InvocationError:
        """Return the sandbox's error for an error of AWS, by its code and its HTTP status."""
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        message = f"{self.subject}: {error}"[: 2 * _MESSAGE_CHARACTERS_MAX]
        if code in _TOO_LARGE:
            return errors.PayloadTooLargeError(message)
        if code == "InvalidRequestContentException":
            return errors.PayloadRefusedError(message)
        if status in _TRANSIENT_STATUSES or code in _TRANSIENT_CODES:
            return errors.ThrottledError(message)
        if status >= _SERVER_FAULT:
            return errors.UnreachableError(message)
        return errors.InvocationError(message)


def lambda_client(subject: str, *, connections: int) -> LambdaClient:
    """Return a client for up to *connections* threads at a time; *subject* begins its messages.

    Raises InvocationError if it cannot be made, as without a region.
    """
    config = Config(
        # Callers repeat calls, and count them: botocore would sleep in their threads, and its
        # adaptive mode limits calls per second, but Lambda limits calls at a time.
        retries={"total_max_attempts": 1},
        max_pool_connections=connections,
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        tcp_keepalive=True,
    )
    try:
        client = boto3.client("lambda", config=config)
    except BotoCoreError as error:
        raise _call_error(subject, error) from error
    return LambdaClient(subject, client.invoke)


def _call_error(subject: str, error: BotoCoreError) -> errors.InvocationError:
    """Return the error for a call that cannot be made, with what mends it."""
    mends = {NoRegionError: "set AWS_DEFAULT_REGION", NoCredentialsError: "run aws configure"}
    mend = mends.get(type(error))
    message = str(error).rstrip(".") + (f": {mend}" if mend else "")
    return errors.InvocationError(f"{subject} cannot be called: {message}")


def content_of(body: bytes, *, has_failed: bool) -> object:
    """Return the JSON that a function returned. Raises FunctionCrashedError if it failed."""
    if len(body) > _ANSWER_BYTES_MAX:
        raise errors.FunctionCrashedError("its answer is larger than Lambda allows")
    if body.startswith(_TIMEOUT.encode()):  # as Lambda's emulator reports it
        message = body[:_MESSAGE_CHARACTERS_MAX].decode("ascii", "replace")
        raise errors.FunctionOutOfTimeError(message)
    try:
        content: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise unreadable(error) from error
    fields = content if isinstance(content, dict) else {}
    if has_failed or "errorType" in fields:  # the emulator reports it in the answer alone
        raise _function_error(fields)
    return content


def unreadable(error: Exception) -> errors.FunctionCrashedError:
    """Return the error for an answer that cannot be read because of *error*."""
    return errors.FunctionCrashedError(
        f"its answer is not a response: {error}"[:_MESSAGE_CHARACTERS_MAX]
    )


def _function_error(fields: dict[str, object]) -> errors.FunctionCrashedError:
    """Return the error that the answer of a failed function describes."""
    kind, detail = str(fields.get("errorType")), str(fields.get("errorMessage"))
    message = _OF_ONE_CALL.sub("", f"{kind}: {detail}"[: 2 * _MESSAGE_CHARACTERS_MAX])
    message = message[:_MESSAGE_CHARACTERS_MAX]
    if kind == "Sandbox.Timedout" or _TIMEOUT in detail:
        return errors.FunctionOutOfTimeError(message)
    if kind in _ANSWER_TOO_LARGE:
        return errors.AnswerTooLargeError(message)
    return errors.FunctionCrashedError(message)
