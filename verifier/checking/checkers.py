"""Select the comparison that a checker names.

In: a checker, an expected output or value, and the observed one. Out: whether they match. The
exit status is not part of a match: `checking/verdict.py` also requires that a program exits with 0.

`checking/text.py` compares outputs, and `checking/values.py` compares values. JSON is read here,
because there a text becomes a value.
"""

import json
from decimal import Decimal
from typing import assert_never

from nova_code_verifier.sandbox.protocol.encoding import EncodingError, encode
from nova_code_verifier.verifier.checking.text import (
    close_tokens,
    same_lines_in_any_order,
    same_tokens,
    same_tokens_in_any_case,
)
from nova_code_verifier.verifier.checking.values import same_value
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.types import Checker, CheckerKind

# Observed JSON may have this many bytes for each expected character, plus the spare ones.
_JSON_FACTOR, _JSON_SPARE = 64, 2**18
# Python reads an int with this many digits fast, and never refuses it.
_SHORT_INT_DIGITS = 640


def output_matches(checker: Checker, expected: str, observed: bytes) -> bool:
    """Return whether the bytes that a program printed match the expected text.

    Raise VerifierError if the checker is `json` and the expected text is not JSON.
    """
    expected_bytes = expected.encode("utf-8", "surrogatepass")
    match checker.kind:
        case CheckerKind.TOKENS:
            return same_tokens(expected_bytes, observed)
        case CheckerKind.EXACT:
            return expected_bytes == observed
        case CheckerKind.CASE_INSENSITIVE:
            return same_tokens_in_any_case(expected_bytes, observed)
        case CheckerKind.NUMERIC:
            return close_tokens(expected_bytes, observed, checker)
        case CheckerKind.UNORDERED_LINES:
            return same_lines_in_any_order(expected_bytes, observed)
        case CheckerKind.JSON:
            return _same_json(checker, expected, observed)
        case _:
            assert_never(checker.kind)


def value_matches(checker: Checker, expected: object, observed: object) -> bool:
    """Return whether the value that a function returned matches the expected one.

    With the checker `json`, a string that is JSON is decoded first, on both sides. Raise
    VerifierError if the checker cannot tell two keys of an expected dict apart.
    """
    if checker.kind is CheckerKind.JSON:
        if isinstance(observed, str) and len(observed) <= _json_bytes_max(expected):
            observed = _decoded(observed)
        expected = _decoded(expected)
    return same_value(expected, observed, checker)


def _same_json(checker: Checker, expected: str, observed: bytes) -> bool:
    try:
        expected_value = _read_json(expected)
    except ValueError as error:
        problem = f"found json, but an expected output is not JSON ({error})"
        raise VerifierError("checker", f"{problem}; choose another checker") from error
    if len(observed) > _json_bytes_max(expected):
        return False  # No indentation makes it so long, and reading it would take seconds.
    try:
        observed_value = _read_json(observed.decode("utf-8", "surrogatepass"))
    except ValueError:
        return False
    return same_value(expected_value, observed_value, checker)


def _json_bytes_max(expected: object) -> int:
    """Return how long the JSON of an observed value may be, in bytes or characters."""
    try:
        size = len(expected) if isinstance(expected, str) else len(encode(expected))
    except EncodingError:
        size = 0
    return _JSON_FACTOR * size + _JSON_SPARE


def _decoded(value: object) -> object:
    """Decode a string that is JSON; return any other value unchanged."""
    if not isinstance(value, str):
        return value
    try:
        return _read_json(value)
    except ValueError:
        return value


def _read_json(text: str) -> object:
    """Read one JSON document; `NaN` and `Infinity` are allowed. Raise ValueError."""
    try:
        return json.loads(text, parse_int=_read_int, object_pairs_hook=_read_object)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _read_int(digits: str) -> int | Decimal:
    # int() takes quadratic time for long strings, or refuses them. A Decimal is as exact.
    return int(digits) if len(digits) <= _SHORT_INT_DIGITS else Decimal(digits)


def _read_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):  # It is not clear which of the two values is meant.
        raise ValueError("an object has the same key twice")
    return members
