"""Tell of one sample which label or opinions were answered, and which were expected.

In: a completion, what was expected, what of it is paid. Out: lines, and a table of opinions in
pairs. Must not know: how an answer is found, how opinions are compared.
"""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from nova_code_verifier.handlers.cli.explain.cases import EXCERPT_CHARACTERS, table_of
from nova_code_verifier.handlers.cli.tables import printable
from nova_code_verifier.verifier.rubric import Polarity, Rubric
from nova_code_verifier.verifier.sentiment.answer import Expected, SentimentResult
from nova_code_verifier.verifier.sentiment.opinions import Opinion

_NOBODY = "-"


def answer_parts(
    marked: SentimentResult, expected: Expected, rubric: Rubric
) -> Iterator[RenderableType]:
    """Say what was answered and what was expected; or why there is no answer."""
    wanted = expected if isinstance(expected, Polarity) else f"{len(expected)} opinions"
    if marked.answer is None:
        yield Text(f"no answer was found in the completion: {marked.why}")
        yield Text(f"expected: {wanted}")
    else:
        yield Text(f"answer: {marked.answer}; expected: {wanted}")
    if not isinstance(expected, Polarity):
        yield from _opinions(marked, expected)
    elif rubric.priors:
        worth = rubric.label_weight(expected)
        yield Text(f"a right {expected} is worth {worth:.4g}, as labels are frequent")


def share_line(marked: SentimentResult, expected: Expected) -> str:
    """Write the formula of an answer's share, with its numbers."""
    if isinstance(expected, Polarity):
        return f"share = {marked.correctness:.4g}, as the label is {_right_or_wrong(marked)}"
    if not (expected or marked.count):
        return "share = 1, as there are none"
    alike = sum(pair.likeness for pair in marked.pairs)
    return (
        f"share = 2 x {alike:.4g} likeness / ({len(expected)} expected + {marked.count} answered)"
        f" = {marked.correctness:.4g}"
    )


def _right_or_wrong(marked: SentimentResult) -> str:
    return "right" if marked.correctness else "wrong"


def _opinions(marked: SentimentResult, expected: tuple[Opinion, ...]) -> Iterator[RenderableType]:
    table = table_of(("expected", "answered", "likeness"))
    for pair in marked.pairs:
        cells = _cell(expected[pair.expected]), _cell(marked.opinions[pair.answered])
        table.add_row(*cells, Text(f"{pair.likeness:.4g}"))
    missed = set(range(len(expected))) - {pair.expected for pair in marked.pairs}
    surplus = set(range(len(marked.opinions))) - {pair.answered for pair in marked.pairs}
    for place in sorted(missed):
        table.add_row(_cell(expected[place]), Text(_NOBODY), Text("0"))
    for place in sorted(surplus):
        table.add_row(Text(_NOBODY), _cell(marked.opinions[place]), Text("0"))
    if table.row_count:
        yield table
    others = marked.count - len(marked.opinions)
    if others:
        yield Text(f"answered and not read: {others}, without a target and a polarity, or too many")


def _cell(opinion: Opinion) -> Text:
    parts = (opinion.target, opinion.category, opinion.polarity)
    return Text(" | ".join(printable(part, limit=EXCERPT_CHARACTERS) for part in parts if part))
