"""Published datasets of test code: right solutions pass, and wrong solutions do not.

Each dataset is judged once, in one batch. A failed claim names the tasks.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from operator import attrgetter

import pytest

from nova_code_verifier import Score, Verdict, judge
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Limits
from tests.known.published import (
    BIGCODEBENCH,
    BUGGY,
    HUMANEVAL,
    HUMANEVAL_BODIES,
    MBPP,
    SANITIZED,
    Collection,
    Solution,
    read_exceptions,
    read_solutions,
)

CaseResults = tuple[tuple[Solution, Score], ...]
JudgedOf = Callable[[Collection], CaseResults]

# A whole dataset is judged by the first test that asks for it.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def executor(request: pytest.FixtureRequest) -> Iterator[LocalExecutor]:
    """Return one executor for all datasets."""
    if request.config.getoption("dataset"):
        pytest.skip("--dataset names other datasets")
    with LocalExecutor() as executor:
        yield executor


@pytest.fixture(scope="module")
def judged_of(executor: LocalExecutor) -> JudgedOf:
    """Return a function that judges all solutions of a collection, once."""
    judged: dict[str, CaseResults] = {}

    def judged_of_one(collection: Collection) -> CaseResults:
        if collection.name not in judged:
            solutions = read_solutions(collection)
            samples = [solution.sample for solution in solutions]
            limits = Limits(cpu_seconds=collection.cpu_seconds)
            scores = judge(samples, executor, default_limits=limits)
            judged[collection.name] = tuple(zip(solutions, scores, strict=True))
        return judged[collection.name]

    return judged_of_one


@pytest.fixture(scope="module")
def buggy(judged_of: JudgedOf) -> CaseResults:
    """Return the buggy solutions with their scores."""
    return judged_of(BUGGY)


SLOW = {"BigCodeBench/0"}  # tries all 10! orders of a list: 20 seconds
RIGHT = [HUMANEVAL, HUMANEVAL_BODIES, MBPP, SANITIZED, BIGCODEBENCH]


@pytest.mark.parametrize("collection", RIGHT, ids=attrgetter("name"))
def test_right_solutions_pass_every_case(collection: Collection, judged_of: JudgedOf) -> None:
    """Only the listed exceptions fail, and all of them do."""
    judged = judged_of(collection)
    missed = {
        solution.task: _problem_of(score)
        for solution, score in judged
        if score.verdict is not Verdict.ACCEPTED or score.correctness != 1.0
    }

    expected = {solution.task for solution, _ in judged} & read_exceptions().keys()
    assert missed.keys() == expected, "\n".join(
        f"{task}: {problem}" for task, problem in missed.items()
    )


@pytest.mark.parametrize("collection", [*RIGHT, BUGGY], ids=attrgetter("name"))
def test_no_row_of_a_dataset_is_missing(collection: Collection, judged_of: JudgedOf) -> None:
    """All rows are read, and no task occurs twice."""
    tasks = {solution.task for solution, _ in judged_of(collection)}

    assert len(tasks) == collection.rows


@pytest.mark.parametrize("collection", [MBPP, SANITIZED], ids=attrgetter("name"))
def test_every_assert_is_a_case(collection: Collection, judged_of: JudgedOf) -> None:
    """A score has as many cases as its tests have asserts."""
    different = {
        solution.task: score.tests_total
        for solution, score in judged_of(collection)
        if score.tests_total != _asserts(solution)
    }

    assert different == {}


def test_tests_that_patch_pass_in_a_shared_process(executor: LocalExecutor) -> None:
    """Tests that are an exception because they patch pass with `shared_process: true`."""
    patching = [
        solution
        for solution in read_solutions(BIGCODEBENCH)
        if solution.task in read_exceptions().keys() - SLOW
    ]
    samples = [
        replace(solution.sample, reference=solution.row | {"shared_process": True})
        for solution in patching
    ]

    assert {
        solution.task: (score.verdict, score.shared_process)
        for solution, score in zip(patching, judge(samples, executor), strict=True)
    } == {solution.task: (Verdict.ACCEPTED, True) for solution in patching}


def test_no_buggy_solution_is_fully_correct(buggy: CaseResults) -> None:
    """All 82 are graded, and none passes all cases."""
    assert _tasks(buggy, lambda _, score: score.correctness == 1.0 or not score.tests_total) == []


def test_the_pass_rate_of_a_buggy_solution_follows_its_asserts(buggy: CaseResults) -> None:
    """The pass rate is above 0 exactly if some asserts hold.

    Correctness is at most the pass rate, as a constant answer would have passed some of the cases.
    """
    assert (
        _tasks(
            buggy,
            lambda solution, score: (
                (solution.row["asserts_held"] > 0) is not (0 < score.pass_rate < 1)
                or score.correctness > score.pass_rate
            ),
        )
        == []
    )


def test_as_many_cases_pass_as_asserts_hold_in_a_plain_interpreter(buggy: CaseResults) -> None:
    """When the data was made, each assert was run alone, in one process with the candidate."""
    disagreeing = _tasks(
        buggy,
        lambda solution, score: (
            (score.tests_passed, score.tests_total)
            != (solution.row["asserts_held"], solution.row["asserts"])
        ),
    )

    assert set(disagreeing) == {task for task in read_exceptions() if task.startswith("Python/")}


def _tasks(judged: CaseResults, is_meant: Callable[[Solution, Score], bool]) -> list[str]:
    return [solution.task for solution, score in judged if is_meant(solution, score)]


def _asserts(solution: Solution) -> int:
    return len(solution.row["test_list"]) + len(solution.row.get("challenge_test_list", []))


def _problem_of(score: Score) -> str:
    endings = [
        f"case {number} {case.verdict}: {case.execution.error or case.execution.detail}"
        for number, case in enumerate(score.cases, start=1)
        if case.verdict is not Verdict.ACCEPTED
    ]
    return score.problem or "; ".join(endings) or str(score.verdict)
