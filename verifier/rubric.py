"""The rubric of a run: what is paid, in one small value.

In: a mapping, as TOML or JSON has it. Out: a `Rubric`. Must not know: where it was written,
samples, verdicts.

    reward = lowest + (highest - lowest) x (0.8 correctness + 0.1 compile + 0.1 format)
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

DIMENSIONS = ("correctness", "compile", "format", "safety", "conciseness")
_SUM_TOLERANCE = 1e-9
_SHARES_TOLERANCE = 0.01  # as they are written with two digits


class RubricError(ValueError):
    """A rubric that cannot be used. Names the key and what it accepts."""


class Policy(StrEnum):
    """What counts as a finding in a program's text (see `verifier.safety`)."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """What is paid for. Weights are at least 0 and add up to 1.

    `guess_correction` takes off what the best constant answer would have earned.
    `violation_penalty` is the share of its reward that a security violation costs. `policy` says
    what lowers `safety`; with `enforce`, a program with a severe finding is not run, and counts as
    a violation. `budget` is how many characters a program may have without losing `conciseness`.
    `priors` are how frequent labels are: with them, a right label earns the less the more frequent
    it is, so that always answering the same earns the same, whatever it is.
    """

    correctness: float = 0.8
    compile: float = 0.1
    format: float = 0.1
    safety: float = 0.0
    conciseness: float = 0.0
    shape: Shape = Shape.LINEAR
    exponent: float = 2.0
    threshold: float = 0.5
    guess_correction: bool = True
    lowest: float = 0.0
    highest: float = 1.0
    violation_penalty: float = 1.0
    policy: Policy = Policy.DEFAULT
    enforce: bool = False
    budget: float = 2000.0
    priors: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        """Raise RubricError for values that make no sense together."""
        weights = [getattr(self, name) for name in DIMENSIONS]
        if not math.isclose(sum(weights), 1.0, abs_tol=_SUM_TOLERANCE):
            raise RubricError(f"weights: expected to add up to 1, found {sum(weights):g}")
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
        return self.lowest + (self.highest - self.lowest) * share


DEFAULT_RUBRIC = Rubric()


def read_rubric(source: Mapping[str, Any]) -> Rubric:
    """Read a rubric, as TOML or JSON has it. Raises RubricError.

    >>> read_rubric({"weights": {"correctness": 1.0, "compile": 0.0, "format": 0.0}}).compile
    0.0
    """
    values: dict[str, Any] = {}
    for section, content in source.items():
        readers = _SECTIONS[_known(section, _SECTIONS, "")]
        if not isinstance(content, Mapping):
            raise RubricError(f"{section}: expected a table of keys, found {content!r}")
        for key, value in content.items():
            read = readers[_known(key, readers, f"{section}.")]
            try:
                values |= read(key, value)
            except ValueError as error:
                raise RubricError(f"{section}.{key}: {error}, found {value!r}") from None
    return Rubric(**values)


def _known(key: str, known: Mapping[str, object], where: str) -> str:
    if key in known:
        return key
    nearest = get_close_matches(key, known, n=1)
    hint = f"did you mean {where}{nearest[0]}?" if nearest else f"known: {', '.join(known)}"
    raise RubricError(f"{where}{key}: no such key; {hint}")


_Reader = Callable[[str, Any], dict[str, Any]]


def _number(least: float, most: float) -> _Reader:
    def read(key: str, value: Any) -> dict[str, Any]:  # noqa: ANN401  (narrowed here)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("expected a number")  # noqa: TRY004  (of the rubric's writer's)
        if not least <= value <= most:
            raise ValueError(f"expected {least:g} to {most:g}")
        return {key: float(value)}

    return read


def _one_of(kind: type[StrEnum]) -> _Reader:
    def read(key: str, value: Any) -> dict[str, Any]:  # noqa: ANN401  (narrowed here)
        if value not in list(kind):
            raise ValueError(f"expected one of {', '.join(kind)}")
        return {key: kind(value)}

    return read


def _boolean(key: str, value: Any) -> dict[str, Any]:  # noqa: ANN401  (narrowed here)
    if not isinstance(value, bool):
        raise ValueError("expected true or false")  # noqa: TRY004  (of the rubric's writer's)
    return {key: value}


def _range(_key: str, value: Any) -> dict[str, Any]:  # noqa: ANN401  (narrowed here)
    match value:
        case [int() | float() as lowest, int() | float() as highest]:
            if math.isfinite(lowest) and math.isfinite(highest):
                return {"lowest": float(lowest), "highest": float(highest)}
    raise ValueError("expected two numbers, the lower end first")


def _priors(key: str, value: Any) -> dict[str, Any]:  # noqa: ANN401  (narrowed here)
    known = {polarity.value for polarity in Polarity}
    if not isinstance(value, Mapping) or (value and value.keys() != known):
        raise ValueError(f"expected shares of {', '.join(Polarity)}, or none")
    shares = [_number(0.001, 1)(key, share)[key] for share in value.values()]
    if shares and not math.isclose(sum(shares), 1.0, abs_tol=_SHARES_TOLERANCE):
        raise ValueError("expected shares that add up to 1")
    return {key: tuple(zip(value, shares, strict=True))}


_SECTIONS: dict[str, dict[str, _Reader]] = {
    "weights": dict.fromkeys(DIMENSIONS, _number(0, 1)),
    "correctness": {
        "shape": _one_of(Shape),
        "exponent": _number(0.01, 100),
        "threshold": _number(0, 1),
        "guess_correction": _boolean,
    },
    "safety": {"policy": _one_of(Policy), "enforce": _boolean},
    "sentiment": {"priors": _priors},
    "conciseness": {"budget": _number(1, 1e9)},
    "reward": {"range": _range, "violation_penalty": _number(0, 1)},
}


def as_mapping(rubric: Rubric) -> dict[str, dict[str, Any]]:
    """Write a rubric as `read_rubric` reads it, with every key."""
    values = {field.name: getattr(rubric, field.name) for field in fields(Rubric)}
    values["range"] = [rubric.lowest, rubric.highest]
    values["priors"] = dict(rubric.priors)
    return {
        section: {key: values[key] for key in readers} for section, readers in _SECTIONS.items()
    }
