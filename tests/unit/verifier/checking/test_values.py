"""Tests of comparing returned values."""

import json
import random
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.verifier.checking.checkers import value_matches
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.types import Checker, CheckerKind

PLAIN = Checker(kind=CheckerKind.TOKENS)
NUMERIC = Checker(kind=CheckerKind.NUMERIC)
ANY_CASE = Checker(kind=CheckerKind.CASE_INSENSITIVE)
UNORDERED = Checker(kind=CheckerKind.UNORDERED_LINES)
NAN, INFINITY = float("nan"), float("inf")
HUGE_INT = 1 << 3_000_000

names = st.text("ab1", max_size=3)
scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.text("aA1", max_size=2)
trees = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(names, inner), max_leaves=8
)
json_values = st.recursive(
    scalars | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(names, inner),
    max_leaves=12,
)


def rebuilt(value: object) -> object:
    """Return an equal value that shares no object with *value*, nan included."""
    return json.loads(json.dumps(value))


def nested(depth: int, wrap: Callable[[object], object]) -> object:
    """Return 1, wrapped *depth* times."""
    value: object = 1
    for _ in range(depth):
        value = wrap(value)
    return value


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        (None, None),
        (True, True),
        (1, 1),
        (1, 1.0),
        (1.0, 1),
        (0.0, -0.0),
        (2**53, float(2**53)),
        (NAN, float("nan")),
        (NAN, Decimal("sNaN")),
        (INFINITY, float("inf")),
        (INFINITY, Decimal("Infinity")),
        (1.5, Decimal("1.5")),
        (5e-324, Decimal.from_float(5e-324)),
        (1.5, Fraction(3, 2)),
        (2, Decimal("2.00")),
        (Decimal("1.5"), 1.5),
        (Decimal("1E+999999"), Decimal("1E+999999")),
        (Fraction(1, 3), Fraction(2, 6)),
        (1, 1 + 0j),
        (1 + 2j, 1 + 2j),
        (complex(1, NAN), complex(1, float("nan"))),
        ("a", "a"),
        ("\ud800", "\ud800"),
        (b"a", b"a"),
        (range(3), range(3)),
        (range(10**30), range(10**30)),
        (date(2020, 1, 1), date(2020, 1, 1)),
        (datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)),
        (time(1, 2), time(1, 2)),
        (timedelta(days=1), timedelta(hours=24)),
        (UTC, timezone(timedelta(0))),
    ],
)
def test_equal_scalars_match(expected: object, observed: object) -> None:
    """A scalar matches an equal one of the same kind; numbers match by their exact value."""
    assert value_matches(PLAIN, expected, observed)


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        (True, 1),
        (1, True),
        (False, 0),
        (0.0, False),
        (True, "True"),
        (None, False),
        (None, 0),
        (None, ""),
        (None, []),
        (1, "1"),
        ("1", 1),
        ("a", b"a"),
        ("a", "A"),
        ("a", "a "),
        ("a", ["a"]),
        ("ab", ["a", "b"]),
        (2**53 + 1, float(2**53)),
        (10**400, INFINITY),
        (0.3, 0.1 + 0.2),
        (0.1, Decimal("0.1")),
        (0.1, Fraction(1, 10)),
        (1, 1 + 1j),
        (NAN, 0.0),
        (0.0, NAN),
        (NAN, None),
        (INFINITY, -INFINITY),
        (INFINITY, Decimal("1E+999999")),
        (Decimal("1E+999999"), Decimal("1E+999998")),
        (1, Decimal("sNaN")),
        (complex(1, NAN), complex(2, NAN)),
        (date(2020, 1, 1), datetime(2020, 1, 1)),
        (datetime(2020, 1, 1), datetime(2020, 1, 1, tzinfo=UTC)),
        (0, timedelta(0)),
        (range(3), range(4)),
        (object, object),
    ],
)
def test_different_scalars_do_not_match(expected: object, observed: object) -> None:
    """Another value, or a similar value of another kind, does not match: True is not 1."""
    assert not value_matches(PLAIN, expected, observed)


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ([], ()),
        ([1, [2, 3]], (1, (2, 3))),
        ((1, 2), [1, 2]),
        ([1, 2], deque([1, 2])),
        ([0, 1, 2], range(3)),
        ([], range(0)),
        ([[0], [0, 1]], [range(1), range(2)]),
        ({}, {}),
        ({"a": 1, "b": [2]}, {"b": (2,), "a": 1.0}),
        ({"a": 1}, Counter("a")),
        ({"a": [1]}, defaultdict(list, a=[1])),
        ({"a": 1, "b": 2}, OrderedDict(b=2, a=1)),
        ({"1": "a", "-2": "b"}, {1: "a", -2: "b"}),
        ({"1": {"2": 3}}, {1: {2: 3}}),
        ({1: 2}, {1: 2}),
        ({1: 2}, {1.0: 2}),
        ({(1, 2): 3}, {(1, 2): 3}),
        ({1, 2}, {2.0, 1}),
        ({1}, frozenset({1})),
        ({(1, frozenset({"a"}))}, {(1, frozenset({"a"}))}),
        ({NAN}, {float("nan")}),
    ],
)
def test_containers_match_by_their_items(expected: object, observed: object) -> None:
    """Containers that JSON cannot tell apart match if their items do."""
    assert value_matches(PLAIN, expected, observed)


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ([], None),
        ([], {}),
        ([], ""),
        ({}, []),
        ([1, 2], [1]),
        ([1], [1, 2]),
        ([1, 2], [2, 1]),
        ([1], [True]),
        ([[[1]]], [[[True]]]),
        ([1, 2], {1, 2}),
        ([1, 2], {1: 1, 2: 2}),
        ({1, 2}, [1, 2]),
        ({1}, {True}),
        ({(1,)}, {(True,)}),
        ({1, 2}, {1}),
        ({1}, {1, 2}),
        ({1, 2}, {1, 3}),
        ([0, 1], range(3)),
        ([0, 1, 2], range(10**30)),
        ({"a": 1}, {"a": True}),
        ({"a": 1}, {"a": 1, "b": 1}),
        ({"a": 1, "b": 1}, {"a": 1}),
        ({"a": 1}, {"b": 1}),
        ({"1": 0}, {True: 0}),
        ({"True": 0}, {True: 0}),
        ({"1": 0}, {1.0: 0}),
        ({"1": 0}, {"01": 0}),
        ({"1": 0, "2": 0}, {1: 0, "1": 0}),
        ({1: 0}, {"1": 0}),
        ({1: 0}, {True: 0}),
        ({"a": 0, 1: 0}, {"a": 0, "1": 0}),
        ({"a": None}, {"b": None}),
    ],
)
def test_different_containers_do_not_match(expected: object, observed: object) -> None:
    """Another length, order, key or item does not match, at any depth."""
    assert not value_matches(PLAIN, expected, observed)


@pytest.mark.parametrize("kind", CheckerKind)
@given(value=json_values)
def test_a_value_matches_itself(kind: CheckerKind, value: object) -> None:
    """With every checker, a value that JSON can represent matches its copy."""
    try:
        matched = value_matches(Checker(kind=kind), value, rebuilt(value))
    except VerifierError:  # keys that differ only in case
        matched = kind is CheckerKind.CASE_INSENSITIVE

    assert matched


@pytest.mark.parametrize("kind", [CheckerKind.TOKENS, CheckerKind.EXACT, CheckerKind.NUMERIC])
@given(expected=trees, observed=trees)
def test_trees_match_if_and_only_if_their_json_is_equal(
    kind: CheckerKind, expected: object, observed: object
) -> None:
    """Values without floats match if and only if their JSON, with sorted keys, is equal."""
    matched = value_matches(Checker(kind=kind), expected, observed)

    assert matched is (json.dumps(expected, sort_keys=True) == json.dumps(observed, sort_keys=True))


def changed(value: object, rng: random.Random) -> object:
    """Return *value* with a small change of one scalar at any depth."""
    if isinstance(value, list) and value:
        index = rng.randrange(len(value))
        return [*value[:index], changed(value[index], rng), *value[index + 1 :]]
    if isinstance(value, dict) and value:
        key = rng.choice(list(value))
        return value | {key: changed(value[key], rng)}
    if isinstance(value, bool | None):
        return int(value or 0)
    if isinstance(value, int):
        return value + 1
    return value + "." if isinstance(value, str) else [value]


@pytest.mark.parametrize("kind", CheckerKind)
@given(value=trees, rng=st.randoms(use_true_random=False))
def test_one_changed_element_does_not_match(
    kind: CheckerKind, value: object, rng: random.Random
) -> None:
    """Every checker detects a changed element at any depth."""
    try:
        matched = value_matches(Checker(kind=kind), value, changed(value, rng))
    except VerifierError:
        matched = kind is not CheckerKind.CASE_INSENSITIVE

    assert not matched


@given(st.lists(trees), st.lists(trees))
def test_lists_match_tuples(expected: list[object], observed: list[object]) -> None:
    """The result is the same whether either side is a list or a tuple."""
    matched = value_matches(PLAIN, expected, observed)

    assert value_matches(PLAIN, tuple(expected), observed) is matched
    assert value_matches(PLAIN, expected, tuple(observed)) is matched


@given(trees, trees)
def test_matching_of_json_values_is_symmetric(left: object, right: object) -> None:
    """For JSON values, the result is the same if both sides are swapped."""
    assert value_matches(PLAIN, left, right) is value_matches(PLAIN, right, left)


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        (0.3, 0.1 + 0.2),
        (2.0, 2),
        ([{"a": 0.3}], ({"a": 0.1 + 0.2},)),
        (0.1, Decimal("0.1")),
        (1 / 3, Fraction(1, 3)),
        (NAN, float("nan")),
        (INFINITY, float("inf")),
    ],
)
def test_numeric_applies_its_tolerance_to_floats(expected: object, observed: object) -> None:
    """`numeric` applies its tolerance to expected floats at any depth."""
    assert value_matches(NUMERIC, expected, observed)


@pytest.mark.parametrize(("abs_tol", "rel_tol"), [(0.1, 0.0), (0.0, 0.001)])
def test_either_tolerance_is_enough(abs_tol: float, rel_tol: float) -> None:
    """A float within the absolute or the relative tolerance matches, and no other."""
    checker = Checker(kind=CheckerKind.NUMERIC, abs_tol=abs_tol, rel_tol=rel_tol)

    assert value_matches(checker, [100.0], [100.05])
    assert not value_matches(checker, [100.0], [100.15])


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        (0.3, 0.31),
        (2, 2.0000001),
        (1000000000000000, 1000000000000001),
        ([10**15, 0.5], [10**15 + 1, 0.5]),
        (1.0, True),
        (1.0, "1.0"),
        (1.0, None),
        (1.0, [1.0]),
        (1.0, 1.0 + 1e-9j),
        (1.0, 10**400),
        (1.0, Fraction(10**400)),
        (1.0, Decimal("sNaN")),
        (1.0, NAN),
        (NAN, 1.0),
        (1.0, INFINITY),
        (INFINITY, 1.0),
        (INFINITY, 10**400),
        (INFINITY, Decimal("1E+999999")),
        ({0.3}, {0.1 + 0.2}),
    ],
)
def test_numeric_accepts_no_other_value(expected: object, observed: object) -> None:
    """`numeric` has no tolerance for ints, other types, nan, infinity and members of sets."""
    assert not value_matches(NUMERIC, expected, observed)


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ("Yes", "YES"),
        (["Stra\u00dfe", {"A": "b"}], ("STRASSE", {"a": "B"})),
        ({"A", "b"}, {"a", "B"}),
        ({"A", "a"}, {"a", "A"}),
    ],
)
def test_case_insensitive_folds_at_any_depth(expected: object, observed: object) -> None:
    """`case_insensitive` folds strings, keys and members of sets at any depth."""
    assert value_matches(ANY_CASE, expected, observed)


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ("yes", "no"),
        (["a"], ["a", "A"]),
        ({"a": 1}, {"a": 1, "A": 1}),
        ({"A": 1, "b": 1}, {"a": 1, "A": 1}),
        ({"A", "b"}, {"a", "A"}),
        ({frozenset({"A", "a", "b"})}, {frozenset({"a", "B", "b"})}),
        (b"a", b"A"),
        (1, True),
    ],
)
def test_case_insensitive_accepts_no_other_value(expected: object, observed: object) -> None:
    """`case_insensitive` accepts no other difference, and counts members that fold alike."""
    assert not value_matches(ANY_CASE, expected, observed)


def test_expected_keys_that_fold_alike_are_refused() -> None:
    """An expected dict with keys that the checker cannot tell apart raises VerifierError."""
    with pytest.raises(VerifierError, match="checker: found case_insensitive"):
        value_matches(ANY_CASE, {"a": 1, "A": 2}, {"a": 1, "A": 2})


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ([1, 2, 2], [2, 1, 2]),
        ([1, 2], (2, 1)),
        ([1, 2], {2, 1}),
        ([0, 1], range(2)),
        ([[1, 2], [3]], {(3,), (1, 2)}),
        ([{"a": [1]}, {"b": 2}], [{"b": 2.0}, {"a": (1,)}]),
        ([NAN, 1], [1, float("nan")]),
        ({"a": [1, 2]}, {"a": [1, 2]}),
        ("a\nb", "a\nb"),
    ],
)
def test_items_may_come_in_any_order(expected: object, observed: object) -> None:
    """`unordered_lines` compares the outermost items as a multiset."""
    assert value_matches(UNORDERED, expected, observed)


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ([1, 1, 2], [1, 2, 2]),
        ([1, 1], [1]),
        ([1], [1, 1]),
        ([1, 1], {1}),
        ([1, 0], [True, 0]),
        ([[1, 2]], [[2, 1]]),
        ([{"a": [1, 2]}], [{"a": [2, 1]}]),
        ([{"a": 1, "b": 2}], [{"a": 2, "b": 1}]),
        ({"a": [1, 2]}, {"a": [2, 1]}),
        ([0, 1], range(10**30)),
        ("ab", "ba"),
        (["a", "b"], "ab"),
        ([1], {1: 1}),
    ],
)
def test_unordered_items_are_counted(expected: object, observed: object) -> None:
    """`unordered_lines` counts the items, and keeps the order inside items."""
    assert not value_matches(UNORDERED, expected, observed)


@given(st.lists(trees), st.randoms(use_true_random=False))
def test_every_order_of_items_matches(items: list[object], rng: random.Random) -> None:
    """With `unordered_lines`, every permutation of the items matches."""
    shuffled = rng.sample(items, len(items))

    assert value_matches(UNORDERED, items, shuffled)


def test_lists_are_compared_to_any_depth() -> None:
    """Lists nested beyond the recursion limit are compared."""
    deep = nested(50_000, lambda inner: [inner])

    assert value_matches(PLAIN, deep, nested(50_000, lambda inner: (inner,)))
    assert not value_matches(PLAIN, deep, nested(50_001, lambda inner: (inner,)))


@pytest.mark.parametrize("wrap", [lambda inner: (inner,), lambda inner: frozenset({inner})])
def test_nested_set_members_are_compared(wrap: Callable[[object], object]) -> None:
    """Set members nested a hundred levels deep are compared."""
    assert value_matches(PLAIN, {nested(100, wrap)}, {nested(100, wrap)})
    assert not value_matches(PLAIN, {nested(100, wrap)}, {nested(99, wrap)})


@pytest.mark.parametrize("checker", [PLAIN, UNORDERED])
def test_set_members_nested_too_deeply_match_nothing(checker: Checker) -> None:
    """Set members nested more deeply do not match, and raise nothing."""
    deep = nested(200, lambda inner: frozenset({inner}))

    assert not value_matches(checker, {1}, {deep})
    assert not value_matches(checker, {deep}, {nested(200, lambda inner: frozenset({inner}))})


def test_huge_ints_are_compared_exactly() -> None:
    """Ints of a million digits are compared to the last digit."""
    assert value_matches(PLAIN, HUGE_INT, 1 << 3_000_000)
    assert not value_matches(PLAIN, HUGE_INT, HUGE_INT + 1)


HOSTILE: dict[str, Callable[[], tuple[Checker, object, object]]] = {
    "colliding ints": lambda: (
        UNORDERED,
        list(range(500_000)),
        [index * (2**61 - 1) for index in range(500_000)],
    ),
    "long range": lambda: (UNORDERED, [0, 1], range(10**12)),
    "long range inside": lambda: (UNORDERED, [0], [range(10**12)]),
    "last item": lambda: (PLAIN, [*range(500_000), 0], range(500_001)),
    "last key": lambda: (
        PLAIN,
        {str(index): 0 for index in range(200_000)},
        dict.fromkeys(range(1, 200_001), 0),
    ),
    "long key": lambda: (PLAIN, {"1": 0}, {HUGE_INT: 0}),
    "long decimal": lambda: (PLAIN, 1, Decimal("9" * 3_000_000)),
    "long int for a decimal": lambda: (PLAIN, Decimal("1E+903089"), HUGE_INT),
    "precise decimal": lambda: (PLAIN, 1, Decimal("0." + "9" * 3_000_000)),
    "wide decimal": lambda: (PLAIN, 1, Decimal("1E+999999999999999999")),
    "wide decimal in a set": lambda: (PLAIN, {1}, {Decimal("1E+999999999999999999")}),
    "long fraction": lambda: (NUMERIC, 1.0, Fraction(HUGE_INT - 1, 3) / HUGE_INT),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_values_are_compared_in_linear_time(name: str) -> None:
    """Values that are slow to compare do not match; quadratic time would exceed the timeout."""
    checker, expected, observed = HOSTILE[name]()

    assert not value_matches(checker, expected, observed)


class _Counted(int):
    """An int that has the hash of all others, and counts its comparisons."""

    count = 0

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        _Counted.count += 1
        return int(self) == other


def test_observed_values_are_compared_with_expected_ones_alone() -> None:
    """The members of a candidate's set may have one hash: they get into no other table."""
    observed = {*map(_Counted, range(500))}
    _Counted.count = 0

    assert not value_matches(UNORDERED, [[{*range(1, 501)}]], [[observed]])

    assert _Counted.count <= 1000
