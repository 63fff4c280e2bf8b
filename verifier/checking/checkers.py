"""Compare what a candidate produced with what was expected.

In: an expected output or value, the observed one, and the checker that the data chose.
Out: do they match. Must not know: where either came from, or what a match is worth; and
that a program which should print nothing must also end well.

Kept here: which checker does what, and JSON, where text becomes a value. How text is
compared is in `verifier.checking.text`, how values are in `verifier.checking.values`.
"""

import json
from decimal import Decimal
from typing import assert_never

from nova_code_verifier.verifier.checking.text import (
    close_tokens,
    same_lines_in_any_order,
    same_tokens,
    same_tokens_in_any_case,
)
from nova_code_verifier.verifier.checking.values import same_value
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.types import Checker, CheckerKind

# Ints of up to so many digits are always cheap to read, and never refused.
_JSON_FACTOR, _JSON_SPARE = 64, 2**18  # bytes for each expected one, and beside
_SHORT_INT_DIGITS = 640


def output_matches(checker: Checker, expected: str, observed: bytes) -> bool:
    """Say whether a program printed what it should have; `exact` minds every byte."""
    wanted = expected.encode("utf-8", "surrogatepass")
    match checker.kind:
        case CheckerKind.TOKENS:
            return same_tokens(wanted, observed)
        case CheckerKind.EXACT:
            return wanted == observed
        case CheckerKind.CASE_INSENSITIVE:
            return same_tokens_in_any_case(wanted, observed)
        case CheckerKind.NUMERIC:
            return close_tokens(wanted, observed, checker)
        case CheckerKind.UNORDERED_LINES:
            return same_lines_in_any_order(wanted, observed)
        case CheckerKind.JSON:
            return _same_json(checker, expected, observed)
        case _:
            assert_never(checker.kind)


def value_matches(checker: Checker, expected: object, observed: object) -> bool:
    """Say whether a function returned what it should have.

    `json` first reads every outermost string that holds JSON, on both sides.
    """
    if checker.kind is CheckerKind.JSON:
        return same_value(_unwrapped(expected), _unwrapped(observed), checker)
    return same_value(expected, observed, checker)


def _same_json(checker: Checker, expected: str, observed: bytes) -> bool:
    try:
        wanted = _read_json(expected)
    except ValueError as error:
        raise VerifierError("checker", f"json, but an expected output is not: {error}") from error
    if len(observed) > _JSON_FACTOR * len(expected) + _JSON_SPARE:
        return False  # no indentation makes that of it, and to read it would take seconds
    try:
        found = _read_json(observed.decode("utf-8", "surrogatepass"))
    except ValueError:
        return False
    return same_value(wanted, found, checker)


def _unwrapped(value: object) -> object:
    """Read a string that holds JSON; any other value stands for itself."""
    if not isinstance(value, str):
        return value
    try:
        return _read_json(value)
    except ValueError:
        return value


def _read_json(text: str) -> object:
    """Read one JSON document, `NaN` and `Infinity` allowed, or raise ValueError."""
    try:
        return json.loads(text, parse_int=_read_int, object_pairs_hook=_read_object)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _read_int(digits: str) -> int | Decimal:
    # Reading a long int takes quadratic time, or is refused; a Decimal is as exact.
    return int(digits) if len(digits) <= _SHORT_INT_DIGITS else Decimal(digits)


def _read_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):  # which of the two did the candidate mean?
        raise ValueError("an object has the same key twice")
    return members
