"""Tests of reading the raw test cases of dataset rows."""

from typing import Any

import pytest

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.datasets.rows import RawCase, read_raw_cases
from nova_code_verifier.verifier.reference.datasets.shapes import ListedTests, PairedTests
from nova_code_verifier.verifier.reference.plan import plan_tests
from nova_code_verifier.verifier.types import StdioCase, TestPlan

CASE: dict[str, Any] = {"input": "1 2\n", "output": "3\n"}
PAIR: dict[str, Any] = {"inputs": ["1 2\n"], "outputs": ["3\n"]}


def error_of(reference: object) -> VerifierError:
    """Return the error that a reference is refused with."""
    with pytest.raises(VerifierError) as caught:
        plan_tests(reference)
    return caught.value


def test_pairs_are_read_unchanged() -> None:
    """Each raw case has its input and its output, as they are, with their paths."""
    row: dict[str, object] = {"inputs": [[1, "2"]], "outputs": [None], "fn_name": "f"}
    tests = PairedTests(field="row", values=row)

    assert read_raw_cases(tests, [tests]) == [
        RawCase(
            input_field="row.inputs[0]",
            input=[1, "2"],
            output_field="row.outputs[0]",
            output=None,
            entry_point="f",
        )
    ]


def test_listed_cases_are_read_unchanged() -> None:
    """The cases of all lists are read in order, and a `testtype` makes a case literal."""
    public: list[object] = [CASE]
    private: list[object] = [{"input": "1", "expected_output": "2", "testtype": "stdin"}]
    lists = (("public", public), ("private", private))

    assert read_raw_cases(ListedTests(lists=lists), []) == [
        RawCase(
            input_field="public[0].input",
            input="1 2\n",
            output_field="public[0].output",
            output="3\n",
            entry_point=None,
        ),
        RawCase(
            input_field="private[0].input",
            input="1",
            output_field="private[0].expected_output",
            output="2",
            entry_point=None,
            literal=True,
        ),
    ]


@pytest.mark.parametrize(
    ("reference", "field", "word"),
    [
        ({"test_cases": [CASE | {"type": "functional"}]}, "type", "contradicts"),
        ({"test_cases": [CASE | {"testtype": "functional"}]}, "testtype", "none"),
        ({"test_cases": [CASE | {"type": "hidden"}]}, "type", "'hidden'"),
        ({"test_cases": [CASE | {"type": 3}]}, "type", "a number"),
        (
            {"test_cases": [CASE | {"type": "stdin", "fn_name": "f"}]},
            "type",
            "contradicts the function name: 'f'",
        ),
        ({"test_cases": [CASE | {"fn_name": 3}]}, "fn_name", "a number"),
        ({"test_cases": [CASE | {"fn_name": "a b"}]}, "fn_name", "'a b'"),
        ({"test_cases": [CASE | {"fn_name": "f", "func_name": "g"}]}, "func_name", "'g'"),
    ],
)
def test_wrong_kinds_and_function_names_are_refused(
    reference: object, field: str, word: str
) -> None:
    """The kind and the function name of a case must be known and must agree."""
    error = error_of(reference)

    assert error.field == f"test_cases[0].{field}"
    assert word in error.problem


def test_a_case_with_another_function_than_its_row_is_refused() -> None:
    """A case and its row that name different functions are an error."""
    reference = {"test_cases": [{"input": "1", "output": "1", "fn_name": "g"}], "fn_name": "f"}

    error = error_of(reference)

    assert error.field == "test_cases[0]"
    assert "'g'" in error.problem


def test_a_row_with_two_functions_is_refused() -> None:
    """Nested dicts that name different functions are an error."""
    error = error_of({"entry_point": "g", "input_output": PAIR | {"fn_name": "f"}})

    assert error.field == "entry_point"
    assert "'f'" in error.problem


def test_cases_of_two_kinds_are_refused() -> None:
    """A row with a stdio case and a call is an error."""
    cases = [{"input": "1", "output": "1"}, {"input": "1", "output": "1", "fn_name": "f"}]

    error = error_of({"test_cases": cases})

    assert error.field == "test_cases[1].input"
    assert "found a call case, expected a stdio case" in error.problem


@pytest.mark.timeout(60)
def test_the_largest_allowed_number_of_listed_cases_is_read() -> None:
    """100,000 calls are read; quadratic time would exceed the test's timeout."""
    case = {"input": "[1, 2]\n3", "output": "[3]", "testtype": "functional"}

    plan = plan_tests({"test_cases": [case] * 100_000, "fn_name": "f"})

    assert isinstance(plan, TestPlan)
    assert len(plan.cases) == 100_000


def test_other_metadata_is_ignored() -> None:
    """`metadata` is a common key: only a `func_name` in it is read."""
    plan = plan_tests(PAIR | {"metadata": "not { json"})

    assert isinstance(plan, TestPlan)
    assert plan.cases == (StdioCase(stdin="1 2\n", expected_stdout="3\n"),)
