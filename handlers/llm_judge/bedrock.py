"""Call a model of Amazon Bedrock once, and translate errors into failures of the judge.

In: the arguments of a call of Converse. Out: its answer, or a failure; errors of the network are
returned, never raised. boto3 is imported at the first call, so that functions without a judge do
not load it.
"""

import re
import threading
from collections.abc import Mapping
from typing import Protocol

from nova_code_verifier.handlers.llm_judge.types import Failure, JudgeFailure

CONNECT_SECONDS = 3.0
READ_SECONDS = 30.0
"""The limit between two received bytes. botocore has no limit for a whole answer."""

_MODEL = "VERIFIER_JUDGE_MODEL"
# Messages of a ValidationException that the texts cause. Each model words them differently.
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
# botocore's parser also raises these, when it finds a list where it expects an object.
_PARSER_ERRORS = (AttributeError, KeyError, RecursionError, TypeError, ValueError)


class Client(Protocol):
    """The part of boto3's client for `bedrock-runtime` that is used here."""

    def converse(self, **request: object) -> Mapping[str, object]:
        """Send messages to a model."""

    def close(self) -> None:
        """Close the connections."""


class Bedrock:
    """Calls Bedrock through one client, created at the first call. Thread-safe."""

    def __init__(self, *, connections: int, client: Client | None = None) -> None:
        """Keep up to *connections* open. If *client* is given, use it, and never close it."""
        self._connections = connections
        self._client = client
        self._is_ours = client is None
        self._lock = threading.Lock()

    def converse(self, request: Mapping[str, object]) -> Mapping[str, object] | Failure:
        """Call the model once."""
        from botocore import exceptions  # noqa: PLC0415
        from botocore.parsers import ResponseParserError  # noqa: PLC0415

        try:
            return self._shared_client().converse(**request)
        except exceptions.ClientError as error:
            return _service_failure(error.response)
        except (exceptions.ConnectTimeoutError, exceptions.ReadTimeoutError) as error:
            return Failure(kind=JudgeFailure.OUT_OF_TIME, detail=type(error).__name__)
        except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
            return Failure(kind=JudgeFailure.UNAVAILABLE, detail=type(error).__name__)
        except exceptions.BotoCoreError as error:
            detail = f"{type(error).__name__}: {_clip(str(error))}; check {_MODEL} and AWS_REGION"
            return Failure(kind=JudgeFailure.MISCONFIGURED, detail=detail)
        except (ResponseParserError, *_PARSER_ERRORS):
            return Failure(kind=JudgeFailure.UNINTELLIGIBLE, detail="it is not the expected JSON")

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._client is not None and self._is_ours:
                self._client.close()

    def _shared_client(self) -> Client:
        with self._lock:
            if self._client is None:
                import boto3  # noqa: PLC0415
                from botocore.config import Config  # noqa: PLC0415

                config = Config(
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=READ_SECONDS,
                    max_pool_connections=self._connections,
                    retries={"total_max_attempts": 1},  # LlmJudge retries: it knows the deadline
                )
                self._client = boto3.session.Session().client("bedrock-runtime", config=config)
            return self._client


def _service_failure(response: Mapping[str, Mapping[str, object]]) -> Failure:
    """Translate an error that the service returned.

    Contract: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html,
    under Errors. An unknown error counts as our own fault. If it counted against the texts, a wrong
    setting would silently give every sample a reward.
    """
    code = str(response["Error"].get("Code", ""))
    message = str(response["Error"].get("Message", ""))
    status = response["ResponseMetadata"].get("HTTPStatusCode")
    status = status if isinstance(status, int) else 0
    kind = _kind_of(code, status, message)
    detail = f"{code} (HTTP {status})"
    if kind is JudgeFailure.MISCONFIGURED:
        detail += f": {_clip(message)}; check {_MODEL}, and bedrock:InvokeModel of the role"
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


def _retry_after(response: Mapping[str, Mapping[str, object]]) -> float:
    headers = response["ResponseMetadata"].get("HTTPHeaders")
    text = str(headers.get("retry-after", "")) if isinstance(headers, dict) else ""
    # HTTP allows a date here too, but no AWS service that we know sends one.
    return float(text) if re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]{1,6})?", text) else 0.0


def _clip(message: str) -> str:
    return " ".join(message.split())[:200]
