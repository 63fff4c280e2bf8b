"""Ask a model of Amazon Bedrock once, and say in our words what came of it.

In: the arguments of a call of Converse. Out: its answer, or a failure; nothing that the
network does is raised. boto3 is imported at the first call: who sets no judge pays nothing
for it. Must not know: what is asked, whether it is asked again.
"""

import re
import threading
from collections.abc import Mapping
from typing import Protocol

from nova_code_verifier.handlers.llm_judge.types import Failure, JudgeFailure

CONNECT_SECONDS = 3.0
READ_SECONDS = 30.0
"""Of silence, not of an answer as a whole: botocore has no such limit."""

_MODEL = "VERIFIER_JUDGE_MODEL"
# What a ValidationException says where the texts are to blame. Models word it differently.
_TOO_LONG = re.compile(
    r"too (?:long|large|many)|(?:input|prompt) length|context (?:length|window|limit)"
    r"|tokens exceed",
    re.IGNORECASE,
)
_FILTERED = re.compile(r"content filter", re.IGNORECASE)
_KINDS_OF_CODES = {
    "ThrottlingException": JudgeFailure.THROTTLED,
    "TooManyRequestsException": JudgeFailure.THROTTLED,
    "ServiceQuotaExceededException": JudgeFailure.THROTTLED,
    "ModelNotReadyException": JudgeFailure.UNAVAILABLE,
    "ModelErrorException": JudgeFailure.UNAVAILABLE,
    "ModelTimeoutException": JudgeFailure.OUT_OF_TIME,
}
# What botocore's parser raises besides, when it finds a list where it expects an object.
_PARSER_ERRORS = (AttributeError, KeyError, RecursionError, TypeError, ValueError)


class Client(Protocol):
    """As much of boto3's client for `bedrock-runtime` as is needed here."""

    def converse(self, **request: object) -> Mapping[str, object]:
        """Send messages to a model."""

    def close(self) -> None:
        """Close its connections."""


class Bedrock:
    """Asks with one client, made at the first call, by any number of threads."""

    def __init__(self, *, connections: int, client: Client | None = None) -> None:
        """Keep up to *connections* open. Use *client* if one is given, and leave it open."""
        self._connections = connections
        self._client = client
        self._is_ours = client is None
        self._lock = threading.Lock()

    def converse(self, request: Mapping[str, object]) -> Mapping[str, object] | Failure:
        """Ask once."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
        from botocore.parsers import ResponseParserError  # noqa: PLC0415

        try:
            return self._made_client().converse(**request)
        except ClientError as error:
            return _refusal(error.response)
        except BotoCoreError as error:
            return _accident(error)
        except (ResponseParserError, *_PARSER_ERRORS):
            return Failure(kind=JudgeFailure.UNINTELLIGIBLE, detail="it is not JSON as agreed")

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._client is not None and self._is_ours:
                self._client.close()

    def _made_client(self) -> Client:
        with self._lock:
            if self._client is None:
                self._client = _make_client(self._connections)
            return self._client


def _make_client(connections: int) -> Client:
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        max_pool_connections=connections,
        retries={"total_max_attempts": 1},  # we know the deadline, botocore does not
    )
    client: Client = boto3.session.Session().client("bedrock-runtime", config=config)
    return client


def _refusal(response: Mapping[str, Mapping[str, object]]) -> Failure:
    """Name what the service answered instead of an answer.

    Contract: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html,
    under Errors. An error that nobody knows is our own fault: were it held against the texts,
    a wrong setting would quietly become a reward for every sample.
    """
    code = str(response["Error"].get("Code", ""))
    message = str(response["Error"].get("Message", ""))
    status = response["ResponseMetadata"].get("HTTPStatusCode")
    status = status if isinstance(status, int) else 0
    kind = _kind_of(code, status, message)
    detail = f"{code} (HTTP {status})"
    if kind is JudgeFailure.MISCONFIGURED:
        detail += f": {_shown(message)}; see {_MODEL}, and bedrock:InvokeModel of the role"
    return Failure(kind=kind, detail=detail, retry_after_seconds=_retry_after(response))


def _kind_of(code: str, status: int, message: str) -> JudgeFailure:
    if code in _KINDS_OF_CODES:
        return _KINDS_OF_CODES[code]
    if status == 429:  # noqa: PLR2004  (Too Many Requests)
        return JudgeFailure.THROTTLED
    if status >= 500:  # noqa: PLR2004
        return JudgeFailure.UNAVAILABLE
    is_validation = code == "ValidationException"
    if status == 413 or (is_validation and _TOO_LONG.search(message)):  # noqa: PLR2004
        return JudgeFailure.UNACCEPTABLE
    if is_validation and _FILTERED.search(message):
        return JudgeFailure.REFUSED
    return JudgeFailure.MISCONFIGURED


def _accident(error: Exception) -> Failure:
    from botocore.exceptions import (  # noqa: PLC0415
        ConnectionError,  # noqa: A004
        ConnectTimeoutError,
        HTTPClientError,
        ReadTimeoutError,
    )

    name = type(error).__name__
    if isinstance(error, ConnectTimeoutError | ReadTimeoutError):
        return Failure(kind=JudgeFailure.OUT_OF_TIME, detail=name)
    if isinstance(error, HTTPClientError | ConnectionError):
        return Failure(kind=JudgeFailure.UNAVAILABLE, detail=name)
    detail = f"{name}: {_shown(str(error))}; see {_MODEL} and AWS_REGION"
    return Failure(kind=JudgeFailure.MISCONFIGURED, detail=detail)


def _retry_after(response: Mapping[str, Mapping[str, object]]) -> float:
    headers = response["ResponseMetadata"].get("HTTPHeaders")
    text = str(headers.get("retry-after", "")) if isinstance(headers, dict) else ""
    # A date is allowed here too, but from no AWS service known to us.
    return float(text) if re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]{1,6})?", text) else 0.0


def _shown(message: str) -> str:
    return " ".join(message.split())[:200]
