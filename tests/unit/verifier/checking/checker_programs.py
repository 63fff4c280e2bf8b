"""Checkers, plans and scripted opinions for the tests of checker programs."""

from collections.abc import Callable

from nova_code_verifier.sandbox.types import Ending, Execution, Question, Run
from nova_code_verifier.verifier.types import (
    CheckerContract,
    CheckerProgram,
    StdioCase,
    TestPlan,
)
from tests.fakes import ScriptedExecutor

FINISHED = Execution(ending=Ending.FINISHED)
PROGRAM = CheckerProgram(source="print(1)", contract=CheckerContract.ARGV, path="generated_checker")


def plan_of(*outputs: str, program: CheckerProgram = PROGRAM) -> TestPlan:
    """Return a plan with a checker program: case number k has the input `k` and expects this."""
    cases = tuple(
        StdioCase(stdin=f"{number}\n", expected_stdout=output)
        for number, output in enumerate(outputs)
    )
    return TestPlan(cases=cases, checker_program=program)


def printed(stdout: str | bytes, *, exit_status: int = 0) -> Execution:
    """Return the execution of a program that printed *stdout* and exited."""
    data = stdout.encode() if isinstance(stdout, str) else stdout
    return Execution(ending=Ending.FINISHED, exit_status=exit_status, stdout=data)


def texts_of(question: Question) -> tuple[str, str, str]:
    """Return what a checker gets: input, expected output, observed output."""
    assert isinstance(question, Run)
    stdin, parts = question.stdin, []
    for size in map(int, question.argv):
        parts.append(stdin[:size].decode())
        stdin = stdin[size:]
    first, second, third = parts
    return first, second, third


def checking(
    accepts: Callable[[str, str, str], object],
    candidate: Execution = FINISHED,
) -> ScriptedExecutor:
    """Return an executor that has a script for checkers; every candidate ends like *candidate*.

    *accepts* gets input, expected and observed output. It returns whether they match, or the
    execution of the checker.
    """

    def answer(question: Question) -> Execution:
        opinion = accepts(*texts_of(question))
        return opinion if isinstance(opinion, Execution) else printed("1" if opinion else "0")

    return ScriptedExecutor(lambda _: candidate, trusted=ScriptedExecutor(answer))
