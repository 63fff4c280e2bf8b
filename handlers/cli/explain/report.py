"""Tell how one sample came by its reward, for the people who wonder.

In: an entry, its score, the rubric. Out: text. Unlike everything else that is printed, it shows
what was expected: it is for who owns the dataset. Must not know: how a score comes about.
"""

from collections.abc import Iterator
from contextlib import suppress

from rich.console import Group, RenderableType
from rich.text import Text

from nova_code_verifier.handlers.cli.explain.answer import answer_parts, share_line
from nova_code_verifier.handlers.cli.explain.cases import case_table
from nova_code_verifier.handlers.cli.explain.formula import (
    counted_share,
    reward_lines,
    share_lines,
    worth_line,
)
from nova_code_verifier.handlers.cli.tables import printable
from nova_code_verifier.handlers.report import finding_text
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.plan import plan_tests
from nova_code_verifier.verifier.reference.task import open_reference, read_task
from nova_code_verifier.verifier.rubric import Polarity, Rubric
from nova_code_verifier.verifier.sentiment.answer import (
    Expected,
    SentimentResult,
    mark,
    read_expected,
)
from nova_code_verifier.verifier.types import CodePlan, Score, Source, TestPlan, Verdict


def explain_report(
    entry: Entry, score: Score, rubric: Rubric, *, paid: float | None
) -> RenderableType:
    """Lay out what was found, what each case came to, and how the reward follows; *paid* is it."""
    if entry.sample is not None:
        with suppress(VerifierError):
            spec, _ = read_task(entry.sample.reference, entry.sample.tasks, rubric)
            rubric = spec.rubric
    return Group(_head(entry, score, paid), *_parts(entry, score, rubric, paid))


def _parts(
    entry: Entry, score: Score, rubric: Rubric, paid: float | None
) -> Iterator[RenderableType]:
    if score.problem:
        yield Text(f"problem: {printable(score.problem)}")
    if score.verdict is Verdict.UNGRADED:
        return
    marked = _marked(entry, score)
    if marked is not None:
        yield from answer_parts(*marked, rubric)
    else:
        yield Text(_found(entry, score))
    yield from (Text(f"finding: {printable(finding_text(one))}") for one in score.findings)
    yield from (Text(f"format: {miss.replace('_', ' ')}") for miss in score.misses)
    plan = _plan(entry) if score.cases and score.method is not None else None
    if plan is not None:
        yield case_table(plan, score.cases)
    if paid is not None:
        lines = _correctness(score, rubric, plan, marked)
        yield from map(Text, (*lines, *reward_lines(score, rubric, paid)))


def _head(entry: Entry, score: Score, paid: float | None) -> Text:
    name = printable(str(entry.id)) if entry.id is not None else "a sample without an id"
    reward = "no reward" if paid is None else f"reward {paid:g}"
    return Text(f"{name}: {score.verdict}, {reward}", style="bold")


def _marked(entry: Entry, score: Score) -> tuple[SentimentResult, Expected] | None:
    """Mark an answer once more, if it is a label or opinions."""
    if score.source is not Source.SENTIMENT or entry.sample is None:
        return None
    expected = read_expected(open_reference(entry.sample.reference))
    assert expected is not None  # noqa: S101  (it has been marked by this)
    return mark(entry.sample.completion or "", expected), expected


def _found(entry: Entry, score: Score) -> str:
    """Say what was found in the completion."""
    if entry.sample is None or entry.sample.completion is None:
        return "there is no assistant turn"
    if score.method is not None:
        return f"program: found as {score.method.replace('_', ' ')}"
    if not score.cases:
        return "no answer was found in the completion"
    return f"answer: in words, as good as the reference by {score.similarity:.4g}"


def _plan(entry: Entry) -> TestPlan | CodePlan | None:
    if entry.sample is not None:
        with suppress(VerifierError):
            return plan_tests(open_reference(entry.sample.reference))
    return None


def _correctness(
    score: Score,
    rubric: Rubric,
    plan: TestPlan | CodePlan | None,
    marked: tuple[SentimentResult, Expected] | None,
) -> Iterator[str]:
    """Write how the correctness follows."""
    if plan is not None:
        has_groups = isinstance(plan, TestPlan) and plan.groups is not None
        yield from share_lines(score, rubric, has_groups=has_groups)
        yield worth_line(score, rubric, counted_share(score, rubric))
    elif marked is not None and marked[0].answer is not None:
        answer, share = marked[0].answer, marked[0].correctness
        worth = rubric.label_weight(answer) if isinstance(answer, Polarity) else 1.0
        yield share_line(*marked)
        yield worth_line(score, rubric, share, worth=worth)
