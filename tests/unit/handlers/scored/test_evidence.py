"""What a verdict rests on: the program, and input, expected and observed of each case."""

from typing import Any

import pytest

from nova_code_verifier.handlers.report import details_of
from nova_code_verifier.handlers.scored.evidence import (
    CASES_MAX,
    defined_names,
    details_with_evidence,
    last_answer,
    statements_of,
)
from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.pipeline import GradedSample, case_results, conclude, prepare
from nova_code_verifier.verifier.types import CodePlan, Sample

ADD = {"inputs": [[1, 2]], "outputs": [3], "fn_name": "add"}


def details(reference: object, *executions: Execution, program: str = "print(1)") -> dict[str, Any]:
    """Return the details of a program that ended in these *executions*."""
    completion = f"```python\n{program}\n```"
    prepared = prepare(Sample(completion=completion, reference=reference))
    score = conclude(prepared, case_results(prepared, executions))
    graded = GradedSample(index=0, score=score, prepared=prepared)
    return details_with_evidence(details_of(score), graded)


def test_a_case_shows_input_expected_and_observed() -> None:
    """Each has its size in bytes."""
    execution = Execution(ending=Ending.FINISHED, exit_status=0, stdout="あ\n".encode())

    found = details({"inputs": ["1 2\n"], "outputs": ["3\n"]}, execution)

    (case,) = found["cases"]
    assert (case["input"], case["input_bytes"]) == ("1 2\n", 4)
    assert (case["expected"], case["expected_bytes"]) == ("3\n", 2)
    assert (case["observed"], case["observed_bytes"]) == ("あ\n", 4)
    assert (found["program"], found["program_bytes"]) == ("print(1)\n", 9)
    assert (found["verdict"], case["verdict"]) == ("wrong_answer", "wrong_answer")


def test_a_call_is_shown_as_in_python() -> None:
    """It has the entry point and the arguments."""
    execution = Execution(ending=Ending.FINISHED, value=[4], value_bytes=3)

    (case,) = details(ADD, execution)["cases"]

    assert (case["input"], case["expected"], case["observed"]) == ("add(1, 2)", "3", "[4]")


def test_a_value_that_does_not_exist_is_null() -> None:
    """A call that raised has returned nothing."""
    (case,) = details(ADD, Execution(ending=Ending.RAISED))["cases"]

    assert (case["observed"], case["observed_bytes"]) == (None, None)


@pytest.mark.parametrize("letter", ["x", "\u3042", "\ud800"])
def test_long_texts_are_cut_and_their_sizes_told(letter: str) -> None:
    """No sample makes its row large, and the sizes are those of the whole texts."""
    output = b"y" * 10**6
    reference = {"inputs": [letter * 10**6], "outputs": ["z" * 10**6]}
    execution = Execution(ending=Ending.FINISHED, exit_status=0, stdout=output)

    found = details(reference, execution, program=f"print({'1' * 10**5!r})")

    (case,) = found["cases"]
    assert max(len(case[name]) for name in ("input", "expected", "observed")) == 500
    assert case["input_bytes"] == len((letter * 10**6).encode("utf-8", "replace"))
    assert (case["expected_bytes"], case["observed_bytes"]) == (10**6, 10**6)
    assert len(found["program"]) == 4000
    assert found["program_bytes"] > 10**5


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b'{"is":{"t":[1,2]}}', "(1, 2)"),
        (b'{"is":"a"}', "'a'"),
        (b'{"is":{"h":3}}', "(an object)"),
        (b'{"raised":{}}', ""),
        (b"[", "(unreadable)"),
        (b"7", "(unreadable)"),
        (b'{"is":' + b"[" * 10**5, "(unreadable)"),
        (None, ""),
    ],
)
def test_the_last_answer_of_test_code_is_shown_as_in_python(
    value: bytes | None, shown: str
) -> None:
    """It comes from the candidate: nothing in it raises."""
    assert last_answer(Execution(ending=Ending.FINISHED, value=value)) == shown


def test_a_long_last_answer_is_measured() -> None:
    """It is not kept."""
    assert last_answer(Execution(ending=Ending.FINISHED, value_bytes=9999)) == "(9999 bytes)"


def test_only_the_first_cases_have_evidence() -> None:
    """The others keep their verdicts."""
    count = CASES_MAX + 5
    reference = {"inputs": ["1"] * count, "outputs": ["1"] * count}
    execution = Execution(ending=Ending.FINISHED, exit_status=0, stdout=b"1")

    cases = details(reference, *[execution] * count)["cases"]

    assert len(cases) == count
    assert ["input" in case for case in cases] == [True] * CASES_MAX + [False] * 5


@pytest.mark.parametrize("code", ["\0", "\ud800", "assert (", "\u202e"])
def test_tests_that_are_no_python_are_no_bug(code: str) -> None:
    """They have no lines."""
    tests = {"kind": "code", "style": "script", "code": code}
    plan = prepare(Sample(completion="```python\nx = 1\n```", reference={"tests": tests})).plan
    assert isinstance(plan, CodePlan)
    assert statements_of(plan) == {}


def test_without_a_program_the_details_stay_as_they_are() -> None:
    """There is nothing to show."""
    prepared = prepare(Sample(completion="No idea.", reference=ADD))
    score = conclude(prepared)
    graded = GradedSample(index=0, score=score, prepared=prepared)

    assert details_with_evidence(details_of(score), graded) == details_of(score)


@pytest.mark.parametrize(
    ("program", "names"),
    [
        ("def f(): pass\nclass S:\n    def m(self): pass\nx = 1", ("f", "S", "S.m")),
        ("async def f(): pass", ("f",)),
        ("def f(:", ()),
        ("(" * 10_000, ()),
        ("x = 1\n" * 10**6, ()),
        (
            "\n".join(f"def f{number}(): pass" for number in range(100)),
            tuple(f"f{number}" for number in range(8)),
        ),
    ],
)
def test_the_names_that_a_program_defines(program: str, names: tuple[str, ...]) -> None:
    """Functions, classes and methods; a program that cannot be read, or is huge, has none."""
    assert defined_names(program) == names
