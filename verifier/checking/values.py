"""Compare what a function returned with what it should have returned.

In: the expected value, often read from JSON, and the observed one, plain data of exact
builtin types. Out: do they match. Must stay outside: how values travel, what a match is
worth.

Values match by type and content, with the differences that JSON cannot express forgiven:

- numbers by their exact value, whatever their type; a bool is no number; nan is nan;
- a list, a tuple and a deque are one, and an observed range stands for its list;
- dicts of every kind are one, in any order, and where all expected keys are strings an
  observed int key stands for its digits; a set and a frozenset are one;
- everything else, strings included, only by the same type and equal content.

Checkers: `numeric` allows its tolerance where a float is expected (not inside sets and
keys), `case_insensitive` folds every string, `unordered_lines` takes the outermost
sequences or sets for multisets (int keys inside do not stand for their digits). The
others, `exact` too, compare as above. No `==` ever sees a container: True would equal 1.

Observed values are hostile. They are looked up among the expected ones, never put into a
hash table that they were not in already: ints that collide would make that quadratic.
"""

import math
from collections import Counter, deque
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from datetime import date, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from functools import partial
from types import NoneType

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.types import Checker, CheckerKind

_Pair = tuple[object, object]

_SEQUENCES = (list, tuple, deque)
_SETS = (set, frozenset)
_ANY_SEQUENCE = (*_SEQUENCES, range)
_ANY_COLLECTION = (*_ANY_SEQUENCE, *_SETS)
_NUMBERS = (int, float, complex, Decimal, Fraction)
_ATOMS = (NoneType, bool, bytes, range, date, time, timedelta, timezone)

# How deeply a set member, a key or an unordered item may be nested; what is deeper matches
# nothing. These are compared by recursion, and this takes half of what Python allows.
_MAX_DEPTH = 100

# Exact arithmetic with longer Decimals would be slow; every float is shorter.
_LONG_DECIMAL = 1200

# Spelling a long int takes quadratic time; the interpreter always spells one this short.
_LONG_NAME_BITS = 2000


def same_value(expected: object, observed: object, checker: Checker) -> bool:
    """Say whether *observed* is the expected value, as far as *checker* minds."""
    if (
        checker.kind is CheckerKind.UNORDERED_LINES
        and isinstance(expected, _ANY_COLLECTION)
        and isinstance(observed, _ANY_COLLECTION)
    ):
        return _same_items(expected, observed, checker)
    # A stack of what is left to compare at every depth: hostile nesting must not recurse.
    pending: list[Iterator[_Pair]] = [iter([(expected, observed)])]
    while pending:
        pair = next(pending[-1], None)
        if pair is None:
            pending.pop()
            continue
        parts = _parts(*pair, checker)
        if parts is None:
            return False
        pending.append(parts)
    return True


def _parts(expected: object, observed: object, checker: Checker) -> Iterator[_Pair] | None:
    """Return the pairs that must match for these two to match; None if they differ."""
    if isinstance(expected, _SEQUENCES) and isinstance(observed, _ANY_SEQUENCE):
        return zip(expected, observed, strict=True) if _same_length(expected, observed) else None
    if isinstance(expected, dict) and isinstance(observed, dict):
        return _mapping_parts(expected, observed, checker)
    if isinstance(expected, _SETS) and isinstance(observed, _SETS):
        same = _same_items(expected, observed, checker)
    else:
        same = _same_scalar(expected, observed, checker)
    return iter(()) if same else None


def _mapping_parts(
    expected: Mapping[object, object], observed: Mapping[object, object], checker: Checker
) -> Iterator[_Pair] | None:
    wanted = {_key(key, checker): value for key, value in expected.items()}
    if len(wanted) < len(expected):
        raise VerifierError("checker", f"{checker.kind} takes two keys of an expected dict for one")
    if len(expected) != len(observed):
        return None
    from_json = all(isinstance(key, str) for key in expected)
    pairs = []
    for name, value in observed.items():
        key = _key(_json_name(name) if from_json else name, checker)
        if key not in wanted:
            return None
        pairs.append((wanted.pop(key), value))
    return iter(pairs)


def _same_items(
    expected: Collection[object], observed: Collection[object], checker: Checker
) -> bool:
    """Compare two collections as multisets."""
    if not _same_length(expected, observed):
        return False
    missing = Counter(_key(item, checker) for item in expected)
    for item in observed:
        key = _key(item, checker)
        if not missing[key]:
            return False
        missing[key] -= 1
    return True


def _same_length(expected: Collection[object], observed: Collection[object]) -> bool:
    try:
        return len(expected) == len(observed)
    except OverflowError:  # a range longer than any list
        return False


def _same_scalar(expected: object, observed: object, checker: Checker) -> bool:
    if _scalar_key(expected, checker) == _scalar_key(observed, checker):
        return True
    if checker.kind is not CheckerKind.NUMERIC or not isinstance(expected, float):
        return False
    # Infinity is compared exactly: what overflows to it is not infinite.
    found = _as_float(observed)
    return (
        math.isfinite(expected)
        and found is not None
        and math.isclose(expected, found, rel_tol=checker.rel_tol, abs_tol=checker.abs_tol)
    )


def _as_float(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction):
        return None
    try:
        return float(value)
    except (OverflowError, ValueError):  # too big for a float, or a signalling nan
        return None


def _key(value: object, checker: Checker, depth: int = 0) -> Hashable:
    """Return what is equal for two values just when they match (but for tolerances)."""
    if depth > _MAX_DEPTH:
        return object()
    inner = partial(_key, checker=checker, depth=depth + 1)
    if isinstance(value, _SEQUENCES):
        return (list, *map(inner, value))
    if isinstance(value, dict):
        return dict, _bag(zip(map(inner, value), map(inner, value.values()), strict=True))
    if isinstance(value, _SETS):
        return set, _bag(map(inner, value))
    return _scalar_key(value, checker)


def _bag(keys: Iterable[Hashable]) -> frozenset[tuple[Hashable, int]]:
    return frozenset(Counter(keys).items())


def _scalar_key(value: object, checker: Checker) -> Hashable:
    """Return the key of a value that has no parts; a key equal to no other for the rest."""
    if isinstance(value, str):
        return value.casefold() if checker.kind is CheckerKind.CASE_INSENSITIVE else value
    if isinstance(value, _ATOMS):
        return type(value), value
    if isinstance(value, _NUMBERS):
        return _number_key(value)
    return object()


def _number_key(value: complex | Decimal | Fraction) -> Hashable:
    # Python compares and hashes numbers of different types by their exact values.
    if isinstance(value, complex):
        if value.imag == 0:
            return _number_key(value.real)
        return complex, _number_key(value.real), _number_key(value.imag)
    if isinstance(value, Decimal):
        return _decimal_key(value)
    return (float, "nan") if isinstance(value, float) and math.isnan(value) else value


def _decimal_key(value: Decimal) -> Hashable:
    if value.is_nan():
        return float, "nan"
    if value.is_infinite():
        return float(value)
    # Compared with a long Decimal, an int is first turned into one, in quadratic time.
    if abs(value.adjusted()) > _LONG_DECIMAL or len(str(value)) > _LONG_DECIMAL:
        return Decimal, value
    return Fraction(value)


def _json_name(key: object) -> object:
    """Spell an int key as JSON does."""
    if type(key) is int and key.bit_length() <= _LONG_NAME_BITS:
        return str(key)
    return key
