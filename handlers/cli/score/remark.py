"""Explain a verdict in a few words.

In: a `Score`. Out: one line of text for people. Parts of it are a candidate's own text; it
never contains an expected answer.
"""

from nova_code_verifier.handlers.report import other_language_text
from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.types import Score, Verdict


def remark_on(score: Score, *, has_completion: bool) -> str:
    """Return the problem, or the first case that led to the verdict. Empty if accepted."""
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
            return ": ".join(filter(None, (f"case {number}", ending_text(case.execution))))
    return ""


def ending_text(execution: Execution) -> str:
    """Describe how an execution ended; empty if it finished normally."""
    error = execution.error
    facts = (
        "" if execution.ending is Ending.FINISHED else execution.ending.replace("_", " "),
        f"exit status {execution.exit_status}" if execution.exit_status else "",
        f"signal {execution.signal}" if execution.signal else "",
        execution.detail,
        f"{error.type_name}: {error.message}" if error else "",
    )
    return ", ".join(filter(None, facts))
