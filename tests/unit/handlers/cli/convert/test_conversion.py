"""Converting one row: what is kept, what is chosen, what is refused."""

import json
from dataclasses import replace
from typing import Any

import pytest

from nova_code_verifier.handlers.cli.convert.options import Target
from nova_code_verifier.handlers.cli.convert.refusal import RefusedRowError
from nova_code_verifier.handlers.cli.files import json_line
from nova_code_verifier.handlers.dataset_row import Columns
from nova_code_verifier.verifier.types import StdioCase, TestPlan
from tests.dataset_rows import ROWS, DatasetRow
from tests.unit.handlers.cli.convert.converting import (
    READABLE,
    converted,
    original,
    prepared,
    prepared_by_others,
    prepared_row,
    with_prompt,
)


@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize("fixture", READABLE, ids=str)
def test_a_converted_row_has_the_same_tests(fixture: DatasetRow, target: Target) -> None:
    """Cases, checker, limits, prelude and rubric are those of the dataset's own row."""
    row: dict[str, Any] = json.loads(json.dumps(converted(with_prompt(fixture), target).row))

    before = original(fixture)

    assert before.plan is not None
    for after in (prepared_row(row), *prepared_by_others(row)):
        assert after.problem == ""
        assert after.plan == replace(before.plan, notes=())
        assert after.task.rubric == before.task.rubric


@pytest.mark.parametrize("fixture", [row for row in ROWS if row.refused], ids=str)
def test_a_row_that_would_not_be_graded_is_refused(fixture: DatasetRow) -> None:
    """The reason names the field, as the verifier itself does."""
    with pytest.raises(RefusedRowError, match=r"^" + fixture.refused.replace(".", r"\.")):
        converted(with_prompt(fixture))


def test_arguments_that_cannot_be_sent_are_refused() -> None:
    """A reference that is read, but whose questions no guest can get, would never be graded."""
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    row = {"prompt": "f", "inputs": [[1], [deep]], "outputs": [1, 1], "fn_name": "f"}

    with pytest.raises(RefusedRowError, match=r"^test case 2: found arguments nested"):
        converted(row)


SETTINGS: dict[str, Any] = {
    "time_limit": 2,
    "limits": {"wall_seconds": 9, "memory_mb": 100, "output_bytes": 5000},
    "checker": {"kind": "numeric", "abs_tol": 0.5},
    "prelude": "import math",
    "starter_code": "def f(x):",
    "rubric": {"correctness": {"threshold": 0.5}},
    "format": ["boxed"],
    "solution": "print(1)",
}
CALLS = {"entry_point": "f", "cases": [{"args": [1], "expected": 2}]}


@pytest.mark.parametrize(
    "tests",
    [
        {"inputs": ["1"], "outputs": ["2"]},
        {"inputs": [[{"1": 5}]], "outputs": [[{"2": 6}]], "fn_name": "f"},  # read in four ways
        {"tests": {"kind": "call", "entry_point": "A().f", "cases": [
            {"args": [], "expected": []}]}},
        {"tests": {"kind": "call", **CALLS, "groups": {"a": 1}} | {
            "cases": [{"args": [[None, float("inf")]], "expected": {"1": [2]}, "group": "a"}]}},
        {"tests": {"kind": "stdio", "groups": {"a": 1.5, "b": 2}, "cases": [
            {"stdin": "\ud800\u3042", "stdout": "\0", "group": "b"},
            {"stdin": "", "stdout": "", "group": "a"}]}},
        {"inputs": ["\ud800"], "outputs": ["2"]},
        {"inputs": [[], []], "outputs": [float("nan"), "\udc00"], "fn_name": "f"},
    ],
    ids=["stdio", "int keys and wrapped", "no arguments", "call groups", "stdio groups",
         "half a surrogate pair", "nan"],
)  # fmt: skip
@pytest.mark.parametrize("target", Target)
def test_settings_beside_the_tests_are_kept(tests: dict[str, Any], target: Target) -> None:
    """Whatever changes a verdict is read back: limits, checker, groups, prelude, starter code."""
    reference = tests | SETTINGS
    row = converted({"prompt": "Do it.", "reference_answer": reference}, target).row

    # What no file can hold (NaN, half of a surrogate pair) would be changed or refused here.
    before, after = prepared(reference), prepared_row(json.loads(json_line(row)))

    assert before.problem == ""
    assert repr(after.plan) == repr(before.plan)
    if target in (Target.NOVA, Target.BEDROCK, Target.TRL, Target.VERIFIERS):
        assert after.task == before.task


@pytest.mark.parametrize("style", ["pytest", "unittest", "script"])
@pytest.mark.parametrize("beside", [{}, {"prelude": "none"}, {"prelude": "import re"}], ids=str)
def test_settings_of_test_code_are_kept(style: str, beside: dict[str, Any]) -> None:
    """Style, modules, the shared process and the prelude of test code are read back."""
    code = {
        "kind": "code",
        "code": "def test_f():\n    assert Solution().f(1) == 2\n",
        "prompt": "import os\n",
        "style": style,
        "modules": ["answer"],
        "shared_process": style == "script",
    }
    reference = {"tests": code, "starter_code": "class Solution:\n    def f(self, x):"} | beside

    row = converted({"prompt": "Do it.", "reference_answer": reference}).row

    assert prepared_row(row).plan == prepared(reference).plan


@pytest.mark.parametrize(
    ("reference", "tasks"),
    [({"answer": "positive"}, {}), ("positive", {}), ("It is four.", {"task": "similarity"}),
     ({"opinions": [{"target": "sales", "polarity": "negative"}]}, {"data_source": "chabsa"})],
    ids=str,
)  # fmt: skip
def test_labels_opinions_and_texts_are_kept(reference: object, tasks: dict[str, str]) -> None:
    """A row without tests is graded as before, and its reference names the task."""
    sample = {"messages": [{"role": "user", "content": "Judge."}], "reference_answer": reference}
    before = prepared(reference, tasks=tuple(tasks.values()))

    row = converted(sample | tasks).row

    after = prepared(row["reference_answer"])
    assert (after.source, after.problem) == (before.source, "")


def test_gym_has_labels_in_its_metadata() -> None:
    """Its resources server grades rows of sentiment, too."""
    row = converted({"prompt": "Judge.", "reference_answer": "positive"}, target=Target.GYM).row

    assert row["verifier_metadata"] == {"answer": "positive", "task": "sentiment"}


def test_python_literals_are_decoded() -> None:
    """Single quotes are Python, not JSON; the tests in them are read nevertheless."""
    row = {"prompt": "Do it.", "input_output": "{'inputs': ['it\\'s'], 'outputs': ['2']}"}

    reference = converted(row).row["reference_answer"]

    assert reference == '{"inputs":["it\'s"],"outputs":["2"]}'


def test_values_that_json_has_not_are_refused() -> None:
    """A tuple would become a list, which the program could tell from it."""
    row = {"prompt": "Do it.", "fn_name": "f", "inputs": "[[(1, 2)]]", "outputs": "[{3}]"}

    with pytest.raises(RefusedRowError, match="tests: cannot be written"):
        converted(row)
    with pytest.raises(RefusedRowError, match="tests: found a value that JSON has not"):
        converted(row, bytes_max=1000, tests_max=0)


# Sizes

MANY = {
    "id": 7,
    "prompt": "Echo.",
    "inputs": [f"{index}" * (1 + index % 50) for index in range(200)],
    "outputs": ["あ" * (1 + index % 50) for index in range(200)],
}


def chosen_cases(row: dict[str, Any]) -> tuple[StdioCase, ...]:
    """Return the test cases of a converted row."""
    plan = prepared_row(row).plan
    assert isinstance(plan, TestPlan)
    return plan.cases  # type: ignore[return-value]


@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize("limits", [{"bytes_max": 4000}, {"tests_max": 9}, {"bytes_max": 900}])
def test_chosen_tests_keep_within_the_limits(target: Target, limits: dict[str, int]) -> None:
    """The row as JSON in ASCII is not larger, and its cases are of the dataset."""
    result = converted(MANY, target, **limits)
    row: dict[str, Any] = json.loads(json.dumps(result.row))

    cases = chosen_cases(row)

    assert result.size_bytes == len(json.dumps(row)) <= limits.get("bytes_max", 10**6)
    assert 0 < len(cases) == result.cases_chosen <= limits.get("tests_max", 200)
    assert result.cases == 200
    of_dataset = list(zip(MANY["inputs"], MANY["outputs"], strict=True))  # type: ignore[call-overload]
    assert [(case.stdin, case.expected_stdout) for case in cases] == [
        pair for pair in of_dataset if pair in [(c.stdin, c.expected_stdout) for c in cases]
    ]


def test_the_reference_says_that_tests_were_chosen() -> None:
    """The counts and the seed are in the row itself; a row with all tests says nothing."""
    smaller = converted(MANY, tests_max=9, seed=5).row["reference_answer"]

    assert json.loads(str(smaller))["chosen"] == {"tests": 9, "of": 200, "seed": 5}
    assert "chosen" not in str(converted(MANY).row["reference_answer"])


def test_the_seed_decides_which_tests_are_drawn() -> None:
    """The same seed gives the same row; another one gives another."""
    assert converted(MANY, tests_max=9, seed=5) == converted(MANY, tests_max=9, seed=5)
    assert converted(MANY, tests_max=9, seed=5) != converted(MANY, tests_max=9, seed=6)


def test_a_choice_does_not_change_how_the_cases_are_read() -> None:
    """`[[5]]` alone would also accept 5, which the whole row does not."""
    row = {"prompt": "f", "fn_name": "f", "inputs": [[1], [2]], "outputs": [[5], [1, 2]]}
    whole = prepared_row(row).plan

    for seed in range(4):
        plan = prepared_row(converted(row, tests_max=1, seed=seed).row).plan

        assert isinstance(plan, TestPlan)
        assert isinstance(whole, TestPlan)
        assert plan.cases[0] in whole.cases


@pytest.mark.parametrize(
    "row",
    [{"inputs": ["1" * 5000], "outputs": ["1"]}, {"test_list": ["assert f(1)\n" * 1000]}],
    ids=["one long case", "test code"],
)
def test_a_row_that_no_choice_makes_small_enough_is_refused(row: dict[str, Any]) -> None:
    """The reason names the option."""
    with pytest.raises(RefusedRowError, match=r"row: larger than 3000 bytes, .* raise --max-bytes"):
        converted({"prompt": "f"} | row, bytes_max=3000)


def test_more_groups_than_tests_are_refused() -> None:
    """A group that loses all its cases would change the points of the others."""
    cases = [{"stdin": "", "stdout": "", "group": name} for name in "ab"]
    tests = {"kind": "stdio", "groups": {"a": 1, "b": 1}, "cases": cases}

    with pytest.raises(RefusedRowError, match="--max-tests"):
        converted({"prompt": "f", "tests": tests}, tests_max=1)


# Ids and prompts


@pytest.mark.parametrize(
    ("row", "expected"),
    [({"id": "a"}, "a"), ({"task_id": 7}, "7"), ({}, "row-1"), ({"uuid": "u"}, "row-1")],
    ids=str,
)
def test_an_id_is_a_text(row: dict[str, Any], expected: str) -> None:
    """Amazon's clients refuse numbers, and an id in some rows only."""
    assert converted({"prompt": "f", "test_list": ["assert f(1) == 2"]} | row).id == expected


def test_a_column_with_the_id_can_be_named() -> None:
    """As for the other commands."""
    row = {"prompt": "f", "test_list": ["assert f(1) == 2"], "uuid": "u"}

    assert converted(row, columns=Columns(id="uuid")).row["id"] == "u"


def test_a_prompt_gets_the_name_that_the_tests_call() -> None:
    """Only if asked, and only if it lacks it; the starter code counts more than the name."""
    row = {"text": "Add.", "test_list": ["assert add(1, 2) == 3"]}
    started = row | {"starter_code": "def add(a, b):"}

    def last(value: dict[str, Any], **options: Any) -> str:
        messages: Any = converted(value, **options).row["messages"]
        return str(messages[-1]["content"])

    assert converted(row).unnamed
    assert last(row) == "Add."
    assert last(row, names_function=True) == "Add.\n\nThe program must define `add`."
    assert last(started, names_function=True).endswith("```python\ndef add(a, b):\n```")
    assert last(row | {"text": "Write `add`."}, names_function=True) == "Write `add`."
    assert last(row, instruction="In Python.") == "Add.\n\nIn Python."
