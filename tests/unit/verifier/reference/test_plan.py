"""Tests of reading references in the canonical form."""

import json
import math
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
    Groups,
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
CODE: dict[str, Any] = {"kind": "code", "code": "assert f(1) == 2"}


def plan_of(reference: object) -> TestPlan:
    """Return the plan of a reference that has test cases."""
    plan = plan_tests(reference)
    assert isinstance(plan, TestPlan)
    return plan


def code_of(tests: dict[str, object]) -> TestCode:
    """Return the test code of *tests*."""
    plan = plan_tests({"tests": tests})
    assert isinstance(plan, CodePlan)
    return plan.test_code


def error_of(reference: object) -> VerifierError:
    """Return the error that a reference is refused with."""
    with pytest.raises(VerifierError) as caught:
        plan_tests(reference)
    return caught.value


def test_stdio_cases_are_read() -> None:
    """A stdio case has its stdin and stdout, and the checker and the limits are the defaults."""
    assert plan_of({"tests": STDIO}) == TestPlan(
        cases=(StdioCase(stdin="1 2\n", expected_stdout="3\n"),),
        checker=Checker(),
        limits=Limits(),
    )


def test_call_cases_are_read() -> None:
    """A call case has the entry point, the arguments and one expected value."""
    assert plan_of({"tests": CALL}).cases == (
        CallCase(entry_point="add", arguments=(1, 2), expected_value=3),
    )


def test_test_code_is_read() -> None:
    """Test code becomes a `CodePlan` with its limits."""
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
def test_a_checker_next_to_test_code_is_refused(reference: dict[str, object]) -> None:
    """A checker that would never be used is an error, in every shape of test code."""
    error = error_of(reference | {"checker": "numeric"})

    assert error.field == "checker"
    assert "remove the checker" in error.problem


def test_a_misspelt_key_next_to_test_code_is_refused() -> None:
    """Limits under a misspelt key are an error, because they would be ignored."""
    error = error_of({"tests": {"kind": "code", "code": "assert f()"}, "limit": {}})

    assert error.field == "limit"


def test_cases_keep_their_order() -> None:
    """The cases of a plan are in the order of the reference."""
    cases = [{"stdin": str(n), "stdout": ""} for n in range(5)]

    plan = plan_of({"tests": {"kind": "stdio", "cases": cases}})

    assert [case.stdin for case in plan.cases if isinstance(case, StdioCase)] == list("01234")


@pytest.mark.parametrize("value", [[[5]], {"1": 2}, None])
def test_canonical_values_have_one_reading(value: object) -> None:
    """In the canonical form, no value is unwrapped and no key is converted."""
    reference = {"tests": CALL | {"cases": [{"args": [value], "expected": value}]}}

    assert plan_of(reference).cases == (
        CallCase(entry_point="add", arguments=(value,), expected_value=value),
    )


def test_nan_is_read_as_a_float() -> None:
    """NaN in a JSON reference is the float."""
    (case,) = plan_of(json.dumps({"tests": CALL}).replace("3}", "NaN}")).cases

    assert isinstance(case, CallCase)
    assert isinstance(case.expected_value, float)
    assert math.isnan(case.expected_value)


def test_lone_surrogates_are_kept() -> None:
    """Text that UTF-8 cannot encode is not changed."""
    tests = {"kind": "stdio", "cases": [{"stdin": "\ud800", "stdout": "\udfff"}]}

    assert plan_of({"tests": tests}).cases == (StdioCase(stdin="\ud800", expected_stdout="\udfff"),)


@pytest.mark.parametrize("times", [1, 2])
def test_a_reference_may_be_json(times: int) -> None:
    """A JSON string is decoded, and so is a JSON string of that string."""
    reference: object = {"tests": STDIO}
    for _ in range(times):
        reference = json.dumps(reference)

    assert plan_of(reference) == plan_of({"tests": STDIO})


def test_json_encoded_three_times_is_refused() -> None:
    """A JSON string in a JSON string in a JSON string is an error."""
    reference = json.dumps(json.dumps(json.dumps({"tests": STDIO})))

    error = error_of(reference)

    assert error.field == "reference"
    assert "nested more than 2 deep" in error.problem


def test_parts_may_be_json() -> None:
    """`tests`, `cases`, `checker` and `limits` may be JSON strings."""
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
    """A key with the value null is ignored."""
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
def test_references_without_tests_are_refused(reference: object, word: str) -> None:
    """The error for a reference without tests says what was found instead."""
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
        (CALL | {"entry_point": "Other().g().f"}, "tests.entry_point", "'Other().g().f'"),
        (CALL | {"entry_point": "import"}, "tests.entry_point", "'import'"),
        (CALL | {"cases": [{"args": 1, "expected": 1}]}, "tests.cases[0].args", "a number"),
        (CALL | {"cases": [{"expected": 1}]}, "tests.cases[0].args", "nothing"),
        (CALL | {"cases": [{"args": []}]}, "tests.cases[0].expected", "null is one"),
        (CALL | {"cases": [{"kwargs": {}}]}, "tests.cases[0].kwargs", "unknown key"),
    ],
)
def test_wrong_canonical_tests_are_refused(tests: dict[str, object], field: str, word: str) -> None:
    """The error names the wrong part of the tests and what was found there."""
    error = error_of({"tests": tests})

    assert error.field == field
    assert word in error.problem


def test_an_error_names_the_case() -> None:
    """The path in an error has the index of the case, counted from 0."""
    cases = [{"stdin": "", "stdout": ""}] * 3 + [{"stdin": 4, "stdout": ""}]

    assert error_of({"tests": STDIO | {"cases": cases}}).field == "tests.cases[3].stdin"


def test_errors_quote_no_secrets() -> None:
    """An error quotes neither questions nor expected answers."""
    case = {"stdin": ["a secret question"], "stdout": ["a secret answer"]}

    assert "secret" not in str(error_of({"tests": STDIO | {"cases": [case]}}))


def test_a_method_of_solution_may_be_the_entry_point() -> None:
    """`Solution().f` is an entry point."""
    (case,) = plan_of({"tests": CALL | {"entry_point": "Solution().f"}}).cases

    assert isinstance(case, CallCase)
    assert case.entry_point == "Solution().f"


def test_too_many_cases_are_refused() -> None:
    """100,001 cases are an error."""
    error = error_of({"tests": STDIO | {"cases": [None] * 100_001}})

    assert error.field == "tests.cases"
    assert "100001" in error.problem


@pytest.mark.timeout(60)
def test_the_largest_allowed_number_of_cases_is_read() -> None:
    """100,000 cases in as many groups are read; quadratic time would exceed the test's timeout."""
    count = 100_000
    cases = [{"stdin": "1", "stdout": "2", "group": str(index)} for index in range(count)]
    points = {str(index): 1 for index in range(count)}

    plan = plan_of({"tests": {"kind": "stdio", "cases": cases, "groups": points}})

    assert len(plan.cases) == count
    assert plan.groups is not None
    assert plan.groups.of_case == tuple(range(count))


@pytest.mark.parametrize("key", ["test", "limit", "Checker", "langauge"])
def test_a_misspelt_key_next_to_tests_is_refused(key: str) -> None:
    """A key that looks like one of ours is an error with a hint."""
    error = error_of({"tests": STDIO, key: {}})

    assert error.field == key
    assert "did you mean" in error.problem


@pytest.mark.parametrize(
    "key", ["id", "prompt", "text", "n_tests", "time", "judge_score", "solution"]
)
def test_other_keys_next_to_tests_are_ignored(key: str) -> None:
    """A key that looks like none of ours is ignored."""
    assert plan_of({"tests": STDIO, key: "x"}) == plan_of({"tests": STDIO})


@pytest.mark.parametrize("key", ["inputs", "test_cases", "ground_truth", "public_tests"])
def test_canonical_tests_next_to_other_tests_are_refused(key: str) -> None:
    """The error for two sets of tests names the keys of both."""
    error = error_of({"tests": STDIO, key: ["1"]})

    assert "'tests'" in error.problem
    assert repr(key) in error.problem


def test_the_checker_of_a_run_is_for_references_that_name_none() -> None:
    """A reference's own checker has precedence, and test code has none."""
    exact = Checker(kind=CheckerKind.EXACT)
    named = plan_tests({"tests": STDIO, "checker": "json"}, default_checker=exact)
    unnamed = plan_tests({"tests": STDIO}, default_checker=exact)

    assert isinstance(named, TestPlan)
    assert isinstance(unnamed, TestPlan)
    assert (named.checker.kind, unnamed.checker) == (CheckerKind.JSON, exact)
    assert isinstance(plan_tests({"test_list": ["assert f(1)"]}, default_checker=exact), CodePlan)


@pytest.mark.parametrize("kind", list(CheckerKind))
def test_a_checker_may_be_a_name(kind: CheckerKind) -> None:
    """Each kind of checker may be written as a name or as a dict."""
    alone = plan_of({"tests": STDIO, "checker": kind.value}).checker

    assert alone == plan_of({"tests": STDIO, "checker": {"kind": kind.value}}).checker
    assert alone == Checker(kind=kind)


def test_a_numeric_checker_has_tolerances() -> None:
    """The tolerances of a checker are read, and 0 is allowed."""
    checker = {"kind": "numeric", "abs_tol": 0, "rel_tol": 1e-3}

    assert plan_of({"tests": STDIO, "checker": checker}).checker == Checker(
        kind=CheckerKind.NUMERIC, abs_tol=0.0, rel_tol=1e-3
    )


@pytest.mark.parametrize(
    ("written", "checker"),
    [
        ({"type": "tokens"}, Checker(kind=CheckerKind.TOKENS)),
        (
            {"type": "tokens", "case_sensitive": False, "abs_tol": None, "rel_tol": None},
            Checker(kind=CheckerKind.CASE_INSENSITIVE),
        ),
        (
            {"type": "tokens", "case_sensitive": False, "abs_tol": 1e-8},
            Checker(abs_tol=1e-8, rel_tol=0.0, case_sensitive=False),
        ),
        ({"kind": "numeric", "case_sensitive": False}, Checker(case_sensitive=False)),
    ],
)
def test_a_checker_may_be_written_as_in_kattis_packages(written: object, checker: Checker) -> None:
    """A tolerance makes it numeric, and one that is not named is 0."""
    assert plan_of({"tests": STDIO, "checker": written}).checker == checker


@pytest.mark.parametrize(
    ("checker", "field", "word"),
    [
        ("token", "checker", "'token'"),
        (3, "checker", "a number"),
        ({}, "checker.kind", "nothing"),
        ({"type": "floats"}, "checker.type", "'floats'"),
        ({"type": "tokens", "kind": "tokens"}, "checker.type", "unknown key"),
        ({"type": "tokens", "case_sensitive": 1}, "checker.case_sensitive", "true or false"),
        ({"kind": "exact", "case_sensitive": False}, "checker.case_sensitive", "only for numeric"),
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
def test_wrong_checkers_are_refused(checker: object, field: str, word: str) -> None:
    """The error names the wrong part of the checker and what was found there."""
    error = error_of({"tests": STDIO, "checker": checker})

    assert error.field == field
    assert word in error.problem


@pytest.mark.parametrize("language", ["python", "py", "Python3", "PYTHON", ""])
def test_python_has_several_names(language: str) -> None:
    """All usual names of Python are accepted, and an empty string means Python."""
    assert plan_of({"tests": STDIO, "language": language}).cases


@pytest.mark.parametrize("language", ["cpp", "python2", 3])
def test_other_languages_are_refused(language: object) -> None:
    """A reference for another language is an error."""
    error = error_of({"tests": STDIO, "language": language})

    assert error.field == "language"
    assert "expected" in error.problem


def grouped(groups: object, *names: object) -> object:
    """Return a reference with these points and one case in each of the named groups."""
    cases = [
        {"stdin": "", "stdout": str(number)} | ({"group": name} if name else {})
        for number, name in enumerate(names)
    ]
    return {"tests": {"kind": "stdio", "cases": cases, "groups": groups}}


def test_groups_are_read() -> None:
    """Points are read by name, and each case gets the index of its group."""
    plan = plan_of(grouped({"small": 30, "large": 70}, "large", "small", "large"))

    assert plan.groups == Groups(points=(30.0, 70.0), of_case=(1, 0, 1))


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (grouped(None, "a"), "tests.groups: found nothing, but cases have a group"),
        (grouped({"a": 1}, "a", None), "tests.cases[1].group: found nothing, expected one of"),
        (grouped({"a": 1}, "b"), "tests.cases[0].group: found 'b', expected one of 'a'"),
        (grouped({"a": 1, "b": 2}, "a"), "tests.groups: found points for 'b', but no case"),
        (grouped({"a": 0}, "a"), "tests.groups: found 0, expected a number above 0"),
        (grouped({"a": "x"}, "a"), "tests.groups: found 'x', expected a number"),
        (grouped([1], "a"), "tests.groups: found a list of 1 items, expected a dict of points"),
    ],
)
def test_wrong_groups_are_refused(reference: object, message: str) -> None:
    """The error names the wrong part of the groups and what was found there."""
    assert message in str(error_of(reference))


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
    """Return the plan of a reference, or its `VerifierError`."""
    try:
        return plan_tests(reference)
    except VerifierError as error:
        return error


@given(JSON)
def test_any_json_is_planned_or_refused(reference: object) -> None:
    """For any JSON value, the result is a plan with tests or a `VerifierError`."""
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
def test_nearly_right_references_are_planned_or_refused(
    reference: dict[str, dict[str, Any]], cases: list[dict[str, object]]
) -> None:
    """For a nearly right reference, the limits are in range or there is a `VerifierError`."""
    tests = STDIO | {"cases": [*STDIO["cases"], *cases]}

    outcome = plan_or_error(reference | {"tests": tests})

    assert isinstance(outcome, VerifierError) or 0 < outcome.limits.cpu_seconds <= 3600


def test_only_the_source_is_required() -> None:
    """All other parts of test code have defaults."""
    assert code_of(CODE) == TestCode(
        source="assert f(1) == 2",
        prompt="",
        entry_point="",
        style="",
        modules=("solution",),
        shared_process=False,
    )


def test_every_key_of_test_code_is_read() -> None:
    """Each key sets the field of the test code with its name, unchanged."""
    tests = CODE | {
        "prompt": "import math\n",
        "entry_point": "Solution().f",
        "style": "pytest",
        "modules": ["candidate", "answer"],
        "shared_process": True,
    }

    assert code_of(tests) == TestCode(
        source="assert f(1) == 2",
        prompt="import math\n",
        entry_point="Solution().f",
        style="pytest",
        modules=("candidate", "answer"),
        shared_process=True,
    )


def test_null_means_absent_in_test_code() -> None:
    """A key with the value null is ignored."""
    keys = ("prompt", "entry_point", "style", "modules", "shared_process", "cases")

    assert code_of(CODE | dict.fromkeys(keys)) == code_of(CODE)


@pytest.mark.parametrize("key", ["prompt", "entry_point", "style"])
def test_an_empty_string_means_absent(key: str) -> None:
    """An optional key with an empty string is ignored."""
    assert code_of(CODE | {key: ""}) == code_of(CODE)


@pytest.mark.parametrize("style", ["script", "pytest", "unittest"])
def test_every_style_is_accepted(style: str) -> None:
    """`script`, `pytest` and `unittest` are styles."""
    assert code_of(CODE | {"style": style}).style == style


@pytest.mark.parametrize(
    ("tests", "field", "word"),
    [
        ({"kind": "code"}, "code", "nothing"),
        ({"kind": "code", "code": " \n"}, "code", "nothing"),
        ({"kind": "code", "code": ["assert f()"]}, "code", "a list"),
        (CODE | {"prompt": 3}, "prompt", "a number"),
        (CODE | {"entry_point": "f()"}, "entry_point", "'f()'"),
        (CODE | {"entry_point": 3}, "entry_point", "a number"),
        (CODE | {"style": "doctest"}, "style", "'doctest'"),
        (CODE | {"style": True}, "style", "a boolean"),
        (CODE | {"modules": "solution"}, "modules", "not JSON"),
        (CODE | {"modules": [3]}, "modules[0]", "a number"),
        (CODE | {"shared_process": "true"}, "shared_process", "a string"),
        (CODE | {"shared_process": 1}, "shared_process", "a number"),
        (CODE | {"shared_process": 0}, "shared_process", "a number"),
        (CODE | {"cases": []}, "cases", "unknown key"),
        (CODE | {"entrypoint": "f"}, "entrypoint", "did you mean 'entry_point'"),
    ],
)
def test_wrong_test_code_is_refused(tests: dict[str, object], field: str, word: str) -> None:
    """The error names the wrong part and what was found there."""
    error = error_of({"tests": tests})

    assert error.field == f"tests.{field}"
    assert word in error.problem


def test_an_absent_flag_is_false() -> None:
    """Tests and candidate share no process unless the dataset asks for it."""
    assert code_of(CODE).shared_process is False
