"""Show which label or opinions a sample answered, and which were expected.

In: a graded answer, what was expected, the rubric. Out: lines, and a table of opinions in pairs.
"""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from nova_code_verifier.handlers.cli.explain.cases import EXCERPT_CHARACTERS
from nova_code_verifier.handlers.cli.tables import printable, table_with_header
from nova_code_verifier.verifier.rubric import Polarity, Rubric
from nova_code_verifier.verifier.sentiment.answer import Expected, SentimentResult
from nova_code_verifier.verifier.sentiment.opinions import Opinion

_NO_OPINION = Text("-")


def answer_parts(
    marked: SentimentResult, expected: Expected, rubric: Rubric
) -> Iterator[RenderableType]:
    """Show the answer and what was expected, or why there is no answer."""
    wanted = expected if isinstance(expected, Polarity) else _opinion_count(len(expected))
    if marked.answer is None:
        yield Text(f"no answer was found in the completion: {marked.why}")
        yield Text(f"expected: {wanted}")
    else:
        is_label = isinstance(expected, Polarity)
        answer = marked.answer if is_label else _opinion_count(marked.count)
        yield Text(f"answer: {answer}; expected: {wanted}")
    if not isinstance(expected, Polarity):
        yield from _opinions(marked, expected)
    elif rubric.priors:
        worth = rubric.worth_of(expected)
        yield Text(f"a right {expected} is worth {worth:.4g}: frequent labels are worth less")


def share_line(marked: SentimentResult, expected: Expected) -> str:
    """Return the formula of an answer's share, with its numbers."""
    if isinstance(expected, Polarity):
        return f"share = {marked.correctness:.4g}: the label is {_right_or_wrong(marked)}"
    if not (expected or marked.count):
        return "share = 1: no opinions were expected, and none was answered"
    alike = sum(pair.likeness for pair in marked.pairs)
    return (
        f"share = 2 x {alike:.4g} likeness / ({len(expected)} expected + {marked.count} answered)"
        f" = {marked.correctness:.4g}"
    )


def _right_or_wrong(marked: SentimentResult) -> str:
    return "right" if marked.correctness else "wrong"


def _opinions(marked: SentimentResult, expected: tuple[Opinion, ...]) -> Iterator[RenderableType]:
    table = table_with_header(("expected", "answered", "likeness"))
    for pair in marked.pairs:
        cells = _cell(expected[pair.expected]), _cell(marked.opinions[pair.answered])
        table.add_row(*cells, Text(f"{pair.likeness:.4g}"))
    missed = set(range(len(expected))) - {pair.expected for pair in marked.pairs}
    surplus = set(range(len(marked.opinions))) - {pair.answered for pair in marked.pairs}
    for index in sorted(missed):
        table.add_row(_cell(expected[index]), _NO_OPINION, Text("0"))
    for index in sorted(surplus):
        table.add_row(_NO_OPINION, _cell(marked.opinions[index]), Text("0"))
    if table.row_count:
        yield table
    others = marked.count - len(marked.opinions)
    if others:
        yield Text(f"answered but ignored: {others} (no target, no polarity, or too many opinions)")


def _opinion_count(count: int) -> str:
    return "1 opinion" if count == 1 else f"{count} opinions"


def _cell(opinion: Opinion) -> Text:
    parts = (opinion.target, opinion.category, opinion.polarity)
    return Text(" | ".join(printable(part, limit=EXCERPT_CHARACTERS) for part in parts if part))
