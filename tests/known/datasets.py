"""Read datasets of known solutions: samples whose correctness is known beforehand.

In: a JSON Lines file, one row a line:

    {"name": "bitcount/buggy", "sample": {...}, "expected_correctness": "below_one"}

`sample` is what a trainer would send. `expected_correctness` is a number from 0 to 1,
compared to six digits, `"below_one"`, or `{"below": 0.5}`. Without a `name`, the row goes
by file and line. Other keys (notes, licences) are left alone. Out: `KnownSolution`s, or a
`DatasetError` with line and field. Must not know: pytest, and how samples are scored.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

_TOLERANCE = 1e-6  # no more: of 100 000 test cases, one is 1e-5


class DatasetError(ValueError):
    """A dataset that cannot be read; the message names file, line and field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The correctness that a row should get: *bound*, or anything below it."""

    bound: float
    below: bool = False

    def is_met_by(self, correctness: float) -> bool:
        """Say whether *correctness* is as expected."""
        if self.below:
            return correctness < self.bound
        return abs(correctness - self.bound) <= _TOLERANCE

    def __str__(self) -> str:
        """Say it in words, for the report of a failed test."""
        return f"below {self.bound:g}" if self.below else f"{self.bound:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSolution:
    """A sample and the correctness it should get. `place` is its file and line."""

    place: str
    name: str
    sample: dict[str, object]
    expected: Expectation


def read_dataset(path: Path) -> tuple[KnownSolution, ...]:
    """Read every row of the file at *path*; blank lines do not count."""
    try:
        # Not splitlines(): JSON may hold U+2028, at which that would cut a row in two.
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: {error}") from error
    known = tuple(
        _read_line(f"{path}:{number}", line)
        for number, line in enumerate(lines, start=1)
        if line.strip()
    )
    if not known:
        raise DatasetError(f"{path}: found no rows")
    return known


def _read_line(place: str, line: str) -> KnownSolution:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{place}: not JSON: {error}") from error
    if not isinstance(row, dict):
        raise DatasetError(f"{place}: expected an object")
    name, sample = row.get("name"), row.get("sample")
    if not isinstance(name, str | None):
        raise DatasetError(f"{place}: name: expected text")
    if not isinstance(sample, dict):
        raise DatasetError(f"{place}: sample: expected an object, as a trainer would send it")
    expected = _read_expectation(place, row.get("expected_correctness"))
    return KnownSolution(
        place=place, name=name or Path(place).name, sample=sample, expected=expected
    )


def _read_expectation(place: str, value: object) -> Expectation:
    match value:
        case "below_one":
            return Expectation(bound=1.0, below=True)
        case {"below": bound, **others} if not others and _is_share(bound) and bound > 0:
            return Expectation(bound=bound, below=True)
        case bound if _is_share(bound):
            return Expectation(bound=bound)
    expected = 'a number from 0 to 1, "below_one" or {"below": a number above 0, up to 1}'
    raise DatasetError(f"{place}: expected_correctness: expected {expected}")


def _is_share(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
