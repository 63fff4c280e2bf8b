"""Tests of refusing columns that would be misread."""

from typing import Any

import pytest

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.plan import plan_tests
from nova_code_verifier.verifier.types import CallCase, TestPlan

TESTS: dict[str, Any] = {"inputs": ["1 2\n"], "outputs": ["3\n"]}
CANONICAL = {"kind": "stdio", "cases": [{"stdin": "1 2\n", "stdout": "3\n"}]}
CASE = {"input": "1 2\n", "output": "3\n"}


def field_of(reference: object) -> str:
    """Return the field of the error that a reference is refused with."""
    with pytest.raises(VerifierError) as caught:
        plan_tests(reference)
    return caught.value.field


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("checker_interactor", "#include"),
        ("interaction_format", "Ask a question."),
        ("type", "spj"),
        ("problem_type", "interactive"),
        ("judge_mode", "Special Judge"),
        ("type", "special"),
        ("spj", True),
        ("is_spj", 1),
        ("special_judge", "yes"),
        ("specialJudge", True),
        ("interactive", True),
        ("isInteractive", True),
        ("custom_checker", "def check(): ..."),
        ("checker_code", "int main"),
        ("grader", "grader.cpp"),
        ("comparator", "float"),
        ("output_validators", ["check.py"]),
        ("validator_flags", "float_tolerance 1e-6"),
        ("testlib", "checker.cpp"),
        ("tolerance", 1e-6),
        ("float_tolerance", "1e-4"),
        ("eps", 1e-9),
        ("official_tests_complete", False),
        ("lang", "cpp"),
        ("programming_language", "Java"),
        ("programmingLanguage", "rust"),
        ("language", "pl"),
        ("target_lang", "go"),
        ("language_id", 54),
        ("compiler", "g++"),
        ("lang", "Python 2"),
        ("stack_limit", 64),
        ("output_limit", "64 MB"),
        ("extended_time_limit", 3),
        ("time_limits", {"cpp": 1}),
        ("official_tests_complete", "false"),
        ("tests_truncated", True),
        ("abs_tol", 1e-3),
        ("relative_error", "1e-4"),
        ("scoring_function", "def score(): ..."),
        ("evalFunction", "def evaluate(): ..."),
        ("ignore_case", True),
        ("case_sensitive", False),
        ("order_matters", "false"),
        ("languages", ["cpp", "java"]),
        ("io_mode", "file"),
        ("inputFile", "sum.in"),
        ("output_filename", "sum.out"),
    ],
)
def test_a_key_that_would_be_misread_is_refused(key: str, value: object) -> None:
    """A set key about judging, languages or limits that nothing reads is an error, by its name."""
    assert field_of(TESTS | {key: value}) == key
    assert field_of({"verification_info": TESTS | {key: value}}) == f"verification_info.{key}"
    assert field_of({"tests": CANONICAL, key: value}) == key


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("interaction_format", None),
        ("interaction_format", ""),
        ("spj", False),
        ("spj", 0),
        ("special_judge", "no"),
        ("is_interactive", "false"),
        ("judge_type", "standard"),
        ("checkers", []),
        ("type", "traditional"),
        ("problem_type", "stdin"),
        ("official_tests_complete", True),
        ("validator", "int main() { registerValidation(); }"),
        ("input_validator", "def validate_input(s): ..."),
        ("generator", "gen.cpp"),
        ("llm_judge_score", 0.5),
        ("judge_model", "gpt"),
        ("judge_reasoning", "It is right."),
        ("online_judge", "codeforces"),
        ("score_precision", 2),
        ("precision", "bf16"),
        ("atol", 0),
        ("tolerance", float("nan")),
        ("interaction_id", "u-1"),
        ("lang", "python3"),
        ("lang", "PyPy 3"),
        ("language", "Python 3.11"),
        ("language", "en"),
        ("language", "zh-CN"),
        ("question_language", "sv"),
        ("natural_language", "sv"),
        ("language_model", "llama"),
        ("languages", ["python", "cpp"]),
        ("compiler_output", "warning"),
        ("token_limit", 4096),
        ("code_length_limit", 50),
        ("time_limit_exceeded_rate", 0.5),
        ("Expected Time Complexity", "O(n)"),
        ("time", 5),
        ("difficulty", "hard"),
        ("official_tests_complete", None),
        ("checker", float("nan")),
        ("language", float("nan")),
        ("time_limit", float("nan")),
        ("memory_limit_mb", float("nan")),
        ("input_file", "standard input"),
        ("outputFile", "stdout"),
        ("input_file_count", 3),
        ("io_mode", "stdio"),
        ("case_sensitive", True),
        ("order_matters", None),
        ("tests_complete", True),
        ("submission_language", "cpp"),
        ("scoring", ""),
    ],
)
def test_ordinary_columns_are_ignored(key: str, value: object) -> None:
    """Columns that say nothing, or that measure something, refuse no row."""
    assert plan_tests(TESTS | {key: value}) == plan_tests(TESTS)


@pytest.mark.parametrize("side", ["metadata", "extra_info", "labels"])
@pytest.mark.parametrize(
    ("key", "value"), [("language", "cpp"), ("spj", True), ("checker", "wcmp"), ("type", "spj")]
)
def test_dicts_beside_the_tests_are_looked_into(side: str, key: str, value: object) -> None:
    """The language and the judge of a row may be in its metadata, also as JSON."""
    assert field_of(TESTS | {side: {key: value}}) == f"{side}.{key}"


def test_metadata_in_json_is_looked_into() -> None:
    """Broken JSON there belongs to the dataset."""
    assert field_of(TESTS | {"metadata": '{"lang": "cpp"}'}) == "metadata.lang"
    assert plan_tests(TESTS | {"metadata": '{"lang": "cpp"'}) == plan_tests(TESTS)


def test_limits_beside_the_tests_are_ignored() -> None:
    """The limits in `metadata` are those of another judge."""
    row = TESTS | {"metadata": {"time_limit": "1 s", "func_name": None}}

    assert plan_tests(row).limits == plan_tests(TESTS).limits


@pytest.mark.parametrize(
    ("key", "value"), [("checker", "wcmp"), ("time_limit", 2), ("spj", True), ("tolerance", 0.1)]
)
def test_a_case_with_a_setting_of_its_own_is_refused(key: str, value: object) -> None:
    """The error names the first case that has it."""
    cases = [CASE | {key: None}, CASE | {key: value}]

    assert field_of({"test_cases": cases}) == f"test_cases[1].{key}"


def test_ordinary_keys_of_cases_are_ignored() -> None:
    """Ids and remarks of cases are ignored."""
    plain = plan_tests({"test_cases": [CASE]})

    assert plan_tests({"test_cases": [CASE | {"test_i": 1, "is_public": True}]}) == plain


@pytest.mark.parametrize("expression", ["result == expected", "list(result)==expected", "fuzzy"])
def test_calls_may_be_compared_by_equality(expression: str) -> None:
    """The rows of QuixBugs say how they compare; a word is a column of another kind."""
    row = {"fn_name": "f", "testcases": [{"args": [1], "expected": 2}], "compare": expression}
    plan = plan_tests(row)

    assert isinstance(plan, TestPlan)
    assert plan.cases == (CallCase(entry_point="f", arguments=(1,), expected_value=2),)


def test_another_comparison_is_refused() -> None:
    """Calls would be compared otherwise than the data set does."""
    row = {"fn_name": "f", "testcases": [{"args": [1], "expected": 2}]}

    assert field_of(row | {"compare": "abs(result - expected) < 1"}) == "compare"
