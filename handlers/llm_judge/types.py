"""The types of the LLM judge: where a score may stand in an answer, and how a judgement can fail.

Values only: `handlers/settings.py` imports this module before the zygotes start.
"""

from dataclasses import dataclass
from enum import StrEnum

from nova_code_verifier.verifier.types import FailureClass, Similarity


class Extraction(StrEnum):
    r"""Where in an answer the score may stand.

    `strict`: alone in the last line, or labelled there (`Score: 0.8`, `\boxed{0.8}`).
    `flexible`: there; otherwise the last labelled number, otherwise the last number in the text.
    """

    STRICT = "strict"
    FLEXIBLE = "flexible"


class JudgeFailure(StrEnum):
    """The reason for a missing similarity. `Similarity.problem` begins with this text."""

    REFUSED = "judge refused"
    NO_NUMBER = "judge gave no number"
    OUT_OF_RANGE = "judge's number is out of range"
    CUT_OFF = "judge was cut off"
    UNACCEPTABLE = "judge cannot take these texts"
    THROTTLED = "judge is throttled"
    UNAVAILABLE = "judge is unavailable"
    UNINTELLIGIBLE = "judge's answer is damaged"
    OUT_OF_TIME = "judge is out of time"
    MISCONFIGURED = "judge is misconfigured"

    @property
    def is_outage(self) -> bool:
        """Whether the texts are not the cause: the judge may rate the same texts later."""
        return self.is_transient or self is JudgeFailure.MISCONFIGURED

    @property
    def is_transient(self) -> bool:
        """Whether a retry in a moment may succeed."""
        return self in {
            JudgeFailure.THROTTLED,
            JudgeFailure.UNAVAILABLE,
            JudgeFailure.UNINTELLIGIBLE,
            JudgeFailure.OUT_OF_TIME,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedSimilarity(Similarity):
    """A similarity without a value, and the kind of the failure."""

    kind: JudgeFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed call. `retry_after_seconds` is how long the service asked us to wait."""

    kind: JudgeFailure
    detail: str
    retry_after_seconds: float = 0.0

    @property
    def similarity(self) -> FailedSimilarity:
        """The same failure as a value for the verifier."""
        return FailedSimilarity(
            problem=f"{self.kind}: {self.detail}",
            failure=FailureClass.INFRASTRUCTURE if self.kind.is_outage else FailureClass.DATA,
            kind=self.kind,
        )
