"""Compare the value that a function returned with the expected value.

In: the expected value, often read from JSON, and the observed one, plain data of exact builtin
types. Out: whether they match.

Values match if they have the same type and content. Differences that JSON cannot express are
ignored:

- Numbers of all types match by their exact value. A bool is not a number. nan matches nan.
- A list matches a tuple or a deque with the same items, and an observed range matches a list.
- Dicts of all kinds match in any order. If all expected keys are strings, an observed int key
  matches its decimal digits. A set matches a frozenset.
- Everything else, also a string, matches only the same type with equal content.

Checkers: `numeric` applies its tolerance where a float is expected, at every depth, but not to
members of sets and to keys: these are found by their exact value, as in Python. `case_insensitive`
folds the case of every string. `unordered_lines` compares the outermost sequence or set as a
multiset (int keys inside it do not match digits). All others, also `exact`, compare as above. `==`
is never applied to containers: [True] would equal [1].

Observed values are hostile: inserting values that collide into a hash table takes quadratic time.
So they, and their parts, are looked up among the expected values, and never inserted.
"""

import math
from collections import Counter, deque
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from datetime import date, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from types import NoneType

from nova_code_verifier.verifier.checking.tolerance import is_close
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.types import Checker, CheckerKind

_Pair = tuple[object, object]

_SEQUENCES = (list, tuple, deque)
_SETS = (set, frozenset)
_ANY_SEQUENCE = (*_SEQUENCES, range)
_ANY_COLLECTION = (*_ANY_SEQUENCE, *_SETS)
_NUMBERS = (int, float, complex, Decimal, Fraction)
_ATOMS_OF_JSON = frozenset({NoneType, int, float, str})  # without bool: True equals 1
_ATOMS = (NoneType, bool, bytes, range, date, time, timedelta, timezone)

# Set members, keys and unordered items that are nested deeper match nothing. They are compared by
# recursion, and this depth uses half of Python's recursion limit.
_MAX_DEPTH = 100

# Exact arithmetic with longer Decimals would be slow. Every float has fewer digits.
_LONG_DECIMAL = 1200

# No character folds to less than one, or to more. To fold a long text takes much memory.
_FOLDED_MAX = 3

# str() of a long int takes quadratic time. Python never refuses one with so few bits.
_MAX_KEY_BITS = 2000


def same_value(expected: object, observed: object, checker: Checker) -> bool:
    """Return whether *observed* matches *expected* by the rules of *checker*.

    Raise VerifierError if the checker cannot tell two keys of an expected dict apart.
    """
    if (
        checker.kind is CheckerKind.UNORDERED_LINES
        and isinstance(expected, _ANY_COLLECTION)
        and isinstance(observed, _ANY_COLLECTION)
    ):
        return _same_items(expected, observed, checker)
    # A stack with the pairs left to compare at each depth. Recursion on hostile nesting would fail.
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
    """Return the pairs of items that must match, too, or None if the values differ."""
    if isinstance(expected, _SEQUENCES) and isinstance(observed, _ANY_SEQUENCE):
        if _have_equal_atoms(expected, observed):
            return iter(())
        return zip(expected, observed, strict=True) if _same_length(expected, observed) else None
    if isinstance(expected, dict) and isinstance(observed, dict):
        return _mapping_parts(expected, observed, checker)
    if isinstance(expected, _SETS) and isinstance(observed, _SETS):
        same = _same_items(expected, observed, checker)
    else:
        same = _same_scalar(expected, observed, checker)
    return iter(()) if same else None


def _have_equal_atoms(expected: Iterable[object], observed: Iterable[object]) -> bool:
    """Return whether two sequences hold equal numbers and strings: Python compares them fast."""
    return (
        type(expected) is type(observed) is list
        and _ATOMS_OF_JSON.issuperset(map(type, expected))
        and _ATOMS_OF_JSON.issuperset(map(type, observed))
        and expected == observed
    )


def _mapping_parts(
    expected: Mapping[object, object], observed: Mapping[object, object], checker: Checker
) -> Iterator[_Pair] | None:
    numbers = _Numbers(checker)
    unmatched = {numbers.add(key): value for key, value in expected.items()}
    if len(unmatched) < len(expected):
        problem = f"found {checker.kind}, but it cannot tell two keys of an expected dict apart"
        raise VerifierError("checker", f"{problem}; choose another checker")
    if len(expected) != len(observed):
        return None
    from_json = all(isinstance(key, str) for key in expected)
    pairs = []
    for observed_key, value in observed.items():
        number = numbers.find(_json_key(observed_key) if from_json else observed_key)
        if number not in unmatched:
            return None
        pairs.append((unmatched.pop(number), value))
    return iter(pairs)


def _same_items(
    expected: Collection[object], observed: Collection[object], checker: Checker
) -> bool:
    """Return whether two collections have the same multiset of items."""
    if not _same_length(expected, observed):
        return False
    numbers = _Numbers(checker)
    missing = Counter(map(numbers.add, expected))
    for item in observed:
        number = numbers.find(item)
        if not missing[number]:
            return False
        missing[number] -= 1
    return True


def _same_length(expected: Collection[object], observed: Collection[object]) -> bool:
    try:
        return len(expected) == len(observed)
    except OverflowError:  # a range that is longer than any list
        return False


def _same_scalar(expected: object, observed: object, checker: Checker) -> bool:
    match expected, observed:
        case str(), str() if len(observed) > _FOLDED_MAX * len(expected):
            return False
    if _scalar_key(expected, checker) == _scalar_key(observed, checker):
        return True
    if checker.kind is not CheckerKind.NUMERIC or not isinstance(expected, float):
        return False
    # Infinity is compared exactly: a number that overflows to it is not infinite.
    number = as_float(observed)
    return number is not None and math.isfinite(expected) and is_close(expected, number, checker)


def as_float(value: object) -> float | None:
    """Return a number as the nearest float; None if it is too big, or not a real number."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction):
        return None
    try:
        return float(value)
    except (OverflowError, ValueError):  # too big for a float, or a signalling nan
        return None


class _Numbers:
    """Numbers of values: two values have one number if, and only if, they match.

    Tolerances do not count. Only expected values get a number. The numbers of a container's parts
    identify it, so no table ever holds what a candidate chose.
    """

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        self._known: dict[Hashable, int] = {}

    def add(self, expected: object, depth: int = 0) -> int:
        """Return the number of an expected value."""
        return self._known.setdefault(self._key(expected, self.add, depth), len(self._known))

    def find(self, observed: object, depth: int = 0) -> int:
        """Return the number of the expected value that matches; -1 if there is none."""
        return self._known.get(self._key(observed, self.find, depth), -1)

    def _key(self, value: object, number_of: Callable[[object, int], int], depth: int) -> Hashable:
        """Return a key of a value, made of the numbers of its parts."""
        if depth > _MAX_DEPTH:
            return object()
        inner = depth + 1
        if isinstance(value, _SEQUENCES):
            return (list, *[number_of(item, inner) for item in value])
        if isinstance(value, dict):
            items = value.items()
            return dict, *sorted([(number_of(k, inner), number_of(v, inner)) for k, v in items])
        if isinstance(value, _SETS):
            return set, *sorted([number_of(item, inner) for item in value])
        return _scalar_key(value, self._checker)


def _scalar_key(value: object, checker: Checker) -> Hashable:
    """Return the key of a value without items. Objects of other types get a unique key."""
    if isinstance(value, str):
        is_exact = checker.case_sensitive and checker.kind is not CheckerKind.CASE_INSENSITIVE
        return value if is_exact else value.casefold()
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
    # Comparing an int with a long Decimal first converts the int, in quadratic time.
    if abs(value.adjusted()) > _LONG_DECIMAL or len(str(value)) > _LONG_DECIMAL:
        return Decimal, value
    return Fraction(value)


def _json_key(key: object) -> object:
    """Return an int key as JSON writes it, and any other key unchanged."""
    if type(key) is int and key.bit_length() <= _MAX_KEY_BITS:
        return str(key)
    return key
