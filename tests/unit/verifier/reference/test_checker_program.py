"""Tests of reading the checker programs that datasets bring."""

import json
from typing import Any

import pytest

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.plan import plan_tests
from nova_code_verifier.verifier.types import CheckerContract, CheckerProgram, TestPlan

ARGV = "import sys\nprint(int(open(sys.argv[3]).read() != ''))\n"
FUNCTION = (
    "def output_judging_function(input_str, candidate_output, reference_output):\n"
    "    return candidate_output == reference_output\n"
)
CODEFORCES: dict[str, Any] = {
    "id": "852/A",
    "time_limit": 1.0,
    "memory_limit": 256.0,
    "official_tests": [{"input": "1\r\n1\r\n", "output": "1\r\n1\r\n1\r\n"}],
    "input_mode": "stdio",
    "interaction_format": None,
    "generated_checker": ARGV,
}
HARDTESTS: dict[str, Any] = {
    "pid": "codeforces_1208_f",
    "test_cases": [{"input": "1 2\n", "output": "3\n"}],
    "test_cases_kit": {
        "pid": "codeforces_1208_f",
        "input_validator": "def validate_input(input_str): return True",
        "output_judging_function": FUNCTION,
    },
}
STDIO: dict[str, Any] = {
    "tests": {"kind": "stdio", "cases": [{"stdin": "1 2\n", "stdout": "3\n"}]},
}


def program_of(reference: object) -> CheckerProgram | None:
    """Return the checker program of a reference."""
    plan = plan_tests(reference)
    assert isinstance(plan, TestPlan)
    return plan.checker_program


def error_of(reference: object) -> VerifierError:
    """Return the error that a reference is refused with."""
    with pytest.raises(VerifierError) as caught:
        plan_tests(reference)
    return caught.value


def canonical(**checker: object) -> dict[str, object]:
    """Return a canonical reference with a checker of kind `program`."""
    return STDIO | {"checker": {"kind": "program", **checker}}


@pytest.mark.parametrize("wrapped", [CODEFORCES, json.dumps(CODEFORCES), {"tests": CODEFORCES}])
def test_a_generated_checker_is_run_with_arguments(wrapped: object) -> None:
    """open-r1/codeforces brings programs, at any depth of the row."""
    program = program_of(wrapped)

    assert program == CheckerProgram(source=ARGV, contract=CheckerContract.ARGV, path="")


@pytest.mark.parametrize(
    "row",
    [
        HARDTESTS,
        HARDTESTS | {"test_cases_kit": json.dumps(HARDTESTS["test_cases_kit"])},
        HARDTESTS | {"test_cases_kit": None, "output_judging_function": FUNCTION},
        HARDTESTS | {"output_judging_function": FUNCTION},
    ],
)
def test_an_output_judging_function_is_called(row: object) -> None:
    """HardTests brings functions, in the kit of the test cases or beside it."""
    program = program_of(row)

    assert program == CheckerProgram(source=FUNCTION, contract=CheckerContract.FUNCTION, path="")


def test_a_program_knows_where_it_was_found() -> None:
    """The problem of a trial names the field."""
    program = program_of(HARDTESTS)

    assert program
    assert program.path == "test_cases_kit.output_judging_function"


@pytest.mark.parametrize("empty", [None, "", "  \n"])
def test_no_source_is_no_program(empty: object) -> None:
    """Most rows have an empty column: they are compared by tokens."""
    assert program_of(CODEFORCES | {"generated_checker": empty}) is None
    assert program_of(HARDTESTS | {"test_cases_kit": {"output_judging_function": empty}}) is None


def test_a_kit_without_a_function_is_no_program() -> None:
    """Most problems of HardTests need no function."""
    assert program_of(HARDTESTS | {"test_cases_kit": {"input_validator": "…"}}) is None


@pytest.mark.parametrize(("contract", "source"), [("argv", ARGV), ("function", FUNCTION)])
@pytest.mark.parametrize("is_json", [True, False])
def test_a_canonical_program_is_read(contract: str, source: str, *, is_json: bool) -> None:
    """A `checker` of kind `program` has a source and a contract, and may be a JSON string."""
    reference = canonical(source=source, contract=contract)
    if is_json:
        reference["checker"] = json.dumps(reference["checker"])

    program = program_of(reference)

    assert program
    assert (program.source, program.contract) == (source, contract)


@pytest.mark.parametrize(
    ("checker", "field"),
    [
        ({"source": ARGV}, "checker.contract"),
        ({"source": ARGV, "contract": "stdin"}, "checker.contract"),
        ({"contract": "argv"}, "checker.source"),
        ({"contract": "argv", "source": " "}, "checker.source"),
        ({"contract": "argv", "source": 7}, "checker.source"),
        ({"contract": "argv", "source": ARGV, "abs_tol": 1e-6}, "checker.abs_tol"),
    ],
)
def test_a_bad_canonical_program_is_refused(checker: dict[str, object], field: str) -> None:
    """The error names the field."""
    assert error_of(canonical(**checker)).field == field


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('#include "testlib.h"\nint main() {}', "found a C++ checker (testlib)"),
        ("// checks\n  # include <bits/stdc++.h>\nint main() {}", "found a C++ checker,"),
        ("public class Check {}", "found no Python program"),
        ("print 1", "found no Python program"),
        ("a\0b", "found no Python program"),
        ("\ud800 = 1", "found no Python program"),
        ("(" * 10_000, "found no Python program"),
        ("import sys\nprint(eval(open(sys.argv[3]).read()))", "uses eval"),
        ("print(*map(eval, '1'))", "uses eval"),
        ("exec('print(1)')", "uses exec"),
    ],
)
def test_what_cannot_be_run_is_refused_by_name(source: str, found: str) -> None:
    """A checker in another language, or one whose verdict an output could forge, is an error."""
    error = error_of(CODEFORCES | {"generated_checker": source})

    assert error.field == "generated_checker"
    assert found in error.problem


def test_a_function_of_ones_own_may_be_named_eval() -> None:
    """A checker may define what it calls."""
    source = "def eval(text): return 1\nprint(eval('1'))"

    assert program_of(CODEFORCES | {"generated_checker": source})


def test_a_method_may_be_named_eval() -> None:
    """Only the built-in runs text."""
    assert program_of(CODEFORCES | {"generated_checker": "class A: pass\nA().eval('1')"})


def test_the_function_must_be_there() -> None:
    """A program without `output_judging_function` cannot be called."""
    row = HARDTESTS | {"test_cases_kit": {"output_judging_function": ARGV}}

    assert error_of(row).field == "test_cases_kit.output_judging_function"


@pytest.mark.parametrize(
    ("checker", "found"),
    [
        ('#include "testlib.h"\nint main() {}', "found a C++ checker (testlib)"),
        (ARGV, '"kind": "program"'),
    ],
)
def test_a_bare_source_is_no_kind(checker: str, found: str) -> None:
    """Code-Contests-Plus puts C++ into `checker`: it is named, and not taken for a kind."""
    error = error_of(STDIO | {"checker": checker})

    assert error.field == "checker"
    assert found in error.problem


@pytest.mark.parametrize(
    ("reference", "field"),
    [
        (CODEFORCES | {"checker": "tokens"}, "generated_checker"),
        (CODEFORCES | {"output_judging_function": FUNCTION}, "output_judging_function"),
        ({"tests": CODEFORCES, "generated_checker": "print(0)"}, "tests.generated_checker"),
    ],
)
def test_two_checkers_contradict_each_other(reference: object, field: str) -> None:
    """Nothing tells which of them is meant."""
    error = error_of(reference)

    assert (error.field, error.problem[:11]) == (field, "contradicts")


@pytest.mark.parametrize(
    "tests",
    [
        {"inputs": [[1]], "outputs": [2], "fn_name": "f"},
        {"test_list": ["assert f(1) == 2"]},
    ],
)
def test_a_program_compares_outputs_only(tests: dict[str, object]) -> None:
    """Calls and test code have no output for it."""
    assert error_of(tests | {"generated_checker": ARGV}).field == "generated_checker"
