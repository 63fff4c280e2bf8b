"""Functions of tests that compare values: ours do what the tests' own would do."""

import ast
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from nova_code_verifier.verifier.test_code.plain.functions import approximates, read_helper
from nova_code_verifier.verifier.test_code.plain.values import Names

HELPERS = {
    "branches": """
def same(a, b):
    if isinstance(a, (list, tuple)) and a:
        assert all(isinstance(x, float) for x in a), f"of {a}"
    if not a or a is True:
        return
    assert a == b, "text"
""",
    "numbers": """
def same(a, b):
    d = abs(a - b)
    assert d < 1e-6 or d * 2 == a
""",
    "built-in functions": """
def same(a, b):
    assert len(a) == len(b)
    assert sorted(a) == sorted(b), f"{a} and {b}"
    assert max(a) in b
""",
}
VALUES = [
    None, True, 0, 1, 2.5, 1e400, "", "ab", "ba", [], [1.5], [1, 2], (1, 2), (2.5, 1.0), {1, 2},
    {"a": 1}, [[1], [2]], b"a",
]  # fmt: skip


def _result(function: Callable[[object, object], object], pair: tuple[object, object]) -> object:
    """Return what a call returns, or how its assert fails; "left" if it raises anything else."""
    try:
        return function(*pair)
    except AssertionError as error:
        return "failed", str(error)
    except Exception:  # noqa: BLE001  (it is left to a session)
        return "left"


@pytest.mark.parametrize("source", HELPERS.values(), ids=HELPERS)
def test_a_helper_does_what_its_source_says(source: str) -> None:
    """Only sets, whose order is not known, it leaves to a session where they are written."""
    (node,) = ast.parse(source).body
    assert isinstance(node, ast.FunctionDef)
    helper = read_helper(node, Names(candidates=frozenset()))
    names: dict[str, Any] = {}
    exec(source, names)

    for pair in product(VALUES, VALUES):
        found = _result(helper.function, pair)
        is_left = found == "left" and {1, 2} in pair
        assert is_left or found == _result(names["same"], pair), pair
    assert helper.asserts


@pytest.mark.parametrize(
    ("actual", "expected", "options"),
    [
        (1.0000005, 1, {}), (1.00001, 1, {}), (1e-13, 0, {}), (1.05, 1, {"abs": 0.1}),
        (1 + 5e-7, 1, {"abs": 1e-9}), (1.05, 1, {"rel": 0.1}), (1e-3, 0, {"rel": 0.1}),
        (1e400, 1e400, {}), (1e400, 1, {}), (1, 1e400, {}), (1.5, 1, {"rel": 0.1, "abs": 1}),
    ],
)  # fmt: skip
def test_numbers_are_approximated_as_by_pytest(
    actual: float, expected: float, options: dict[str, float]
) -> None:
    """The tolerances and their defaults are those of pytest."""
    approximation = pytest.approx(expected, options.get("rel"), options.get("abs"))

    assert approximates(actual, expected, **options) == (actual == approximation)
