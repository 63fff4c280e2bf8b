"""Explain a verdict in a few words.

In: a `Score`. Out: one line of text for people. Parts of it are a candidate's own text; it
never contains an expected answer.
"""

from collections.abc import Sequence

from nova_code_verifier.handlers.report import other_language_text
from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.types import CaseResult, Score, Verdict

_NO_ENTRY_POINT = "LookupError"
"""How a guest reports that there is nothing to call; its message says so in a sentence."""


def remark_on(score: Score, *, has_completion: bool, defined: Sequence[str] = ()) -> str:
    """Return the problem, or the first case that led to the verdict. Empty if accepted.

    *defined* are the names that the program defines: they often explain why another is missing.
    """
    if score.problem:
        return score.problem
    if score.verdict is Verdict.NO_CANDIDATE:
        if score.other_language:
            return other_language_text(score)
        return "no answer was found" if has_completion else "no assistant turn"
    if score.verdict is Verdict.ACCEPTED:
        return ""
    for number, case in enumerate(score.cases, start=1):
        if case.verdict is score.verdict:
            how = case_text(case)
            if defined and score.verdict is Verdict.NO_ENTRY_POINT:
                how += f"; it defines {', '.join(defined)}"
            return ": ".join(filter(None, (f"case {number}", how)))
    return ""


def case_text(case: CaseResult) -> str:
    """Describe how a case ended and, if it is a loop over asserts, how many of them held."""
    parts = f"{case.parts_passed} of {case.parts} iterations held" if case.parts > 1 else ""
    return ", ".join(filter(None, (ending_text(case.execution), parts)))


def ending_text(execution: Execution) -> str:
    """Describe how an execution ended; empty if it finished normally."""
    error = execution.error
    if execution.ending is Ending.NO_ENTRY_POINT and error and error.type_name == _NO_ENTRY_POINT:
        return error.message
    facts = (
        "" if execution.ending is Ending.FINISHED else execution.ending.replace("_", " "),
        f"exit status {execution.exit_status}" if execution.exit_status else "",
        f"signal {execution.signal}" if execution.signal else "",
        execution.detail,
        f"{error.type_name}: {error.message}" if error else "",
    )
    return ", ".join(filter(None, facts))
