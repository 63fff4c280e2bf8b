"""Explain how one sample got its reward: the whole report.

In: an entry and its graded sample. Out: text. Unlike everything else that the command line prints,
it shows what was expected: it is for the owner of the dataset.
"""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from nova_code_verifier.handlers.cli.explain.answer import answer_parts
from nova_code_verifier.handlers.cli.explain.cases import case_table, failure_parts, program_parts
from nova_code_verifier.handlers.cli.tables import printable
from nova_code_verifier.handlers.report import finding_text, other_language_text
from nova_code_verifier.handlers.scored.formula import formula_lines
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.verifier.pipeline import GradedSample
from nova_code_verifier.verifier.types import FailureClass, Score, Verdict

_FAULTS = {
    FailureClass.DATA: "data; repair the dataset",
    FailureClass.INFRASTRUCTURE: "infrastructure; score the sample again",
    FailureClass.TIME: "time, the deadline came first; score the sample again",
}


def explain_report(entry: Entry, graded: GradedSample, *, paid: float | None) -> RenderableType:
    """Lay out the answer that was found, the result of each case, and the formula.

    *paid* is the reward in the row; None if there is none.
    """
    name = printable(str(entry.id)) if entry.id is not None else "a sample without an id"
    reward = "no reward" if paid is None else f"reward {paid:g}"
    if graded.score.reward is None and paid is not None:
        reward = f"reward - (its row says {paid:g}, because trainers need a number)"
    head = Text(f"{name}: {graded.score.verdict}, {reward}", style="bold")
    return Group(head, *_parts(entry, graded, paid))


def _parts(entry: Entry, graded: GradedSample, paid: float | None) -> Iterator[RenderableType]:
    score, prepared = graded.score, graded.prepared
    if score.problem:
        yield f"problem: {printable(score.problem)}"
    if score.failure is not FailureClass.NONE:
        yield f"failure: {_FAULTS[score.failure]}"
    if score.verdict is Verdict.UNGRADED or prepared is None:
        return
    if prepared.sentiment is not None:
        yield from answer_parts(*prepared.sentiment, prepared.task.rubric)
    else:
        yield _found(entry, score)
        if score.prelude:
            yield f"prelude: {printable('; '.join(score.prelude.splitlines()))}"
    yield from (f"note: {printable(note)}" for note in score.notes)
    yield from (f"finding: {printable(finding_text(finding))}" for finding in score.findings)
    yield from (f"format: {issue.replace('_', ' ')}" for issue in score.format_issues)
    if score.cases and prepared.plan is not None:
        yield case_table(prepared.plan, score.cases)
        yield from map(_plain, failure_parts(prepared.plan, score.cases))
    if prepared.candidate is not None:
        yield from map(_plain, program_parts(prepared.candidate.program))
    if paid is not None:
        yield from formula_lines(score, prepared, paid)


def _plain(line: Text | str) -> Text:
    """Keep rich from wrapping a line: it would break programs and inputs in new places."""
    return line if isinstance(line, Text) else Text(line, no_wrap=True, overflow="fold")


def _found(entry: Entry, score: Score) -> str:
    """Describe what was found in the completion."""
    if entry.sample is None or entry.sample.completion is None:
        return "there is no assistant turn"
    if score.method is not None:
        return f"program: found as {score.method.replace('_', ' ')}"
    if score.other_language:
        return other_language_text(score)
    if not score.cases:
        return "no answer was found in the completion"
    return f"answer: in words, as good as the reference by {score.similarity:.4g}"
