"""The remark on a score."""

import pytest

from nova_code_verifier.handlers.scored.remark import remark_on
from nova_code_verifier.sandbox.types import Ending, Execution, RaisedError
from nova_code_verifier.verifier.types import CaseResult, Score, Verdict

RIGHT = CaseResult(verdict=Verdict.ACCEPTED, execution=Execution(ending=Ending.FINISHED))


def remark(*cases: CaseResult, verdict: Verdict) -> str:
    """Return the remark on a score with these *cases*."""
    return remark_on(Score(verdict=verdict, cases=cases), has_completion=True)


def test_an_accepted_sample_has_no_remark() -> None:
    """The remark is empty if all cases passed."""
    assert remark(RIGHT, verdict=Verdict.ACCEPTED) == ""


def test_a_problem_is_the_remark() -> None:
    """If the sample could not be graded, the remark is the problem."""
    score = Score(verdict=Verdict.UNGRADED, problem="outputs: missing")

    assert remark_on(score, has_completion=True) == "outputs: missing"


def test_a_missing_completion_differs_from_a_missing_answer() -> None:
    """A row of a dataset without a completion gets another remark than prose without a program."""
    score = Score(verdict=Verdict.NO_CANDIDATE)

    assert remark_on(score, has_completion=False) == "no assistant turn"
    assert remark_on(score, has_completion=True) == "no answer was found"


def test_a_program_in_another_language_is_named() -> None:
    """The remark says which language was found, and which one is judged."""
    score = Score(verdict=Verdict.NO_CANDIDATE, other_language="cpp")

    remark = remark_on(score, has_completion=True)
    assert remark == "found a block tagged cpp; only Python is judged"


@pytest.mark.parametrize(
    ("execution", "expected"),
    [
        (Execution(ending=Ending.FINISHED, exit_status=0), "case 2"),
        (Execution(ending=Ending.FINISHED, exit_status=3), "case 2: exit status 3"),
        (Execution(ending=Ending.CRASHED, signal=11), "case 2: crashed, signal 11"),
        (Execution(ending=Ending.OUT_OF_TIME, detail="cpu"), "case 2: out of time, cpu"),
        (
            Execution(ending=Ending.RAISED, error=RaisedError(type_name="KeyError", message="'x'")),
            "case 2: raised, KeyError: 'x'",
        ),
    ],
)
def test_the_case_that_failed_is_named(execution: Execution, expected: str) -> None:
    """The remark has the number of the case, and how it ended."""
    failed = CaseResult(verdict=Verdict.RUNTIME_ERROR, execution=execution)

    assert remark(RIGHT, failed, RIGHT, verdict=Verdict.RUNTIME_ERROR) == expected


def test_the_iterations_that_held_are_counted() -> None:
    """A case that is a loop over asserts failed in part only."""
    execution = Execution(ending=Ending.FINISHED)
    failed = CaseResult(verdict=Verdict.WRONG_ANSWER, execution=execution, parts=4, parts_passed=3)

    expected = "case 1: 3 of 4 iterations held"
    assert remark(failed, verdict=Verdict.WRONG_ANSWER) == expected


def test_a_missing_entry_point_is_told_in_a_sentence() -> None:
    """The remark says which name is missing, and which names the program defines."""
    error = RaisedError(type_name="LookupError", message="the program defines no add")
    execution = Execution(ending=Ending.NO_ENTRY_POINT, error=error)
    failed = CaseResult(verdict=Verdict.NO_ENTRY_POINT, execution=execution)
    score = Score(verdict=Verdict.NO_ENTRY_POINT, cases=(failed,))

    assert remark_on(score, has_completion=True, defined=("sub", "mul")) == (
        "case 1: the program defines no add; it defines sub, mul"
    )


def test_the_case_that_decided_the_verdict_is_named() -> None:
    """If a later case decided the verdict, the remark is not about an earlier failure."""
    wrong = CaseResult(verdict=Verdict.WRONG_ANSWER, execution=Execution(ending=Ending.FINISHED))
    forbidden = CaseResult(
        verdict=Verdict.SECURITY_VIOLATION,
        execution=Execution(ending=Ending.FORBIDDEN, detail="socket.connect"),
    )

    found = remark(wrong, forbidden, verdict=Verdict.SECURITY_VIOLATION)

    assert found == "case 2: forbidden, socket.connect"
