"""Read datasets of known solutions: samples whose correctness is known.

In: a JSON Lines file, one row a line:

    {"name": "bitcount/buggy", "sample": {...}, "expected_correctness": "below_one"}

`sample` is what a trainer sends. `expected_correctness` is a number from 0 to 1, compared to six
digits, `"below_one"`, or `{"below": 0.5}`. A row without a `name` is named by file and line. Other
keys (notes, licences) are ignored. Out: `KnownSolution`s, or a `DatasetError` that names line and
field.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

_TOLERANCE = 1e-6  # no more: one test case of 100 000 is 1e-5


class DatasetError(ValueError):
    """A dataset that cannot be read; the message names file, line and field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The correctness that a row should get: *bound*, or anything below it."""

    bound: float
    below: bool = False

    def is_met_by(self, correctness: float) -> bool:
        """Return whether *correctness* is as expected."""
        if self.below:
            return correctness < self.bound
        return abs(correctness - self.bound) <= _TOLERANCE

    def __str__(self) -> str:
        """Return the expectation in words, for the report of a failed test."""
        return f"below {self.bound:g}" if self.below else f"{self.bound:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSolution:
    """A sample and its expected correctness. `location` is its file and line."""

    location: str
    name: str
    sample: dict[str, object]
    expected: Expectation


def read_dataset(path: Path) -> tuple[KnownSolution, ...]:
    """Read every row of the file at *path*, and skip blank lines. Raises DatasetError."""
    try:
        # Not splitlines(): it would split a row at U+2028, which JSON may contain.
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


def _read_line(location: str, line: str) -> KnownSolution:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{location}: not JSON: {error}") from error
    if not isinstance(row, dict):
        raise DatasetError(f"{location}: expected an object")
    name, sample = row.get("name"), row.get("sample")
    if not isinstance(name, str | None):
        raise DatasetError(f"{location}: name: expected text")
    if not isinstance(sample, dict):
        raise DatasetError(f"{location}: sample: expected an object, as a trainer would send it")
    expected = _read_expectation(location, row.get("expected_correctness"))
    return KnownSolution(
        location=location, name=name or Path(location).name, sample=sample, expected=expected
    )


def _read_expectation(location: str, value: object) -> Expectation:
    match value:
        case "below_one":
            return Expectation(bound=1.0, below=True)
        case {"below": bound, **others} if not others and _is_share(bound) and bound > 0:
            return Expectation(bound=bound, below=True)
        case bound if _is_share(bound):
            return Expectation(bound=bound)
    expected = 'a number from 0 to 1, "below_one" or {"below": a number above 0, up to 1}'
    raise DatasetError(f"{location}: expected_correctness: expected {expected}")


def _is_share(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
