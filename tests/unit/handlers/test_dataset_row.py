"""Reading whole rows of datasets."""

import json
import math
from typing import Any

import pytest

from nova_code_verifier.handlers.dataset_row import Columns, read_entries, read_row
from nova_code_verifier.handlers.wire import Entry, read_event
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.plan import plan_tests
from nova_code_verifier.verifier.reference.task import open_reference
from tests.dataset_rows import ROWS, DatasetRow, reference_of
from tests.fakes import Array

TESTS: dict[str, Any] = {"test_list": ["assert f(4) == 8"]}
USER = {"role": "user", "content": "Double it."}
MODEL = {"role": "assistant", "content": "mine"}


def entry_of(row: object, **columns: str) -> Entry:
    """Return the only entry of a row."""
    (entry,) = read_entries(row, Columns(**columns))
    return entry


def completion_of(row: dict[str, Any], **columns: str) -> str | None:
    """Return the completion in a row that has tests."""
    entry = entry_of(TESTS | row, **columns)
    assert entry.sample is not None, entry.problem
    return entry.sample.completion


def problem_of(row: object, **columns: str) -> str:
    """Return the problem that makes a row unreadable."""
    entry = entry_of(row, **columns)
    assert entry.sample is None
    return str(entry.problem)


# Completions


@pytest.mark.parametrize(
    "row",
    [
        {"completion": "mine"},
        {"response": "mine"},
        {"generation": "mine"},
        {"solution_str": "mine"},
        {"generated_text": "mine"},
        {"model_output": "mine"},
        {"prediction": "mine"},
        {"output": "mine"},
        {"completion": "mine", "output": "what the program prints"},
        {"completion": "mine", "response": "mine"},
        {"completion": None, "response": "mine"},
        {"completion": math.nan, "response": "mine"},
        {"completions": ["mine"]},
        {"responses": ["mine"]},
        {"responses": Array("mine")},
        {"completion": [MODEL]},
        {"prompt": [USER], "completion": [USER, MODEL]},
        {"completions": [[MODEL]]},
        {"messages": [USER, MODEL]},
        {"messages": [USER, MODEL], "completion": "gold", "response": "gold too"},
        {"messages": [USER], "completion": "mine"},
        {"messages": [USER, {**MODEL, "content": "an example"}, USER], "response": "mine"},
        {"messages": [USER], "responses": ["mine"]},
        {"messages": Array(USER, MODEL)},
        {"conversations": [{"from": "human", "value": "x"}, {"from": "gpt", "value": "mine"}]},
        {"conversations": [{"from": "human", "value": "x"}], "output": "mine"},
        {"conversations": [{"from": "gpt", "value": "gold"}], "completion": "mine"},
        {"outputs": ["mine"]},
        {"inputs": ["1"], "outputs": ["2"], "generations": ["mine"]},
        {"completion": "mine", "solution": "gold", "canonical_solution": "gold", "code": "gold"},
    ],
    ids=str,
)
def test_a_completion_is_found_in_each_column(row: dict[str, Any]) -> None:
    """The model's text is found, and no text of the dataset."""
    assert completion_of(row) == "mine"


def test_a_named_column_holds_the_completion() -> None:
    """A name may lead into dicts, and may be that of the dataset's own solution."""
    row = {"completion": "mine", "code": "gold", "a": {"b": ["nested"]}, "x.y": "dotted"}

    assert completion_of(row, completion="code") == "gold"
    assert completion_of(row, completion="a.b") == "nested"
    assert completion_of(row, completion="x.y") == "dotted"


def test_messages_without_a_turn_of_the_model_have_no_completion() -> None:
    """A raw row of a trainer stays one."""
    assert completion_of({"messages": [USER]}) is None


@pytest.mark.parametrize("gold", ["solution", "canonical_solution", "code", "solutions", "answer"])
def test_a_right_answer_is_no_completion(gold: str) -> None:
    """A row without a completion is a problem, and the dataset's own solution is not scored."""
    problem = problem_of(TESTS | {gold: "print(1)"})

    assert problem.startswith(f"found 'test_list', {gold!r}, and no completion; expected messages")
    assert "--completion-field" in problem


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"completion": "a", "response": "b"}, "found completions in completion and response"),
        ({"completion": 7}, "completion: expected text, or a list of messages; found a number"),
        ({"completion": []}, "completion: expected text, or a list of messages; found a list"),
        ({"completions": ["a", 7]}, "completions[1]: expected text"),
        ({"completion": [USER]}, "completion: found 1 messages, none of them by an assistant"),
        ({"messages": "x", "completion": "a"}, "messages: expected a list, found text"),
        ({}, "found nothing, and no completion"),
    ],
)
def test_a_row_without_one_completion_is_a_problem(row: dict[str, Any], problem: str) -> None:
    """The problem names the columns, what was found and what is expected."""
    assert problem_of(row).startswith(problem)


@pytest.mark.parametrize("row", [None, 7, [TESTS], "text"])
def test_a_row_is_an_object(row: object) -> None:
    """Anything else is a problem."""
    assert problem_of(row).startswith("sample: expected an object, found ")


def test_several_completions_are_several_entries() -> None:
    """Each completion is scored; their ids have numbers."""
    entries = read_entries(TESTS | {"task_id": "t", "responses": ["a", "b"]})

    assert [entry.id for entry in entries] == ["t#0", "t#1"]
    assert [entry.sample and entry.sample.completion for entry in entries] == ["a", "b"]


# Ids


@pytest.mark.parametrize(
    ("row", "entry_id"),
    [
        ({"id": "a", "task_id": "b"}, "a"),
        ({"id": None, "task_id": "b"}, "b"),
        ({"question_id": 7}, 7),
        ({"problem_id": "p"}, "p"),
        ({"hash_id": "h"}, "h"),
        ({"index": 0}, 0),
        ({"extra_info": {"index": 3}}, 3),
        ({}, None),
    ],
)
def test_an_id_is_found_in_each_column(row: dict[str, Any], entry_id: object) -> None:
    """The first column with an id counts."""
    assert entry_of(TESTS | {"completion": "x"} | row).id == entry_id


def test_a_named_column_holds_the_id() -> None:
    """A row without that column has a problem, which names the columns that it has."""
    row = TESTS | {"completion": "x", "id": 1, "key": {"name": "n"}}

    assert entry_of(row, id="key.name").id == "n"
    assert problem_of(row, id="uuid").startswith("uuid: missing; found 'test_list', 'completion'")


# References


@pytest.mark.parametrize("fixture", ROWS, ids=str)
def test_a_whole_row_has_the_plan_of_its_reference(fixture: DatasetRow) -> None:
    """A row of each public dataset is read, or refused, as its reference is."""
    reference = open_reference(read_row(fixture.row, completion="x").reference)

    if fixture.refused:
        with pytest.raises(VerifierError) as caught:
            plan_tests(reference)
        assert caught.value.field == fixture.refused
    else:
        assert plan_tests(reference) == plan_tests(open_reference(reference_of(fixture)))


@pytest.mark.parametrize(
    ("row", "reference"),
    [
        ({"reference_answer": "positive", **TESTS}, "positive"),
        ({"metadata": {"reference_answer": {"a": 1}}, **TESTS}, {"a": 1}),
        ({"answer": "positive"}, "positive"),
        ({"ground_truth": "positive", "index": 1}, "positive"),
        ({"reward_model": {"ground_truth": "positive"}}, "positive"),
        ({"ground_truth": [{"polarity": "positive"}]}, [{"polarity": "positive"}]),
        ({"messages": [USER], "ground_truth": TESTS}, TESTS),
    ],
)
def test_a_reference_of_a_sample_is_not_the_row(row: dict[str, Any], reference: object) -> None:
    """A label, a text, and the reference of a trainer's sample are read at their place."""
    assert read_row(row, completion="x").reference == reference


@pytest.mark.parametrize(
    "row",
    [
        TESTS | {"answer": "positive"},
        TESTS | {"messages": [USER]},
        {"ground_truth": ["[1]"], "dataset": ["code"]},
        {"answer": "42", "info": {"tests": "[1]"}},
        {"question": "no tests"},
        {"label": "positive"},
    ],
)
def test_a_row_with_tests_or_nothing_else_is_its_own_reference(row: dict[str, Any]) -> None:
    """The row is the reference, with all of its columns."""
    assert read_row(row, completion="x").reference == row


def test_a_named_column_holds_the_reference() -> None:
    """A named column wins over all others."""
    row = TESTS | {"completion": "x", "a": {"b": {"inputs": ["1"]}}}

    assert read_row(row, reference_field="a.b").reference == {"inputs": ["1"]}
    with pytest.raises(ValueError, match="c: missing; found 'test_list'"):
        read_row(row, reference_field="c")


def test_tables_may_have_arrays() -> None:
    """A row out of a table has the plan of the row in JSON."""
    outputs = Array("1", "2")
    row = {"completion": "x", "inputs": Array("1", "2"), "outputs": outputs, "fn_name": math.nan}

    assert plan_tests(read_row(row).reference) == plan_tests(
        {"inputs": ["1", "2"], "outputs": ["1", "2"]}
    )


def test_tuples_count_as_lists() -> None:
    """A library's caller may pass tuples for the lists of a row."""
    row = {"inputs": ((1, 2),), "outputs": (3,), "fn_name": "add"}

    assert plan_tests(read_row(row, completion="x").reference) == plan_tests(
        {"inputs": [[1, 2]], "outputs": [3], "fn_name": "add"}
    )


# The library


def test_completions_in_outputs_are_no_tests() -> None:
    """`outputs` without `inputs` is not a part of the reference."""
    sample = entry_of({"outputs": ["mine"], **TESTS}).sample

    assert sample is not None
    assert sample.reference == TESTS


def test_a_row_with_several_completions_needs_one() -> None:
    """`read_row` reads one sample: the caller chooses the completion."""
    row = TESTS | {"responses": ["a", "b"]}

    with pytest.raises(ValueError, match="found 2 completions"):
        read_row(row)
    assert read_row(row, completion="b").completion == "b"


@pytest.mark.parametrize(
    "sample",
    [
        {"id": "s", "messages": [USER, MODEL], "reference_answer": {"inputs": ["1"]}},
        {"id": "s", "messages": [USER, MODEL], "metadata": {"ground_truth": "x"}, "task": "code"},
        {"id": "s", "messages": [USER], "reward_model": {"ground_truth": "x"}, "data_source": "y"},
    ],
)
def test_a_trainers_sample_is_read_as_the_lambda_reads_it(sample: dict[str, Any]) -> None:
    """Whole rows are read in addition: a sample means the same on the command line."""
    assert read_entries(sample) == list(read_event([sample]).entries)


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize(
    "path", ["ground_truth", "reward_model.ground_truth", "reward_spec.ground_truth"]
)
def test_what_is_beside_inner_tests_counts(path: str, *, as_text: bool) -> None:
    """The rubric in the ground truth of a row is that of the ground truth alone."""
    rubric = {"reward": {"range": [0, 2]}}
    value: Any = {"inputs": ["1"], "outputs": ["1"], "rubric": rubric, "format": "json"}
    value = json.dumps(value) if as_text else value
    for key in reversed(path.split(".")):
        value = {key: value}

    reference = read_row(value, completion="").reference

    assert isinstance(reference, dict)
    assert (reference["rubric"], reference["format"]) == (rubric, "json")
