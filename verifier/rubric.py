"""The rubric of a run: what is paid, in one small value.

Must not know: where it was written (`verifier.rubric_file` reads it), samples, verdicts.

    reward = lowest + (highest - lowest) x (0.8 correctness + 0.1 compile + 0.1 format)
"""

import math
from dataclasses import dataclass
from enum import StrEnum

DIMENSIONS = ("correctness", "compile", "format", "safety", "conciseness", "similarity")
_SUM_TOLERANCE = 1e-9


class RubricError(ValueError):
    """A rubric that cannot be used. Names the key and what it accepts."""


class Policy(StrEnum):
    """What counts as a finding in a program's text (see `verifier.completion.safety`)."""

    DEFAULT = "default"
    STRICT = "strict"


class Polarity(StrEnum):
    """How somebody feels about something: the labels of a sentiment task."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"


class Shape(StrEnum):
    """What a share of passed test cases is worth: 0 for none and 1 for all, always."""

    LINEAR = "linear"
    """As much as it is."""
    POWER = "power"
    """Its power by `exponent`: above 1, the last cases count most."""
    THRESHOLD = "threshold"
    """Nothing below `threshold`; from there on, as much as it is."""
    ALL_OR_NOTHING = "all_or_nothing"
    """Nothing below all."""


class Grouping(StrEnum):
    """What a part of a group of test cases is worth."""

    SUM = "sum"
    """As much as it is."""
    MINIMUM = "minimum"
    """Nothing: a group is worth its worst case, as the subtasks of contests are."""


class OutagePolicy(StrEnum):
    """What to pay for samples that we could not grade through our own fault."""

    RAISE = "raise"
    """Nothing at all: raise, so that the trainer sends them again."""
    VALUE = "value"
    """`ungraded_reward`."""
    NONE = "none"
    """None, also for a broken reference: for trainers that leave such samples out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """What is paid for. Weights are at least 0 and add up to 1.

    `guess_correction` takes off what the best constant answer would have earned. `groups` says
    what a part of a group is worth, where test cases stand in groups. `solution_marks` and `boxed`
    say that a response should set its answer between such marks, and in a box.
    `violation_penalty` is the share of its reward that a security violation costs. `policy` says
    what lowers `safety`; with `enforce`, a program with a severe finding is not run, and counts as
    a violation. `budget` is how many characters a program may have without losing `conciseness`.
    `priors` are how frequent labels are: with them, a right label earns the less the more frequent
    it is, so that always answering the same earns the same, whatever it is. `ungraded_reward` is
    paid where the dataset is wrong, and for our own outages as `on_outage` says.
    """

    correctness: float = 0.8
    compile: float = 0.1
    format: float = 0.1
    safety: float = 0.0
    conciseness: float = 0.0
    similarity: float = 0.0
    shape: Shape = Shape.LINEAR
    exponent: float = 2.0
    threshold: float = 0.5
    guess_correction: bool = True
    groups: Grouping = Grouping.SUM
    solution_marks: bool = False
    boxed: bool = False
    lowest: float = 0.0
    highest: float = 1.0
    violation_penalty: float = 1.0
    ungraded_reward: float = 0.0
    on_outage: OutagePolicy = OutagePolicy.RAISE
    policy: Policy = Policy.DEFAULT
    enforce: bool = False
    budget: float = 2000.0
    priors: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        """Raise RubricError for values that make no sense together."""
        weights = [getattr(self, name) for name in DIMENSIONS]
        if not math.isclose(sum(weights), 1.0, abs_tol=_SUM_TOLERANCE):
            told = ", ".join(f"{name} {getattr(self, name):g}" for name in DIMENSIONS)
            raise RubricError(
                f"weights: expected to add up to 1, found {sum(weights):g}: {told} "
                "(what is not set has its default)"
            )
        if not self.lowest < self.highest:
            raise RubricError(
                f"reward.range: expected the lower end first, found [{self.lowest}, {self.highest}]"
            )

    def worth_of(self, label: str) -> float:
        """Say what a right label is worth, in (0, 1]: 1 for the rarest, or without priors."""
        shares = dict(self.priors)
        return min(shares.values()) / shares[label] if shares else 1.0

    def shaped(self, share: float) -> float:
        """Say what a share of the test cases is worth, both in [0, 1]."""
        match self.shape:
            case Shape.POWER:
                return float(share**self.exponent)
            case Shape.THRESHOLD:
                return share if share >= self.threshold else 0.0
            case Shape.ALL_OR_NOTHING:
                return float(share == 1.0)
            case _:
                return share

    def reward(self, share: float) -> float:
        """Put a share of all that can be earned, in [0, 1], into the rubric's range."""
        if share >= 1:
            return self.highest
        # Rounding may lead beyond: -0.1 + (0.2 - -0.1) is 0.20000000000000004.
        return min(self.highest, self.lowest + (self.highest - self.lowest) * share)


DEFAULT_RUBRIC = Rubric()
