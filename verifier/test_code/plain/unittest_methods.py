"""The methods of `unittest.TestCase` that plain tests may use, as conditions.

In: plain data. Out: whether the method would return, instead of raising. Values that are compared
hold no nan, so that `==` and `!=` never agree.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

from nova_code_verifier.verifier.test_code.plain.values import NotPlainError, compute

_NUMBERS = (bool, int, float)
_PLACES = 7


def find(method: str) -> tuple[Callable[..., bool], int, Sequence[str]]:
    """Return the condition of a method, the number of its operands, and its options by name.

    Raises NotPlainError. No condition depends on the order in which a set iterates.
    """
    try:
        function, count = _METHODS[method]
    except KeyError:
        raise NotPlainError from None
    return function, count, ("places",) if method == "assertAlmostEqual" else ()


def _almost_equal(first: Any, second: Any, places: Any = None) -> bool:  # noqa: ANN401  (plain data)
    if not {type(first), type(second)} <= {*_NUMBERS}:
        raise NotPlainError
    if first == second:
        return True
    difference: Any = compute(operator.sub, first, second)
    return bool(round(abs(difference), _PLACES if places is None else places) == 0)


def _of_type(kind: type) -> Callable[[Any, Any], bool]:
    def equal(first: Any, second: Any) -> bool:  # noqa: ANN401  (plain data)
        return type(first) is kind and type(second) is kind and bool(first == second)

    return equal


_METHODS: dict[str, tuple[Callable[..., bool], int]] = {
    "assertAlmostEqual": (_almost_equal, 2),
    "assertDictEqual": (_of_type(dict), 2),
    "assertEqual": (lambda first, second: bool(first == second), 2),
    "assertFalse": (lambda value: not value, 1),
    "assertGreater": (lambda first, second: bool(first > second), 2),
    "assertGreaterEqual": (lambda first, second: bool(first >= second), 2),
    "assertIn": (lambda item, container: bool(item in container), 2),
    "assertIsInstance": (isinstance, 2),
    "assertIsNone": (lambda value: value is None, 1),
    "assertIsNotNone": (lambda value: value is not None, 1),
    "assertLess": (lambda first, second: bool(first < second), 2),
    "assertLessEqual": (lambda first, second: bool(first <= second), 2),
    "assertListEqual": (_of_type(list), 2),
    "assertNotEqual": (lambda first, second: bool(first != second), 2),
    "assertNotIn": (lambda item, container: bool(item not in container), 2),
    "assertSetEqual": (_of_type(set), 2),
    "assertTrue": (bool, 1),
    "assertTupleEqual": (_of_type(tuple), 2),
}
