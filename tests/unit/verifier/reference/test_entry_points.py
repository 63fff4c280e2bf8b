"""Which names of a candidate tests ask for."""

import pytest

from nova_code_verifier.verifier.reference.entry_points import entry_points
from nova_code_verifier.verifier.types import (
    CallCase,
    CodePlan,
    StdioCase,
    TestCode,
    TestPlan,
)


def test_call_cases_name_their_entry_point() -> None:
    """A call has one, a program with an output none."""
    call = CallCase(entry_point="Solution().f", arguments=(), expected_value=1)

    assert entry_points(TestPlan(cases=(call, call))) == {"Solution().f"}
    assert entry_points(TestPlan(cases=(StdioCase(stdin="", expected_stdout=""),))) == frozenset()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("assert add(1, 2) == 3", {"add"}),
        ("import math\nassert math.isclose(area(1), 3.14)", {"area"}),
        ("assert math.isclose(area(1), 3.14)", {"area"}),
        ("s = Stack()\ns.push(1)\nassert len(s) == 1", {"Stack"}),
        ("from solution import longest\ndef test(): assert longest([]) == helper()", {"longest"}),
        ("import solution\ndef test(): assert solution.f() == solution.g()", {"f", "g"}),
        ("import solution as s\ndef test(): assert s.f() == 1", {"f"}),
        ("from solution import *\ndef test(): assert f() == 1", {"f"}),
        ("def check(candidate):\n    assert candidate(1) == 1", set()),
        ("assert sum(10, 15) == 6", {"sum"}),
        ("assert 1 == 1", set()),
        ("assert f( == 1", set()),
        ("assert f() == 1\n#" + "x" * 200_000, set()),
    ],
)
def test_test_code_shows_the_names_it_uses(source: str, expected: set[str]) -> None:
    """They are imported from the candidate's module, or used and not defined."""
    assert entry_points(CodePlan(test_code=TestCode(source=source))) == expected


def test_the_entry_point_of_test_code_is_enough() -> None:
    """If the reference names it, the tests are not read."""
    test_code = TestCode(source="assert g() == 1", entry_point="f")

    assert entry_points(CodePlan(test_code=test_code)) == {"f"}


def test_classes_of_the_prompt_are_not_asked_for() -> None:
    """Tests may use a class that the prompt defines."""
    test_code = TestCode(source="assert f(Node(1)) == 1", prompt="class Node: pass")

    assert entry_points(CodePlan(test_code=test_code)) == {"f"}
