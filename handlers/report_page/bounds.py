"""Bound what a page shows of a sample: only known fields, each of a limited size.

In: details of a row, of which a candidate, a data set or a stranger wrote every text. Out: plain
JSON values without numbers that JSON has not and without halves of surrogate pairs.
"""

import math
from collections.abc import Callable, Mapping

ID_CHARACTERS = 200
LABEL_CHARACTERS = 120
PROMPT_CHARACTERS = 2000
COMPLETION_CHARACTERS = 4000
_PROGRAM_CHARACTERS = 4000
_CASE_CHARACTERS = 500
_LINE_CHARACTERS = 300
_LINES_MAX = 50
_CASES_MAX = 100
_CUT = "…"

Bound = Callable[[object], object]


def text_of(value: object, characters: int) -> str | None:
    """Return the beginning of a text, with a mark where it is cut; None for anything else."""
    if not isinstance(value, str):
        return None
    cut = value if len(value) <= characters else value[:characters] + _CUT
    return cut if cut.isascii() else cut.encode("utf-8", "replace").decode()


def number_of(value: object) -> float | int | None:
    """Return a finite number, also of a boolean; None for anything else."""
    if not isinstance(value, int | float):
        return None
    try:
        return (int(value) if isinstance(value, int) else value) if math.isfinite(value) else None
    except OverflowError:  # an integer that is too large for a double
        return None


def one_line(text: str, characters: int) -> str:
    """Return the beginning of a text as one line without control characters."""
    line = " ".join(text[: 4 * characters].split())
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= characters else line[:characters] + _CUT


def bounded_details(details: Mapping[str, object]) -> dict[str, object]:
    """Return the known fields of *details* that have a value, each cut to its size."""
    fields = _fields(details, _DETAILS)
    return {name: value for name, value in fields.items() if value not in ("", [], {})}


def _fields(values: Mapping[str, object], bounds: Mapping[str, Bound]) -> dict[str, object]:
    found = ((name, bound(values.get(name))) for name, bound in bounds.items())
    return {name: value for name, value in found if value is not None}


def _text(characters: int) -> Bound:
    return lambda value: text_of(value, characters)


def _lines(value: object) -> list[str]:
    lines = value[:_LINES_MAX] if isinstance(value, list) else []
    return [text for line in lines if (text := text_of(line, _LINE_CHARACTERS)) is not None]


def _weights(value: object) -> dict[str, float]:
    items = list(value.items())[:_LINES_MAX] if isinstance(value, Mapping) else []
    numbers = ((text_of(name, ID_CHARACTERS), number_of(weight)) for name, weight in items)
    return {name: weight for name, weight in numbers if name is not None and weight is not None}


def _cases(value: object) -> list[dict[str, object]]:
    cases = value[:_CASES_MAX] if isinstance(value, list) else []
    return [_fields(case, _CASE) for case in cases if isinstance(case, Mapping)]


_SHORT, _LINE, _CASE_TEXT = _text(ID_CHARACTERS), _text(_LINE_CHARACTERS), _text(_CASE_CHARACTERS)
_CASE: dict[str, Bound] = {
    "name": _SHORT,
    "verdict": _SHORT,
    "ending": _SHORT,
    "detail": _CASE_TEXT,
    "exit_status": number_of,
    "signal": lambda value: number_of(value) if isinstance(value, int) else _SHORT(value),
    "parts": number_of,
    "share": number_of,
    "error": _CASE_TEXT,
    "cpu_seconds": number_of,
    "wall_seconds": number_of,
    "memory_mb": number_of,
    "stdout": _CASE_TEXT,
    "stderr": _CASE_TEXT,
    "input": _CASE_TEXT,
    "input_bytes": number_of,
    "expected": _CASE_TEXT,
    "expected_bytes": number_of,
    "observed": _CASE_TEXT,
    "observed_bytes": number_of,
}
_DETAILS: dict[str, Bound] = {
    "verdict": _SHORT,
    "problem": _CASE_TEXT,
    "failure": _SHORT,
    "is_outage": number_of,
    "remark": _CASE_TEXT,
    "tests_passed": number_of,
    "tests_total": number_of,
    "no_completion": number_of,
    "extraction_method": _SHORT,
    "source": _SHORT,
    "notes": _lines,
    "findings": _lines,
    "format_issues": _lines,
    "weights": _weights,
    "program_bytes": number_of,
    "extraction_detail": _LINE,
    "prelude": _CASE_TEXT,
    "program": _text(_PROGRAM_CHARACTERS),
    "cases": _cases,
    "prompt": _text(PROMPT_CHARACTERS),
    "completion": _text(COMPLETION_CHARACTERS),
    "formula": _lines,
}
