"""The judge's words: where a score may stand, and what may be in the way of one.

Values only. Settings are read before anything else is loaded: this has to stay light.
"""

from dataclasses import dataclass
from enum import StrEnum

from nova_code_verifier.verifier.types import Similarity


class Extraction(StrEnum):
    r"""Where in an answer the number may stand.

    `strict`: alone in the last line, or labelled there (`Score: 0.8`, `\boxed{0.8}`).
    `flexible`: there, else the last one that is labelled, else the last one in the text.
    """

    STRICT = "strict"
    FLEXIBLE = "flexible"


class JudgeFailure(StrEnum):
    """What was in the way of a similarity. `Similarity.problem` begins with it."""

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
        """Whether it says nothing about the texts: the same ones may be judged another time."""
        return self in _OUTAGES

    @property
    def may_pass(self) -> bool:
        """Whether it may be gone in a moment."""
        return self in _OUTAGES - {JudgeFailure.MISCONFIGURED}


_OUTAGES = frozenset(
    {
        JudgeFailure.THROTTLED,
        JudgeFailure.UNAVAILABLE,
        JudgeFailure.UNINTELLIGIBLE,
        JudgeFailure.OUT_OF_TIME,
        JudgeFailure.MISCONFIGURED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failure, in detail. `retry_after_seconds` is how long the service asked us to wait."""

    kind: JudgeFailure
    detail: str
    retry_after_seconds: float = 0.0

    @property
    def similarity(self) -> Similarity:
        """The same in the verifier's words."""
        return Similarity(problem=f"{self.kind}: {self.detail}", is_outage=self.kind.is_outage)


def kind_of(similarity: Similarity) -> JudgeFailure:
    """Tell what was in the way of a similarity without a value."""
    return JudgeFailure(similarity.problem.partition(": ")[0])
