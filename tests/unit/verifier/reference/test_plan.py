"""Test plans from references in the canonical form, and what every reference has in common."""

import json
import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.sandbox.types import Limits
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.plan import plan_tests
from nova_code_verifier.verifier.types import (
    CallCase,
    Checker,
    CheckerKind,
    CodePlan,
    StdioCase,
    TestCode,
    TestPlan,
)

STDIO: dict[str, Any] = {"kind": "stdio", "cases": [{"stdin": "1 2\n", "stdout": "3\n"}]}
CALL: dict[str, Any] = {
    "kind": "call",
    "entry_point": "add",
    "cases": [{"args": [1, 2], "expected": 3}],
}


def plan_of(reference: object) -> TestPlan:
    """Return the plan of a reference that has test cases."""
    plan = plan_tests(reference)
    assert isinstance(plan, TestPlan)
    return plan


def error_of(reference: object) -> VerifierError:
    """Return the error that a reference is refused with."""
    with pytest.raises(VerifierError) as caught:
        plan_tests(reference)
    return caught.value


def test_a_stdio_reference_becomes_its_cases() -> None:
    """A stdio case keeps its stdin and its stdout; all else has its default."""
    assert plan_of({"tests": STDIO}) == TestPlan(
        cases=(StdioCase(stdin="1 2\n", expected_stdout="3\n"),),
        checker=Checker(),
        limits=Limits(),
    )


def test_a_call_reference_becomes_its_cases() -> None:
    """A call case keeps the entry point, the arguments and the expected value, and no other."""
    assert plan_of({"tests": CALL}).cases == (
        CallCase(entry_point="add", arguments=(1, 2), expected_value=3),
    )


def test_a_code_reference_becomes_a_paper() -> None:
    """Test code becomes a test code, and limits hold for each of its questions."""
    tests = {"kind": "code", "code": "assert add(1, 2) == 3"}

    assert plan_tests({"tests": tests, "limits": {"cpu_seconds": 1}}) == CodePlan(
        test_code=TestCode(source="assert add(1, 2) == 3"),
        limits=Limits(cpu_seconds=1.0, wall_seconds=3.0),
    )


@pytest.mark.parametrize(
    "reference",
    [
        {"tests": {"kind": "code", "code": "assert f()"}},
        {"test": "assert f()"},
        {"test_cases": ["assert f()"]},
    ],
)
def test_a_checker_has_no_meaning_for_test_code(reference: dict[str, object]) -> None:
    """A checker that nobody would ask is an error, in every shape of test code."""
    error = error_of(reference | {"checker": "numeric"})

    assert error.field == "checker"
    assert "no meaning" in error.problem


def test_a_slip_beside_canonical_test_code_is_refused() -> None:
    """Limits under a misspelt name would go unheeded."""
    error = error_of({"tests": {"kind": "code", "code": "assert f()"}, "limit": {}})

    assert error.field == "limit"


def test_cases_stay_in_order() -> None:
    """The cases of a plan are in the order of the reference."""
    cases = [{"stdin": str(n), "stdout": ""} for n in range(5)]

    plan = plan_of({"tests": {"kind": "stdio", "cases": cases}})

    assert [case.stdin for case in plan.cases if isinstance(case, StdioCase)] == list("01234")


@pytest.mark.parametrize("value", [[[5]], {"1": 2}, None])
def test_canonical_values_mean_what_they_say(value: object) -> None:
    """Nothing is unwrapped or read another way in the canonical form."""
    reference = {"tests": CALL | {"cases": [{"args": [value], "expected": value}]}}

    assert plan_of(reference).cases == (
        CallCase(entry_point="add", arguments=(value,), expected_value=value),
    )


def test_nan_may_be_expected() -> None:
    """NaN in a JSON reference is the float."""
    (case,) = plan_of(json.dumps({"tests": CALL}).replace("3}", "NaN}")).cases

    assert isinstance(case, CallCase)
    assert isinstance(case.expected_value, float)
    assert math.isnan(case.expected_value)


def test_lone_surrogates_pass_through() -> None:
    """Text that no encoding can write is not our concern here."""
    tests = {"kind": "stdio", "cases": [{"stdin": "\ud800", "stdout": "\udfff"}]}

    assert plan_of({"tests": tests}).cases == (StdioCase(stdin="\ud800", expected_stdout="\udfff"),)


@pytest.mark.parametrize("times", [1, 2])
def test_a_reference_may_be_json(times: int) -> None:
    """A JSON string is read as what it holds, and so is a JSON string of that string."""
    reference: object = {"tests": STDIO}
    for _ in range(times):
        reference = json.dumps(reference)

    assert plan_of(reference) == plan_of({"tests": STDIO})


def test_json_three_times_over_is_refused() -> None:
    """There is an end to unpacking strings from strings."""
    reference = json.dumps(json.dumps(json.dumps({"tests": STDIO})))

    error = error_of(reference)

    assert error.field == "reference"
    assert "in one another" in error.problem


def test_parts_may_be_json() -> None:
    """Where a table has strings only, the parts of a reference are JSON strings."""
    reference = {
        "tests": json.dumps(STDIO | {"cases": json.dumps(STDIO["cases"])}),
        "checker": json.dumps({"kind": "numeric", "abs_tol": 0.5}),
        "limits": json.dumps({"cpu_seconds": 2}),
    }

    plan = plan_of(reference)

    assert plan.cases == plan_of({"tests": STDIO}).cases
    assert plan.checker == Checker(kind=CheckerKind.NUMERIC, abs_tol=0.5)
    assert plan.limits.cpu_seconds == 2


def test_null_means_absent() -> None:
    """Nulls, as tables insert them for absent keys, change nothing."""
    nulls = {"checker": None, "limits": None, "language": None, "inputs": None, "test": None}
    case = {"stdin": "1 2\n", "stdout": "3\n", "args": None, "expected": None}
    tests = {"kind": "stdio", "entry_point": None, "cases": [case]}

    assert plan_of({"tests": tests, **nulls}) == plan_of({"tests": STDIO})


@pytest.mark.parametrize(
    ("reference", "word"),
    [
        (None, "nothing"),
        (3, "a number"),
        (True, "a boolean"),
        ("", "not JSON"),
        ("positive", "not JSON"),
        ("{'inputs': [], 'outputs': []}", "not JSON"),
        pytest.param("[" * 100_000, "too deeply", id="deep"),
        pytest.param('{"tests": ' + "1" * 5000 + "}", "too many digits", id="digits"),
        ({}, "nothing"),
        ({"id": 1, "difficulty": "hard"}, "'difficulty'"),
        ({"test_case": []}, "did you mean 'test_cases'"),
        ({"test": STDIO}, "did you mean 'tests'"),
    ],
)
def test_what_holds_no_tests_is_refused(reference: object, word: str) -> None:
    """A reference without tests is an error that says what was found instead."""
    error = error_of(reference)

    assert error.field == "reference"
    assert word in error.problem


@pytest.mark.parametrize(
    ("tests", "field", "word"),
    [
        ({"cases": []}, "tests.kind", "nothing"),
        ({"kind": "stdi", "cases": []}, "tests.kind", "'stdi'"),
        ({"kind": "code"}, "tests.code", "nothing"),
        ({"kind": "stdio"}, "tests.cases", "nothing"),
        ({"kind": "stdio", "cases": []}, "tests.cases", "no test cases"),
        ({"kind": "stdio", "cases": {}}, "tests.cases", "a dict"),
        ({"kind": "stdio", "cases": [3]}, "tests.cases[0]", "a number"),
        ({"kind": "stdio", "cases": [{}]}, "tests.cases[0].stdin", "nothing"),
        ({"kind": "stdio", "cases": [{"stdin": ""}]}, "tests.cases[0].stdout", "nothing"),
        ({"kind": "stdio", "cases": [{"stdin": 1}]}, "tests.cases[0].stdin", "a number"),
        ({"kind": "stdio", "cases": [{"stdin": ["1"]}]}, "tests.cases[0].stdin", "a list"),
        ({"kind": "stdio", "cases": [{"sdtin": "1"}]}, "tests.cases[0].sdtin", "'stdin'"),
        (STDIO | {"inputs": ["1"]}, "tests.inputs", "unknown key"),
        (STDIO | {"entry_point": "f"}, "tests.entry_point", "unknown key"),
        (CALL | {"entry_pont": "f"}, "tests.entry_pont", "did you mean 'entry_point'"),
        (CALL | {"entry_point": None}, "tests.entry_point", "nothing"),
        (CALL | {"entry_point": ""}, "tests.entry_point", "''"),
        (CALL | {"entry_point": "f()"}, "tests.entry_point", "'f()'"),
        (CALL | {"entry_point": "a.b"}, "tests.entry_point", "Solution().f"),
        (CALL | {"entry_point": "Other().f"}, "tests.entry_point", "'Other().f'"),
        (CALL | {"entry_point": "import"}, "tests.entry_point", "'import'"),
        (CALL | {"cases": [{"args": 1, "expected": 1}]}, "tests.cases[0].args", "a number"),
        (CALL | {"cases": [{"expected": 1}]}, "tests.cases[0].args", "nothing"),
        (CALL | {"cases": [{"args": []}]}, "tests.cases[0].expected", "null is one"),
        (CALL | {"cases": [{"kwargs": {}}]}, "tests.cases[0].kwargs", "unknown key"),
    ],
)
def test_unsound_canonical_tests_are_refused(
    tests: dict[str, object], field: str, word: str
) -> None:
    """An error names the unsound part of the tests, and what was found there."""
    error = error_of({"tests": tests})

    assert error.field == field
    assert word in error.problem


def test_an_error_names_the_case() -> None:
    """The path of an error counts the cases from 0."""
    cases = [{"stdin": "", "stdout": ""}] * 3 + [{"stdin": 4, "stdout": ""}]

    assert error_of({"tests": STDIO | {"cases": cases}}).field == "tests.cases[3].stdin"


def test_errors_do_not_tell_secrets() -> None:
    """An error shows neither questions nor expected answers."""
    case = {"stdin": ["a secret question"], "stdout": ["a secret answer"]}

    assert "secret" not in str(error_of({"tests": STDIO | {"cases": [case]}}))


def test_a_method_of_solution_may_be_called() -> None:
    """`Solution().f` is an entry point."""
    (case,) = plan_of({"tests": CALL | {"entry_point": "Solution().f"}}).cases

    assert isinstance(case, CallCase)
    assert case.entry_point == "Solution().f"


def test_too_many_cases_are_refused() -> None:
    """One case more than 100,000 is an error, and found early."""
    error = error_of({"tests": STDIO | {"cases": [None] * 100_001}})

    assert error.field == "tests.cases"
    assert "100001" in error.problem


@pytest.mark.parametrize("key", ["test", "limit", "Checker", "langauge"])
def test_a_slip_beside_canonical_tests_is_refused(key: str) -> None:
    """A key that looks like one of ours was meant to be it."""
    error = error_of({"tests": STDIO, key: {}})

    assert error.field == key
    assert "did you mean" in error.problem


@pytest.mark.parametrize("key", ["id", "prompt", "text", "n_tests", "time", "lang", "solution"])
def test_other_keys_beside_canonical_tests_are_left_alone(key: str) -> None:
    """A row may carry whatever else its dataset has."""
    assert plan_of({"tests": STDIO, key: "x"}) == plan_of({"tests": STDIO})


@pytest.mark.parametrize("key", ["inputs", "test_cases", "ground_truth", "public_tests"])
def test_canonical_tests_beside_others_are_refused(key: str) -> None:
    """Two sets of tests contradict each other, even if one is canonical."""
    error = error_of({"tests": STDIO, key: ["1"]})

    assert "'tests'" in error.problem
    assert repr(key) in error.problem


@pytest.mark.parametrize("kind", list(CheckerKind))
def test_a_checker_may_be_a_name(kind: CheckerKind) -> None:
    """Each kind of checker is known by its name, alone or in a dict."""
    alone = plan_of({"tests": STDIO, "checker": kind.value}).checker

    assert alone == plan_of({"tests": STDIO, "checker": {"kind": kind.value}}).checker
    assert alone == Checker(kind=kind)


def test_a_numeric_checker_has_tolerances() -> None:
    """Tolerances are taken over; 0 is one."""
    checker = {"kind": "numeric", "abs_tol": 0, "rel_tol": 1e-3}

    assert plan_of({"tests": STDIO, "checker": checker}).checker == Checker(
        kind=CheckerKind.NUMERIC, abs_tol=0.0, rel_tol=1e-3
    )


@pytest.mark.parametrize(
    ("checker", "field", "word"),
    [
        ("token", "checker", "'token'"),
        (3, "checker", "a number"),
        ({}, "checker.kind", "nothing"),
        ({"type": "tokens"}, "checker.type", "unknown key"),
        ({"kind": "numeric", "abs": 1}, "checker.abs", "unknown key"),
        ({"kind": ["numeric"]}, "checker.kind", "a list"),
        ({"kind": "tokens", "abs_tol": 1}, "checker.abs_tol", "only for numeric"),
        ({"kind": "numeric", "abs_tol": -1}, "checker.abs_tol", "-1"),
        ({"kind": "numeric", "abs_tol": True}, "checker.abs_tol", "True"),
        ({"kind": "numeric", "abs_tol": "1"}, "checker.abs_tol", "'1'"),
        ({"kind": "numeric", "abs_tol": math.inf}, "checker.abs_tol", "inf"),
        pytest.param(
            {"kind": "numeric", "abs_tol": 10**5000}, "checker.abs_tol", "huge", id="huge"
        ),
        ({"kind": "numeric", "rel_tol": math.nan}, "checker.rel_tol", "nan"),
        ({"kind": "numeric", "rel_tol": 1.5}, "checker.rel_tol", "1.5"),
    ],
)
def test_unsound_checkers_are_refused(checker: object, field: str, word: str) -> None:
    """An error names the unsound part of the checker, and what was found there."""
    error = error_of({"tests": STDIO, "checker": checker})

    assert error.field == field
    assert word in error.problem


@pytest.mark.parametrize("language", ["python", "py", "Python3", "PYTHON", ""])
def test_python_has_several_names(language: str) -> None:
    """Python is known by its usual names, and is meant where nothing is said."""
    assert plan_of({"tests": STDIO, "language": language}).cases


@pytest.mark.parametrize("language", ["cpp", "python2", 3])
def test_other_languages_are_refused(language: object) -> None:
    """A candidate in another language is not run as Python."""
    error = error_of({"tests": STDIO, "language": language})

    assert error.field == "language"
    assert "expected" in error.problem


def test_many_cases_are_planned_fast() -> None:
    """Planning takes time in proportion to the cases, and little of it."""
    cases = [{"input": "[1, 2]\n3", "output": "[3]", "testtype": "functional"}] * 20_000
    started = time.process_time()

    plan = plan_of({"test_cases": cases, "fn_name": "f"})

    assert len(plan.cases) == 20_000
    assert time.process_time() - started < 2.0  # 0.2 s where it was written


WORDS = """
    tests kind cases entry_point stdin stdout args expected checker abs_tol rel_tol limits
    cpu_seconds wall_seconds memory_mb output_bytes language inputs outputs fn_name test_cases
    input output expected_output input_output ground_truth reward_model unit_tests type testtype
    verifier_metadata verification_info official_tests public_test_cases private_test_cases
    metadata func_name public_tests private_tests time_limit seconds nanos memory_limit
    memory_limit_bytes test answer test_list challenge_test_list test_imports test_setup_code
    assert_case functional pytest prompt import_statement code style modules shared_process other
"""
KEYS = st.sampled_from(WORDS.split())
SETTINGS = ["stdio", "call", "code", "f", "functional", "stdin", "python", "numeric", "2 seconds"]
SOURCES = ["[1]\n2", "assert f() == 1", "import math", "def f():"]
TEXTS = st.text(max_size=8) | st.sampled_from([*SETTINGS, *SOURCES])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=5)
        | inner.map(json.dumps)
    ),
    max_leaves=25,
)


def plan_or_error(reference: object) -> TestPlan | CodePlan | VerifierError:
    """Return what comes of a reference, as long as it is a plan or a `VerifierError`."""
    try:
        return plan_tests(reference)
    except VerifierError as error:
        return error


@given(JSON)
def test_any_json_is_planned_or_refused(reference: object) -> None:
    """Whatever a trainer sends, the answer is a plan with tests in it or a `VerifierError`."""
    outcome = plan_or_error(reference)

    match outcome:
        case TestPlan():
            assert outcome.cases
        case CodePlan():
            assert outcome.test_code.source.strip()
        case VerifierError():
            assert outcome.field
            assert outcome.problem


@given(
    st.fixed_dictionaries(
        {"tests": st.just(STDIO)},
        optional={"limits": JSON, "checker": JSON, "time_limit": JSON, "memory_limit": JSON},
    ),
    st.lists(st.dictionaries(KEYS, JSON, max_size=4), max_size=1),
)
def test_nearly_sound_references_are_planned_or_refused(
    reference: dict[str, dict[str, Any]], cases: list[dict[str, object]]
) -> None:
    """So it is with references that are nearly right, and a plan's limits are in range."""
    tests = STDIO | {"cases": [*STDIO["cases"], *cases]}

    outcome = plan_or_error(reference | {"tests": tests})

    assert isinstance(outcome, VerifierError) or 0 < outcome.limits.cpu_seconds <= 3600
