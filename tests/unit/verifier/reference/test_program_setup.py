"""What a row puts before and around the program of a candidate."""

from typing import Any

import pytest

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.plan import plan_tests
from nova_code_verifier.verifier.types import CodePlan, ProgramSetup

STARTER = "class Solution:\n    def f(self, x: List[int]) -> int:\n        "
CALLS: dict[str, Any] = {"fn_name": "f", "inputs": [[1]], "outputs": [2]}
RUNS: dict[str, Any] = {"inputs": ["1\n"], "outputs": ["2\n"]}
CANONICAL: dict[str, Any] = {
    "tests": {"kind": "call", "entry_point": "f", "cases": [{"args": [1], "expected": 2}]}
}
LEETCODE = {
    "test": "def check(candidate):\n    assert candidate(x=1) == 2\n",
    "entry_point": "Solution().f",
    "prompt": "import math\n",
}
CODE_R1 = {"functional": "assert Solution().f(1) == 2"}
MBPP = {"test_list": ["assert f(1) == 2"]}


def setup_of(reference: object) -> ProgramSetup:
    """Return the setup of a reference's candidates."""
    return plan_tests(reference).setup


def prompt_of(reference: object) -> str:
    """Return the prompt of a reference with test code."""
    plan = plan_tests(reference)
    assert isinstance(plan, CodePlan)
    return plan.test_code.prompt


@pytest.mark.parametrize(
    "reference",
    [
        CALLS,
        CANONICAL,
        {"public_test_cases": '[{"input": "1", "output": "2", "testtype": "functional"}]',
         "metadata": '{"func_name": "f"}'},
        LEETCODE,
        CODE_R1,
        MBPP | {"starter_code": STARTER},
    ],
)  # fmt: skip
def test_tests_of_judge_sites_have_their_prelude(reference: object) -> None:
    """Calls, and test code that calls `Solution().f` or has starter code, are of judge sites."""
    assert setup_of(reference).prelude is None


@pytest.mark.parametrize(
    "reference", [RUNS, RUNS | {"starter_code": STARTER}, MBPP, LEETCODE | {"shared_process": True}]
)
def test_other_tests_have_no_prelude(reference: object) -> None:
    """A program that is run, and test code of another kind, has nothing before it."""
    assert setup_of(reference).prelude == ""


@pytest.mark.parametrize("key", ["prelude", "import_prefix"])
@pytest.mark.parametrize("reference", [RUNS, CALLS, CANONICAL])
def test_a_row_states_its_prelude(reference: dict[str, object], key: str) -> None:
    """The text of the row is the prelude, for programs that are run, too."""
    assert setup_of(reference | {key: "import math\n"}).prelude == "import math\n"


def test_the_prelude_of_test_code_is_part_of_its_prompt() -> None:
    """The harness runs it too, so that a broken one is found without a candidate."""
    reference = LEETCODE | {"import_prefix": "from typing import *"}

    assert prompt_of(reference) == "from typing import *\nimport math\n"
    assert setup_of(reference).prelude == ""


@pytest.mark.parametrize("reference", [RUNS, CALLS, CANONICAL, LEETCODE])
def test_none_turns_the_prelude_off(reference: dict[str, object]) -> None:
    """With `none`, nothing runs before the program, and the prompt stays the same."""
    assert setup_of(reference | {"prelude": "none"}).prelude == ""
    if reference is LEETCODE:
        assert prompt_of(LEETCODE | {"prelude": "none"}) == "import math\n"


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_prelude_is_absent(empty: object) -> None:
    """Datasets write an absent value as an empty string or null."""
    assert setup_of(CALLS | {"prelude": empty}).prelude is None


@pytest.mark.parametrize("value", ["import (", 7, ["import math"], False, "x = 1\n" * 100_000])
def test_a_prelude_that_is_not_python_is_refused(value: object) -> None:
    """Anything but Python in a text makes the row unusable, by its name."""
    with pytest.raises(VerifierError) as caught:
        plan_tests(CALLS | {"prelude": value})
    assert caught.value.field == "prelude"


def test_two_preludes_that_differ_are_refused() -> None:
    """A row has one prelude."""
    with pytest.raises(VerifierError, match="contradicts"):
        plan_tests(CALLS | {"prelude": "x = 1", "import_prefix": "x = 2"})


def test_a_misspelt_prelude_is_refused() -> None:
    """In the canonical form, a key that is nearly `prelude` is an error."""
    with pytest.raises(VerifierError, match="prelude"):
        plan_tests(CANONICAL | {"preludes": "x = 1"})


@pytest.mark.parametrize("reference", [CALLS, CANONICAL, LEETCODE])
def test_the_starter_code_is_read(reference: dict[str, object]) -> None:
    """The starter code of a row is kept as it is written, blanks at its end included."""
    assert setup_of(reference | {"starter_code": STARTER}).starter_code == STARTER


@pytest.mark.parametrize("value", [None, "", "  ", 7, ["class Solution:"]])
def test_a_starter_code_of_another_form_is_ignored(value: object) -> None:
    """The key belongs to the dataset."""
    assert setup_of(CALLS | {"starter_code": value}).starter_code == ""
