"""Tests of finding tests in the shapes of public datasets."""

import base64
import json
import pickle
import zlib
from typing import Any

import pytest

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.plan import plan_tests
from nova_code_verifier.verifier.types import CallCase, Checker, CheckerKind, StdioCase, TestPlan

PAIRS: dict[str, Any] = {"inputs": ["1 2\n", "3 4\n"], "outputs": ["3\n", "7\n"]}
LISTED: list[dict[str, Any]] = [
    {"input": "1 2\n", "output": "3\n"},
    {"input": "3 4\n", "output": "7\n"},
]
CASES = (
    StdioCase(stdin="1 2\n", expected_stdout="3\n"),
    StdioCase(stdin="3 4\n", expected_stdout="7\n"),
)


def plan_of(reference: object) -> TestPlan:
    """Return the plan of a row that has test cases."""
    plan = plan_tests(reference)
    assert isinstance(plan, TestPlan)
    return plan


def error_of(reference: object) -> VerifierError:
    """Return the error that a reference is refused with."""
    with pytest.raises(VerifierError) as caught:
        plan_tests(reference)
    return caught.value


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param(PAIRS, id="prime"),
        pytest.param(json.dumps(PAIRS), id="json"),
        pytest.param(PAIRS | {"fn_name": None}, id="no fn_name"),
        pytest.param(PAIRS | {"fn_name": ""}, id="empty fn_name"),
        pytest.param({key: json.dumps(value) for key, value in PAIRS.items()}, id="json lists"),
        pytest.param({"input_output": json.dumps(PAIRS), "difficulty": "hard"}, id="apps"),
        pytest.param(
            {"input_output": PAIRS, "query_id": "q", "language": "PYTHON", "solutions": "[]"},
            id="areal",
        ),
        pytest.param({"unit_tests": PAIRS}, id="unit_tests"),
        pytest.param(
            {"verifier_metadata": {"problem_id": 7, "unit_tests": PAIRS | {"fn_name": None}}},
            id="nemo gym",
        ),
        pytest.param({"ground_truth": json.dumps(PAIRS), "style": "rule"}, id="ground_truth"),
        pytest.param(
            {
                "data_source": "taco",
                "reward_model": {"style": "rule", "ground_truth": json.dumps(PAIRS)},
                "extra_info": {"index": 3},
            },
            id="verl",
        ),
        pytest.param(
            {
                "code": "print(sum(map(int, input().split())))",
                "test_cases": [
                    {"input": case["input"], "expected_output": case["output"]} for case in LISTED
                ],
                "all_tests_pass": True,
            },
            id="aws",
        ),
        pytest.param({"test_cases": LISTED}, id="test_cases"),
        pytest.param({"test_cases": json.dumps(LISTED)}, id="test_cases in json"),
        pytest.param({"test_cases": json.dumps(PAIRS)}, id="pairs in test_cases"),
        pytest.param({"tests": LISTED}, id="tests"),
        pytest.param({"tests": json.dumps(PAIRS)}, id="pairs in tests"),
        pytest.param(LISTED, id="list"),
        pytest.param(json.dumps(LISTED), id="list in json"),
        pytest.param({"ground_truth": json.dumps(LISTED)}, id="open-instruct"),
        pytest.param(
            {
                "verification_info": {
                    "language": "python",
                    "test_cases": [
                        case | {"type": "stdin_stdout", "fn_name": None} for case in LISTED
                    ],
                },
                "problem_id": "p",
            },
            id="open-r1",
        ),
        pytest.param(
            {
                "official_tests": LISTED,
                "examples": LISTED[:1],
                "generated_checker": None,
                "input_mode": "stdio",
                "time_limit": 1.0,
                "memory_limit": 256.0,
            },
            id="codeforces",
        ),
        pytest.param(
            {
                "public_test_cases": json.dumps([LISTED[0] | {"testtype": "stdin"}]),
                "private_test_cases": json.dumps([LISTED[1] | {"testtype": "stdin"}]),
                "metadata": "{}",
                "starter_code": "",
            },
            id="livecodebench",
        ),
        pytest.param({"public_test_cases": "[]", "private_test_cases": LISTED}, id="private only"),
        pytest.param(
            {
                "public_tests": {"input": ["1 2\n"], "output": ["3\n"]},
                "private_tests": {"input": [], "output": []},
                "generated_tests": {"input": ["3 4\n"], "output": ["7\n"]},
                "input_file": "",
                "output_file": "",
                "memory_limit_bytes": 0,
                "time_limit": None,
            },
            id="code_contests",
        ),
        pytest.param(
            {"test_cases": {"input": ["1 2\n", "3 4\n"], "output": ["3\n", "7\n"], "id": None}},
            id="columns",
        ),
        pytest.param({"inputs": [], "outputs": [], "test_cases": LISTED}, id="empty lists beside"),
    ],
)
def test_stdio_cases_are_found_in_every_shape(reference: object) -> None:
    """The same two stdio cases are found in each shape, in order."""
    assert plan_of(reference).cases == CASES


def call(arguments: tuple[object, ...], value: object, also: tuple[object, ...] = ()) -> CallCase:
    """Return a test case that calls `f`."""
    return CallCase(entry_point="f", arguments=arguments, expected_value=value, also_accepted=also)


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param(
            {"inputs": [[[1, 3], 1], [[2], 5]], "outputs": [[0, 2], [1]], "fn_name": "f"}, id="apps"
        ),
        pytest.param(
            {"inputs": ["[1, 3]\n1", "[2]\n5"], "outputs": ["[0, 2]", "[1]"], "fn_name": "f"},
            id="prime",
        ),
        pytest.param(
            {
                "test_cases": [
                    {"input": "[1, 3]\n1", "expected_output": "[0, 2]"},
                    {"input": "[2]\n5\n", "expected_output": "[1]"},
                ],
                "entry_point": "f",
            },
            id="aws",
        ),
        pytest.param(
            {
                "test_cases": [
                    {
                        "type": "function_call",
                        "fn_name": "f",
                        "input": [[1, 3], 1],
                        "output": [0, 2],
                    },
                    {"type": "function_call", "fn_name": "f", "input": [[2], 5], "output": [1]},
                ],
            },
            id="synthetic",
        ),
        pytest.param(
            {
                "public_test_cases": json.dumps(
                    [{"input": "[1, 3]\n1", "output": "[0, 2]", "testtype": "functional"}]
                ),
                "private_test_cases": json.dumps(
                    [{"input": "[2]\n5", "output": "[1]", "testtype": "functional"}]
                ),
                "metadata": json.dumps({"func_name": "f"}),
            },
            id="livecodebench",
        ),
        pytest.param(
            {
                "tests": json.dumps(
                    [
                        {
                            "input": given,
                            "output": expected,
                            "testtype": "functional",
                            "metadata": {"func_name": "f"},
                        }
                        for given, expected in (("[1, 3]\n1", "[0, 2]"), ("[2]\n5", "[1]"))
                    ]
                ),
            },
            id="deepcoder",
        ),
        pytest.param(
            {
                "input_output": {"inputs": ["[1, 3]\n1", "[2]\n5"], "outputs": ["[0, 2]", "[1]"]},
                "function_name": "f",
            },
            id="name outside",
        ),
    ],
)
def test_calls_are_found_in_every_shape(reference: object) -> None:
    """The same two calls of one function are found in each shape, in order."""
    assert plan_of(reference).cases == (call(([1, 3], 1), [0, 2]), call(([2], 5), [1]))


def test_settings_next_to_dataset_shapes_are_read() -> None:
    """A checker and limits are read next to the shape of a dataset."""
    plan = plan_of(PAIRS | {"checker": {"kind": "json"}, "limits": {"cpu_seconds": 1}})

    assert plan.checker == Checker(kind=CheckerKind.JSON)
    assert plan.limits.cpu_seconds == 1.0


def test_other_languages_are_refused() -> None:
    """A row for another language is an error, at any depth."""
    reference = {"verification_info": {"language": "cpp", "test_cases": LISTED}}

    assert error_of(reference).field == "verification_info.language"


@pytest.mark.parametrize(
    ("reference", "field", "word"),
    [
        (PAIRS | {"test_cases": LISTED}, "test_cases", "expected one of them"),
        ({"ground_truth": PAIRS, "input_output": PAIRS}, "ground_truth", "expected one of them"),
        ({"public_tests": LISTED, "public_test_cases": LISTED}, "public_tests", "one of them"),
        ({"inputs": ["1"]}, "outputs", "nothing"),
        ({"outputs": ["1"]}, "inputs", "nothing"),
        ({"inputs": ["1", "2"], "outputs": ["1"]}, "outputs", "1 outputs for 2 inputs"),
        ({"inputs": [], "outputs": []}, "inputs", "no test cases"),
        ({"inputs": "[]", "outputs": "[]"}, "inputs", "no test cases"),
        ({"inputs": {"a": 1}, "outputs": ["1"]}, "inputs", "a dict"),
        ({"inputs": "1 2", "outputs": ["1"]}, "inputs", "not JSON"),
        ({"input_output": {"inputs": ["1"]}}, "input_output.outputs", "nothing"),
        ({"input_output": ""}, "input_output", "no test cases"),
        ({"input_output": "nonsense"}, "input_output", "not JSON"),
        ({"input_output": 3}, "input_output", "a number"),
        ({"input_output": {"a": 1}}, "input_output", "'a'"),
        ({"test_cases": []}, "test_cases", "no test cases"),
        ({"test_cases": "[]"}, "test_cases", "no test cases"),
        ([], "reference", "no test cases"),
        ([{"output": "1"}], "reference[0].input", "nothing"),
        ({"test_cases": [3]}, "test_cases[0]", "a number"),
        ({"test_cases": [{"input": "1"}]}, "test_cases[0].output", "nothing"),
        ({"test_cases": [{"input": "1", "outputs": "1"}]}, "test_cases[0].output", "'outputs'"),
        (
            {"test_cases": [{"input": "1", "output": "1", "expected_output": "1"}]},
            "test_cases[0].expected_output",
            "expected one of them",
        ),
        ({"public_tests": {"input": ["1"], "output": []}}, "public_tests", "1 in 'input'"),
        ({"public_tests": {"input": ["1"], "output": 1}}, "public_tests.output", "a number"),
        ({"public_tests": 3}, "public_tests", "a number"),
        ({"public_tests": {"input": ["1"]}}, "public_tests[0].output", "nothing"),
        ({"test_list": []}, "test_list", "no test cases"),
        ({"test": ""}, "test", "no test cases"),
        ({"test_cases": [LISTED[0], "assert f(1) == 1"]}, "test_cases[1]", "a string of 16"),
        ({"answer": "positive"}, "answer", "set task to sentiment"),
        ({"opinions": []}, "opinions", "or to similarity"),
    ],
)
def test_wrong_rows_are_refused(reference: object, field: str, word: str) -> None:
    """The error names the wrong part of a row and what was found there."""
    error = error_of(reference)

    assert error.field == field
    assert word in error.problem


@pytest.mark.parametrize(
    ("reference", "field"),
    [
        (PAIRS | {"test": "assert f(1) == 1"}, "test"),
        (PAIRS | {"test_list": ["assert f(1) == 1"]}, "test_list"),
        (PAIRS | {"assert_case": ["assert f(1) == 1"], "fn_name": "f"}, "assert_case"),
        ({"test_cases": LISTED, "functional": "check(f)"}, "functional"),
        ({"tests": LISTED, "pytest": "def test_f(): ..."}, "pytest"),
        ({"ground_truth": PAIRS | {"test": "assert f(1) == 1"}}, "ground_truth.test"),
        ({"input_output": PAIRS, "test": "assert f(1) == 1", "entry_point": "f"}, "test"),
        ({"input_output": LISTED, "test": "assert f(1) == 1"}, "test"),
        ({"functional": "check(f)", "pytest": "def test_f(): ..."}, "pytest"),
        ({"test": "f(1) ==", "test_list": ["assert f(1) == 1"]}, "test_list"),
    ],
)
def test_test_code_next_to_other_tests_is_refused(reference: object, field: str) -> None:
    """Neither test code nor other tests are ignored if a row has both."""
    error = error_of(reference)

    assert error.field == field
    assert "expected one of them" in error.problem


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("input_file", "in.txt"),
        ("output_file", "out.txt"),
        ("input_mode", "file"),
    ],
)
def test_unsupported_tests_are_refused(key: str, value: str) -> None:
    """A file to read or write is an error: without it, right programs would fail."""
    error = error_of(PAIRS | {key: value})

    assert error.field == key
    assert "not supported yet" in error.problem


class Bomb:
    """An object that fails the test when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        """Return a call that fails the test."""
        return (pytest.fail, ("unpickled",))


def test_pickles_are_never_loaded() -> None:
    """A pickle of anything else than one string is an error that says what to do."""
    packed = base64.b64encode(zlib.compress(pickle.dumps(Bomb()))).decode()

    error = error_of({"public_test_cases": json.dumps(LISTED), "private_test_cases": packed})

    assert error.field == "private_test_cases"
    assert "never unpickled" in error.problem
    assert "convert" in error.problem


def test_too_many_wrappers_are_refused() -> None:
    """Tests in hundreds of nested wrappers are an error."""
    reference: object = PAIRS
    for _ in range(500):
        reference = {"ground_truth": reference}

    error = error_of(reference)

    assert error.field.startswith("ground_truth.ground_truth")
    assert "no tests in 6 nested dicts" in error.problem


@pytest.mark.parametrize("shape", ["inputs", "test_cases", "public_tests"])
def test_too_many_cases_are_refused(shape: str) -> None:
    """100,001 cases are an error in every shape."""
    count = 100_001
    reference = {
        "inputs": {"inputs": [""] * count, "outputs": [""] * count},
        "test_cases": {"test_cases": [{}] * count},
        "public_tests": {"public_tests": LISTED, "private_tests": LISTED * (count // 2)},
    }[shape]

    error = error_of(reference)

    assert error.field == shape
    assert "expected at most 100000" in error.problem
