"""Tests of converting raw test cases of datasets."""

from typing import Any

import pytest

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.plan import plan_tests
from nova_code_verifier.verifier.types import CallCase, StdioCase, TestPlan


def plan_of(reference: object) -> TestPlan:
    """Return the plan of a row that has test cases."""
    plan = plan_tests(reference)
    assert isinstance(plan, TestPlan)
    return plan


def cases_of(inputs: list[Any], outputs: list[Any], **row: object) -> tuple[object, ...]:
    """Return the test cases of a row with paired inputs and outputs."""
    return plan_of({"inputs": inputs, "outputs": outputs, **row}).cases


def calls_of(inputs: list[Any], outputs: list[Any]) -> list[CallCase]:
    """Return the test cases of a row that calls `f`."""
    cases = cases_of(inputs, outputs, fn_name="f")
    return [case for case in cases if isinstance(case, CallCase)]


def error_of(inputs: list[Any], outputs: list[Any], **row: object) -> VerifierError:
    """Return the error that a row is refused with."""
    with pytest.raises(VerifierError) as caught:
        cases_of(inputs, outputs, **row)
    return caught.value


def test_lines_are_joined() -> None:
    """A list of lines becomes one text with a line break between the lines."""
    assert cases_of([["1", "2 3"]], [["4", "5"]]) == (
        StdioCase(stdin="1\n2 3", expected_stdout="4\n5"),
    )


def test_text_is_not_changed() -> None:
    """Spaces, carriage returns and empty texts are kept."""
    assert cases_of([" 1\r\n", ""], ["", " \n"]) == (
        StdioCase(stdin=" 1\r\n", expected_stdout=""),
        StdioCase(stdin="", expected_stdout=" \n"),
    )


@pytest.mark.parametrize(
    ("inputs", "outputs", "field"),
    [
        ([5], ["1"], "inputs[0]"),
        ([[1, 2]], ["1"], "inputs[0]"),
        ([{"a": 1}], ["1"], "inputs[0]"),
        ([None], ["1"], "inputs[0]"),
        (["1", "2"], ["1", 2], "outputs[1]"),
        (["1"], [[["1"]]], "outputs[0]"),
        (["1"], [None], "outputs[0]"),
    ],
)
def test_values_without_a_function_are_refused(
    inputs: list[Any], outputs: list[Any], field: str
) -> None:
    """The error for a value that is no text says that the function name may be missing."""
    error = error_of(inputs, outputs)

    assert error.field == field
    assert "fn_name" in error.problem


def test_a_value_in_a_listed_case_without_a_function_is_refused() -> None:
    """The error for a listed case names the field of the case."""
    with pytest.raises(VerifierError, match=r"test_cases\[0\]\.input: found a dict"):
        plan_of({"test_cases": [{"input": {"n": 1}, "expected_output": "1"}]})


@pytest.mark.parametrize(
    ("given", "arguments"),
    [
        ([1, "2"], (1, "2")),
        ([], ()),
        ([[1, 2]], ([1, 2],)),
        ("[1, 2]\n3", ([1, 2], 3)),
        ("[1, 2]\r\n3\n\n", ([1, 2], 3)),
        ('"a b"', ("a b",)),
        ("[[]]", ([[]],)),
    ],
)
def test_arguments_are_a_list_or_one_per_line(given: Any, arguments: tuple[object, ...]) -> None:
    """A list holds the arguments; a string holds one JSON value per line."""
    (case,) = calls_of([given], [1])

    assert case.arguments == arguments


def test_outputs_are_decoded_if_inputs_are_text() -> None:
    """If the arguments are text, a text output is JSON."""
    assert [case.expected_value for case in calls_of(["1", "2"], ["[1, 2]", '"a"'])] == [
        [1, 2],
        "a",
    ]


def test_outputs_are_kept_if_inputs_are_lists() -> None:
    """If the arguments are a list, a string that looks like JSON stays a string."""
    assert [case.expected_value for case in calls_of([[1], [2]], ["[1, 2]", "3"])] == [
        "[1, 2]",
        "3",
    ]


def test_none_may_be_expected() -> None:
    """A null output of a call is the value None."""
    assert [case.expected_value for case in calls_of([[1], "2", "3"], [None, "null", None])] == [
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("given", "expected", "field", "word"),
    [
        (5, 1, "inputs[0]", "a list of arguments"),
        ({"n": 1}, 1, "inputs[0]", "a list of arguments"),
        (None, 1, "inputs[0]", "nothing"),
        ("", 1, "inputs[0]", "empty"),
        (" \n", 1, "inputs[0]", "empty"),
        ("1, 2", "1", "inputs[0]", "one JSON value per line"),
        ("n = 1", "1", "inputs[0]", "not JSON"),
        ("[1,\n2]", "1", "inputs[0]", "not JSON"),
        ("1", "one", "outputs[0]", "not JSON"),
        ("1", "", "outputs[0]", "not JSON"),
        pytest.param("1", "1" * 5000, "outputs[0]", "too many digits", id="digits"),
        pytest.param("[" * 100_000, "1", "inputs[0]", "too deeply", id="deep"),
    ],
)
def test_wrong_calls_are_refused(given: Any, expected: Any, field: str, word: str) -> None:
    """The error names the input or the output that cannot be read."""
    error = error_of([given], [expected], fn_name="f")

    assert error.field == field
    assert word in error.problem


@pytest.mark.parametrize(
    ("inputs", "outputs"), [([[1], [5]], [["1"], [[9]]]), (["1", "5"], ['["1"]', "[[9]]"])]
)
def test_items_of_wrapped_outputs_are_accepted_too(inputs: list[Any], outputs: list[Any]) -> None:
    """If all outputs are lists of one item, the items are accepted, too."""
    first, second = calls_of(inputs, outputs)

    assert (first.expected_value, first.also_accepted) == (["1"], ("1",))
    assert (second.expected_value, second.also_accepted) == ([[9]], ([9],))


@pytest.mark.parametrize("other", [[], [1, 2], 1, "x", {"a": 1}])
def test_one_other_output_proves_that_lists_are_meant(other: object) -> None:
    """A row with an output that is no list of one item means the lists."""
    assert calls_of([[1], [2]], [[1], other])[0].also_accepted == ()


def test_the_first_of_several_items_is_wrong() -> None:
    """Returning the first item of the expected list is wrong."""
    assert calls_of([[1]], [[1, 2]])[0].also_accepted == ()


def test_livecodebench_values_have_one_reading() -> None:
    """Cases with a `testtype` are neither unwrapped nor given int keys."""
    case = {"input": '{"1": 2}', "output": "[-1]", "testtype": "functional", "fn_name": "f"}

    assert plan_of({"test_cases": [case]}).cases == (
        CallCase(entry_point="f", arguments=({"1": 2},), expected_value=[-1]),
    )


def test_int_keys_of_an_argument_are_restored() -> None:
    """A dict as the only argument gets back the int keys that JSON turned into strings."""
    (case,) = calls_of([[{"1": "a", "-20": {"3": 4}}]], [1])

    assert case.arguments == ({1: "a", -20: {"3": 4}},)


@pytest.mark.parametrize(
    "keys", [["1", "a"], ["01"], ["+1"], ["1.0"], ["-"], ["-0"], ["\u0661"], ["9" * 21], []]
)
def test_other_keys_stay_strings(keys: list[str]) -> None:
    """A dict with a key that was no int keeps its keys."""
    argument = dict.fromkeys(keys, 0)

    (case,) = calls_of([[argument]], [1])

    assert case.arguments == (argument,)


def test_int_keys_among_several_arguments_stay_strings() -> None:
    """Int keys are restored only if the dict is the only argument, as other graders do."""
    (case,) = calls_of([[{"1": 2}, 3]], [1])

    assert case.arguments == ({"1": 2}, 3)


def test_an_expected_dict_may_have_int_keys() -> None:
    """An expected dict is accepted with string keys and with int keys."""
    (case,) = calls_of([[1]], [{"1": 2}])

    assert (case.expected_value, case.also_accepted) == ({"1": 2}, ({1: 2},))


def test_a_wrapped_dict_may_have_int_keys() -> None:
    """A wrapped dict is accepted bare, with string keys and with int keys."""
    (case,) = calls_of([[1]], [[{"1": 2}]])

    assert case.also_accepted == ({"1": 2}, {1: 2})


def test_a_row_of_prime_is_read() -> None:
    """In a LiveCodeBench row of verl, an output of two items proves that lists are meant."""
    row = {
        "fn_name": "occurrencesOfElement",
        "inputs": ["[1, 3, 1, 7]\n[1, 3, 2, 4]\n1", "[1, 2, 3]\n[10]\n5"],
        "outputs": ["[0, -1, 2, -1]", "[-1]"],
    }

    assert plan_of(row).cases == (
        CallCase(
            entry_point="occurrencesOfElement",
            arguments=([1, 3, 1, 7], [1, 3, 2, 4], 1),
            expected_value=[0, -1, 2, -1],
        ),
        CallCase(
            entry_point="occurrencesOfElement",
            arguments=([1, 2, 3], [10], 5),
            expected_value=[-1],
        ),
    )
