"""What an execution means.

In: a test case, its checker, what happened. Out: a `Verdict`. Must not know: processes,
rewards.
"""

from typing import assert_never

from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.checking.checkers import output_matches, value_matches
from nova_code_verifier.verifier.types import CallCase, Checker, StdioCase, TestCase, Verdict

_BY_ENDING = {
    Ending.RAISED: Verdict.RUNTIME_ERROR,
    Ending.UNREADABLE: Verdict.WRONG_ANSWER,
    Ending.CRASHED: Verdict.RUNTIME_ERROR,
    Ending.OUT_OF_TIME: Verdict.TIME_LIMIT_EXCEEDED,
    Ending.OUT_OF_MEMORY: Verdict.MEMORY_LIMIT_EXCEEDED,
    Ending.TOO_MUCH_OUTPUT: Verdict.OUTPUT_LIMIT_EXCEEDED,
    Ending.FORBIDDEN: Verdict.SECURITY_VIOLATION,
    Ending.NOT_COMPILED: Verdict.COMPILE_ERROR,
    Ending.NOT_LOADED: Verdict.RUNTIME_ERROR,
    Ending.NO_ENTRY_POINT: Verdict.COMPILE_ERROR,
    Ending.SKIPPED: Verdict.TIME_LIMIT_EXCEEDED,
    Ending.UNSENDABLE: Verdict.UNGRADED,
    Ending.NOT_RUN: Verdict.UNGRADED,
}


def judge_case(case: TestCase, checker: Checker, execution: Execution) -> Verdict:
    """Judge one test case. Raises VerifierError if what it expects cannot be compared."""
    if execution.ending is not Ending.FINISHED:
        return _BY_ENDING[execution.ending]
    match case:
        case StdioCase():
            # A program that fails after printing the right thing has failed.
            if execution.exit_status != 0:
                return Verdict.RUNTIME_ERROR
            right = output_matches(checker, case.expected_stdout, execution.stdout)
        case CallCase():
            right = any(
                value_matches(checker, expected, execution.value)
                for expected in (case.expected_value, *case.also_accepted)
            )
        case _:
            assert_never(case)
    return Verdict.ACCEPTED if right else Verdict.WRONG_ANSWER


def verdict_of_ending(ending: Ending) -> Verdict:
    """Judge a question that was not answered."""
    return _BY_ENDING[ending]


def overall(verdicts: tuple[Verdict, ...]) -> Verdict:
    """Sum up a sample's cases: what outweighs all else, or the first failure."""
    for weighty in (Verdict.UNGRADED, Verdict.SECURITY_VIOLATION):
        if weighty in verdicts:
            return weighty
    failures = (verdict for verdict in verdicts if verdict is not Verdict.ACCEPTED)
    return next(failures, Verdict.ACCEPTED)
