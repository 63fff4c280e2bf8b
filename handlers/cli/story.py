"""Tell how one sample came by its reward, for the people who wonder.

In: an entry, its score, the rubric. Out: text. Unlike everything else that is printed, it shows
what was expected: it is for who owns the dataset. Must not know: how a score comes about.
"""

from collections.abc import Iterator
from contextlib import suppress

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from handlers.cli.remark import what_happened
from handlers.cli.tables import printable
from handlers.wire import Entry
from sandbox.types import Execution
from verifier.errors import VerifierError
from verifier.rubric import DIMENSIONS, Rubric, Shape
from verifier.sentiment import mark, read_expected
from verifier.testplan import plan_tests
from verifier.types import CodePlan, Score, StdioCase, TestPlan, Verdict

_EXCERPT_CHARACTERS = 60
_CASES_MAX = 100


def story_of(entry: Entry, score: Score, rubric: Rubric, *, paid: float) -> RenderableType:
    """Lay out what was found, what each case came to, and how the reward follows; *paid* is it."""
    parts: list[RenderableType] = [_head(entry, score, paid)]
    parts += map(Text, _found(entry, score))
    if score.cases and score.method is not None:
        parts.append(_cases(entry, score))
    if score.verdict is not Verdict.UNGRADED:
        parts += map(Text, _sums(score, rubric, paid))
    return Group(*parts)


def _head(entry: Entry, score: Score, paid: float) -> Text:
    name = printable(str(entry.id)) if entry.id is not None else "a sample without an id"
    return Text(f"{name}: {score.verdict}, reward {paid:g}", style="bold")


def _found(entry: Entry, score: Score) -> Iterator[str]:
    """Say what was found in the completion."""
    if score.problem:
        yield f"problem: {printable(score.problem)}"
    elif entry.sample is None or entry.sample.completion is None:
        yield "there is no assistant turn"
    elif score.method is None:
        yield from _found_sentiment(entry, score)
    else:
        yield f"program: found as {score.method.replace('_', ' ')}"
        for one in score.findings:
            where = f"line {one.line}: " if one.line else ""
            yield f"finding: {where}{printable(one.name)} {one.reason} ({one.severity})"


def _found_sentiment(entry: Entry, score: Score) -> Iterator[str]:
    assert entry.sample is not None  # noqa: S101  (looked at by `_found`)
    with suppress(VerifierError):
        expected = read_expected(entry.sample.reference)
        if expected is not None and score.cases:
            answer = mark(entry.sample.completion or "", expected).answer
            wanted = expected if isinstance(expected, str) else f"{len(expected)} opinions"
            yield f"answer: {answer}; expected: {wanted}"
            return
    yield "no answer was found in the completion"


def _cases(entry: Entry, score: Score) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for name in ("case", "verdict", "expected", "observed", "remark"):
        table.add_column(name)
    expected = _expected(entry)
    for place, case in enumerate(score.cases[:_CASES_MAX]):
        wanted = expected[place] if place < len(expected) else ""
        table.add_row(
            Text(str(place + 1)),
            Text(case.verdict),
            Text(_excerpt(wanted)),
            Text(_excerpt(_observed(case.execution)) if wanted else ""),
            Text(printable(what_happened(case.execution))),
        )
    if len(score.cases) > _CASES_MAX:
        table.add_row(Text("..."), Text(f"{len(score.cases) - _CASES_MAX} more"))
    return table


def _expected(entry: Entry) -> list[str]:
    """Write what each case expects; test code keeps that to itself."""
    plan: TestPlan | CodePlan | None = None
    if entry.sample is not None:
        with suppress(VerifierError):
            plan = plan_tests(entry.sample.reference)
    if not isinstance(plan, TestPlan):
        return []
    return [
        _shown(case.expected_stdout if isinstance(case, StdioCase) else case.expected_value)
        for case in plan.cases
    ]


def _shown(value: object) -> str:
    try:
        return repr(value)
    except (ValueError, RecursionError):  # so many digits take minutes to write
        return "(too long, or too deep, to be shown)"


def _observed(execution: Execution) -> str:
    if execution.value_bytes:
        return _shown(execution.value)
    return repr(execution.stdout[: 4 * _EXCERPT_CHARACTERS].decode("utf-8", "replace"))


def _excerpt(text: str) -> str:
    return printable(text, limit=_EXCERPT_CHARACTERS)


def _sums(score: Score, rubric: Rubric, paid: float) -> Iterator[str]:
    """Write the formula with its numbers."""
    if score.cases and score.method is not None:
        yield from _correctness(score, rubric)
    if score.method is not None or not score.cases:
        weighted = {name: getattr(rubric, name) for name in DIMENSIONS}
    else:  # no program is asked for, and nothing paid for one
        weight = rubric.correctness + rubric.format or 1.0
        weighted = {name: getattr(rubric, name) / weight for name in ("correctness", "format")}
    terms = " + ".join(
        f"{weight:.3g} x {getattr(score, name):.4g} {name}"
        for name, weight in weighted.items()
        if weight
    )
    within = f"{rubric.lowest:g} + {rubric.highest - rubric.lowest:g} x "
    is_plain = (rubric.lowest, rubric.highest) == (0.0, 1.0)
    yield f"reward = {'' if is_plain else within}({terms}) = {paid:.4g}"
    if score.verdict is Verdict.SECURITY_VIOLATION:
        yield f"  of which a security violation takes {rubric.violation_penalty:.0%}"


def _correctness(score: Score, rubric: Rubric) -> Iterator[str]:
    passed, total = score.tests_passed, score.tests_total
    guessed = round(score.guess_baseline * total)
    if not rubric.guess_correction or guessed in (0, total):
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
