"""Define the rubric: how a reward is computed from the dimensions of a sample.

    reward = lowest + (highest - lowest) x (0.8 correctness + 0.1 compile + 0.1 format)

`verifier/rubric_file.py` reads a rubric from a file, and `verifier/scoring/score.py` applies it.
docs/rubric.md describes every key.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from nova_code_verifier.verifier.types import Checker

DIMENSIONS = ("correctness", "compile", "format", "safety", "conciseness", "similarity")
_SUM_TOLERANCE = 1e-9


class RubricError(ValueError):
    """Raised for a rubric that cannot be used. The message names the key and what it accepts."""


class Policy(StrEnum):
    """Which parts of a program's text are findings (see `verifier/completion/safety.py`)."""

    DEFAULT = "default"
    STRICT = "strict"


class Polarity(StrEnum):
    """The labels of a sentiment task."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"


class Shape(StrEnum):
    """How the share of passed test cases becomes correctness. All map 0 to 0 and 1 to 1."""

    LINEAR = "linear"
    """The share."""
    POWER = "power"
    """The share to the power of `exponent`: above 1, the last cases count most."""
    THRESHOLD = "threshold"
    """0 for a share below `threshold`, and the share from there on."""
    ALL_OR_NOTHING = "all_or_nothing"
    """0 for every share below 1."""


class Grouping(StrEnum):
    """How the cases of a group earn its points."""

    SUM = "sum"
    """Each passed case earns its part of the points."""
    MINIMUM = "minimum"
    """The group earns its points only if all its cases pass, as subtasks in contests."""


class OutagePolicy(StrEnum):
    """The reward of a sample that an outage of the verifier left ungraded."""

    RAISE = "raise"
    """Raise, so that the trainer sends the sample again."""
    VALUE = "value"
    """Return `ungraded_reward`."""
    NONE = "none"
    """Return None, also for a broken reference. For trainers that skip such samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """The weights of the dimensions, and the settings of each. Raise RubricError if it is unsound.

    `correctness`, `compile`, `format`, `safety`, `conciseness` and `similarity` are the weights:
    at least 0, and they add up to 1. The other fields:

    - `shape`, `exponent`, `threshold`: how a share of passed cases becomes correctness.
    - `guess_correction`: subtract the share that the best constant answer earns.
    - `pay_self_compared`: pay cases in which the candidate itself compared two of its objects.
    - `groups`: how the cases of a group earn its points.
    - `solution_marks`, `boxed`: the format of the response includes solution marks, or a box.
    - `lowest`, `highest`: the range of the reward.
    - `violation_penalty`: the share of the reward that a security violation costs, in [0, 1].
    - `ungraded_reward`: the reward if the reference is broken; `on_outage`: that after an outage.
    - `policy`: which findings lower `safety`. With `enforce`, a program with a severe finding is
      not run, and its verdict is a security violation.
    - `budget`: the number of characters that a program may have without losing `conciseness`.
    - `checker`: how outputs and values are compared where a reference names no checker.
    - `priors`: the frequency of each label. A frequent label earns less, so that every constant
      answer earns the same.
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
    pay_self_compared: bool = True
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
    checker: Checker = Checker()
    priors: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        """Raise RubricError for weights or a range that contradict each other."""
        weights = [getattr(self, name) for name in DIMENSIONS]
        if not math.isclose(sum(weights), 1.0, abs_tol=_SUM_TOLERANCE):
            found = ", ".join(f"{name} {getattr(self, name):g}" for name in DIMENSIONS)
            raise RubricError(
                f"weights: expected to add up to 1, found {sum(weights):g}: {found} "
                "(a weight that is not set has its default)"
            )
        if not self.lowest < self.highest:
            raise RubricError(
                f"reward.range: expected the lower end first, found [{self.lowest}, {self.highest}]"
            )

    def label_weight(self, label: str) -> float:
        """Return the correctness of a right *label*, in (0, 1].

        It is the smallest prior divided by that of the label, and 1 without priors.
        """
        priors = dict(self.priors)
        return min(priors.values()) / priors[label] if priors else 1.0

    def shaped(self, share: float) -> float:
        """Return the correctness of a share of the test cases. Both are in [0, 1]."""
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
        """Return the reward for a *share* of all that can be earned, in [0, 1]."""
        if share >= 1:
            return self.highest
        # Rounding may exceed the range: -0.1 + (0.2 - -0.1) is 0.20000000000000004.
        return min(self.highest, self.lowest + (self.highest - self.lowest) * share)


DEFAULT_RUBRIC = Rubric()
