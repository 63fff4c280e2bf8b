"""Judge executions.

In: a test case, its checker, and the execution of its question. Out: a `Verdict`.
"""

from dataclasses import replace

from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.checking.checkers import output_matches, value_matches
from nova_code_verifier.verifier.types import CaseResult, Checker, StdioCase, TestCase, Verdict

_SHOWN_BYTES = 2048
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
    Ending.NO_ENTRY_POINT: Verdict.NO_ENTRY_POINT,
    Ending.SKIPPED: Verdict.TIME_LIMIT_EXCEEDED,
    Ending.UNSENDABLE: Verdict.UNGRADED,
    Ending.NOT_RUN: Verdict.UNGRADED,
}


def judge_case(case: TestCase, checker: Checker, execution: Execution) -> Verdict:
    """Return the verdict of one test case.

    Raise VerifierError if the checker cannot compare with the expected output or value.
    """
    if execution.ending is not Ending.FINISHED:
        return _BY_ENDING[execution.ending]
    if isinstance(case, StdioCase):
        # A program that fails after it printed the right output has failed.
        if execution.exit_status != 0:
            return Verdict.RUNTIME_ERROR
        matches = output_matches(checker, case.expected_stdout, execution.stdout)
    else:
        values = (case.expected_value, *case.also_accepted)
        matches = any(value_matches(checker, value, execution.value) for value in values)
    return Verdict.ACCEPTED if matches else Verdict.WRONG_ANSWER


def verdict_of_ending(ending: Ending) -> Verdict:
    """Return the verdict of a question that has no answer. *ending* must not be FINISHED."""
    return _BY_ENDING[ending]


def result_of(verdict: Verdict, execution: Execution, message: str = "") -> CaseResult:
    """Return the result of a case, with only as much of the output as people are shown.

    A batch of whole outputs would fill the memory.
    """
    stdout, size = execution.stdout, len(execution.stdout)
    if size > 2 * _SHOWN_BYTES or execution.value_bytes > _SHOWN_BYTES:
        if size > 2 * _SHOWN_BYTES:
            stdout = stdout[:_SHOWN_BYTES] + b" ... " + stdout[-_SHOWN_BYTES:]
        value = execution.value if execution.value_bytes <= _SHOWN_BYTES else None
        execution = replace(execution, stdout=stdout, value=value)
    return CaseResult(verdict=verdict, execution=execution, message=message, stdout_bytes=size)


def overall(verdicts: tuple[Verdict, ...]) -> Verdict:
    """Return the verdict of a sample from those of its cases, in order.

    It is UNGRADED if a case is, else SECURITY_VIOLATION if a case is, else the first failure.
    """
    for dominant in (Verdict.UNGRADED, Verdict.SECURITY_VIOLATION):
        if dominant in verdicts:
            return dominant
    failures = (verdict for verdict in verdicts if verdict is not Verdict.ACCEPTED)
    return next(failures, Verdict.ACCEPTED)
