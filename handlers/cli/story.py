"""Tell how one sample came by its reward, for the people who wonder.

In: an entry, its score, the rubric. Out: text. Unlike everything else that is printed, it shows
what was expected: it is for who owns the dataset. Must not know: how a score comes about.
"""

import re
from collections.abc import Iterator
from contextlib import suppress

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from handlers.cli.remark import what_happened
from handlers.cli.tables import printable
from handlers.report import finding_text
from handlers.wire import Entry
from sandbox.types import Execution
from verifier.errors import VerifierError
from verifier.rubric import Grouping, Rubric, Shape
from verifier.sentiment import mark, read_expected
from verifier.terms import open_reference, read_terms
from verifier.testplan import plan_tests
from verifier.types import CodePlan, Sample, Score, Source, StdioCase, TestPlan, Verdict

_EXCERPT_CHARACTERS = 60
_CASES_MAX = 100
_TEST_LINE = re.compile(r"line (\d{1,6}) of the tests")


def story_of(entry: Entry, score: Score, rubric: Rubric, *, paid: float | None) -> RenderableType:
    """Lay out what was found, what each case came to, and how the reward follows; *paid* is it."""
    if entry.sample is not None:
        with suppress(VerifierError):
            terms, _ = read_terms(entry.sample.reference, entry.sample.tasks, rubric)
            rubric = terms.rubric
    parts: list[RenderableType] = [_head(entry, score, paid)]
    parts += map(Text, _found(entry, score, rubric))
    if score.cases and score.method is not None:
        parts.append(_cases(entry, score))
    if score.verdict is not Verdict.UNGRADED and paid is not None:
        parts += map(Text, _sums(entry, score, rubric, paid))
    return Group(*parts)


def _head(entry: Entry, score: Score, paid: float | None) -> Text:
    name = printable(str(entry.id)) if entry.id is not None else "a sample without an id"
    reward = "no reward" if paid is None else f"reward {paid:g}"
    return Text(f"{name}: {score.verdict}, {reward}", style="bold")


def _found(entry: Entry, score: Score, rubric: Rubric) -> Iterator[str]:
    """Say what was found in the completion."""
    if score.problem:
        yield f"problem: {printable(score.problem)}"
    if score.verdict is Verdict.UNGRADED:
        return
    if entry.sample is None or entry.sample.completion is None:
        yield "there is no assistant turn"
    elif score.method is not None:
        yield f"program: found as {score.method.replace('_', ' ')}"
    elif not score.cases:
        yield "no answer was found in the completion"
    elif score.source is Source.SIMILARITY:
        yield f"answer: in words, as good as the reference by {score.similarity:.4g}"
    else:
        yield from _found_sentiment(entry.sample, rubric)
    yield from (f"finding: {printable(finding_text(one))}" for one in score.findings)
    yield from (f"format: {miss.replace('_', ' ')}" for miss in score.misses)


def _found_sentiment(sample: Sample, rubric: Rubric) -> Iterator[str]:
    expected = read_expected(open_reference(sample.reference))
    assert expected is not None  # noqa: S101  (it has been marked by this)
    answer = mark(sample.completion or "", expected).answer
    wanted = expected if isinstance(expected, str) else f"{len(expected)} opinions"
    yield f"answer: {answer}; expected: {wanted}"
    if rubric.priors and isinstance(expected, str):
        yield f"a right {expected} is worth {rubric.worth_of(expected):.4g}, as labels are frequent"


def _cases(entry: Entry, score: Score) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for name in ("case", "verdict", "expected", "observed", "remark"):
        table.add_column(name)
    plan = _plan(entry)
    for place, case in enumerate(score.cases[:_CASES_MAX]):
        wanted = _expected(plan, place, case.execution)
        is_own = isinstance(plan, TestPlan)
        table.add_row(
            Text(printable(case.name) or str(place + 1)),
            Text(case.verdict),
            Text(_excerpt(wanted)),
            Text(_excerpt(_observed(case.execution)) if is_own else ""),
            Text(printable(what_happened(case.execution))),
        )
    if len(score.cases) > _CASES_MAX:
        table.add_row(Text("..."), Text(f"{len(score.cases) - _CASES_MAX} more"))
    return table


def _plan(entry: Entry) -> TestPlan | CodePlan | None:
    if entry.sample is not None:
        with suppress(VerifierError):
            return plan_tests(open_reference(entry.sample.reference))
    return None


def _expected(plan: TestPlan | CodePlan | None, place: int, execution: Execution) -> str:
    """Write what a case expects; of test code, the line at which it failed."""
    if isinstance(plan, TestPlan):
        case = plan.cases[place]
        return _shown(case.expected_stdout if isinstance(case, StdioCase) else case.expected_value)
    failed = _TEST_LINE.search(execution.error.message) if execution.error else None
    lines = plan.paper.source.splitlines() if plan else []
    number = int(failed[1]) if failed else 0
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def _shown(value: object) -> str:
    try:
        return repr(value)
    except (ValueError, RecursionError):  # so many digits take minutes to write
        return "(too long, or too deep, to be shown)"


def _observed(execution: Execution) -> str:
    if execution.value_bytes:
        is_kept = execution.value is not None or execution.value_bytes <= len("null")
        return _shown(execution.value) if is_kept else f"({execution.value_bytes} bytes)"
    return repr(execution.stdout[: 4 * _EXCERPT_CHARACTERS].decode("utf-8", "replace"))


def _excerpt(text: str) -> str:
    return printable(text, limit=_EXCERPT_CHARACTERS)


def _sums(entry: Entry, score: Score, rubric: Rubric, paid: float) -> Iterator[str]:
    """Write the formula with its numbers."""
    if score.cases and score.method is not None:
        plan = _plan(entry)
        has_groups = isinstance(plan, TestPlan) and plan.groups is not None
        yield from _correctness(score, rubric, has_groups=has_groups)
    terms = " + ".join(
        f"{weight:.3g} x {getattr(score, name):.4g} {name}"
        for name, weight in score.weights or (("correctness", 1.0),)
        if weight
    )
    within = f"{rubric.lowest:g} + {rubric.highest - rubric.lowest:g} x "
    is_plain = (rubric.lowest, rubric.highest) == (0.0, 1.0)
    yield f"reward = {'' if is_plain else within}({terms}) = {paid:.4g}"
    if score.verdict is Verdict.SECURITY_VIOLATION and not score.cases:
        yield "  as it was not run"
    elif score.verdict is Verdict.SECURITY_VIOLATION:
        yield f"  of which a security violation takes {rubric.violation_penalty:.0%}"


def _correctness(score: Score, rubric: Rubric, *, has_groups: bool) -> Iterator[str]:
    passed, total = score.tests_passed, score.tests_total
    guessed = round(score.guess_baseline * total)
    if has_groups:
        how = (
            "all or nothing of each group" if rubric.groups is Grouping.MINIMUM else "of all groups"
        )
        yield f"points = {score.share:.4g}, {how}; the best guess has {score.guess_baseline:.4g}"
        if rubric.guess_correction and score.guess_baseline not in (0, 1):
            yield "share = (points - guess) / (1 - guess), 0 at least"
    elif not rubric.guess_correction or guessed in (0, total):
        why = ": no guess is wrong here" if guessed == total else ""
        yield f"share = {passed} / {total} passed{why if rubric.guess_correction else ''}"
    else:
        yield (
            f"share = ({passed} passed - {guessed} guessed) / ({total} cases - {guessed}), "
            "0 at least"
        )
    if rubric.shape is not Shape.LINEAR:
        yield f"correctness = {rubric.shape.replace('_', ' ')} of the share"
    yield f"correctness = {score.correctness:.4g}"
