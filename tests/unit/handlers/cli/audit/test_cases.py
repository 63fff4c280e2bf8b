"""Test cases with the same input."""

from typing import Any

import pytest

from nova_code_verifier.handlers.cli.audit.cases import SameInputs, compare_cases
from nova_code_verifier.verifier.reference.plan import plan_tests

CHECK = """
def check(candidate):
    assert candidate(1) == 2
    assert candidate([1]) == 3
    assert candidate(1) == 2
    assert candidate([1]) == 4
"""
METHODS = """
import unittest
class T(unittest.TestCase):
    def test(self):
        self.assertEqual(f(1), 2)
        self.assertEqual(f(1), 3)
        self.assertEqual(f(x), 4)
        self.assertEqual(f(x), 5)
"""


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        (
            {"inputs": ["1", "2", "1", "1"], "outputs": ["a", "b", "a ", "c"]},
            SameInputs(repeated=1, contradiction=(1, 4)),
        ),
        ({"inputs": ["1", "1"], "outputs": ["0.5", "0.50000001"]}, SameInputs(repeated=1)),
        ({"inputs": [[1], [True]], "outputs": [2, 3], "fn_name": "f"}, SameInputs()),
        (
            {"inputs": [[1], [1]], "outputs": [2, 3], "fn_name": "f"},
            SameInputs(contradiction=(1, 2)),
        ),
        (
            {"test": CHECK, "entry_point": "f"},
            SameInputs(repeated=1, contradiction=(4, 6)),
        ),
        ({"test": METHODS, "entry_point": "f"}, SameInputs(contradiction=(5, 6))),
    ],
    ids=["stdio", "tolerance", "types", "call", "check", "unittest"],
)
def test_equal_inputs_are_compared(reference: dict[str, Any], found: SameInputs) -> None:
    """The checker says whether two answers are the same; 1 and True are different inputs."""
    assert compare_cases(plan_tests(reference)) == found
