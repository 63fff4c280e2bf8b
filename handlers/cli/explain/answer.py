"""Show which label or opinions a sample answered, and which were expected.

In: a graded answer, what was expected, the rubric. Out: lines, and a table of opinions in pairs.
"""

from collections.abc import Iterator

from rich.console import RenderableType

from nova_code_verifier.handlers.cli.explain.cases import EXCERPT_CHARACTERS
from nova_code_verifier.handlers.cli.tables import printable, table_with_header
from nova_code_verifier.verifier.rubric import Polarity, Rubric
from nova_code_verifier.verifier.sentiment.answer import Expected, SentimentResult, counted_opinions
from nova_code_verifier.verifier.sentiment.opinions import Opinion


def answer_parts(
    result: SentimentResult, expected: Expected, rubric: Rubric
) -> Iterator[RenderableType]:
    """Show the answer and what was expected, or why there is no answer."""
    expected_text = expected if isinstance(expected, Polarity) else counted_opinions(len(expected))
    if result.answer is None:
        yield f"no answer was found in the completion: {result.reason}"
        yield f"expected: {expected_text}"
    else:
        yield f"answer: {result.answer}; expected: {expected_text}"
    if not isinstance(expected, Polarity):
        yield from _opinions(result, expected)
    elif rubric.priors:
        worth = rubric.label_weight(expected)
        yield f"a right {expected} is worth {worth:.4g}: frequent labels are worth less"


def _opinions(result: SentimentResult, expected: tuple[Opinion, ...]) -> Iterator[RenderableType]:
    table = table_with_header("expected", "answered", "likeness")
    for pair in result.pairs:
        cells = _cell(expected[pair.expected]), _cell(result.opinions[pair.answered])
        table.add_row(*cells, f"{pair.likeness:.4g}")
    missed = set(range(len(expected))) - {pair.expected for pair in result.pairs}
    unexpected = set(range(len(result.opinions))) - {pair.answered for pair in result.pairs}
    for index in sorted(missed):
        table.add_row(_cell(expected[index]), "-", "0")
    for index in sorted(unexpected):
        table.add_row("-", _cell(result.opinions[index]), "0")
    if table.row_count:
        yield table
    ignored = result.count - len(result.opinions)
    if ignored:
        yield f"answered but ignored: {ignored} (no target, no polarity, or too many opinions)"


def _cell(opinion: Opinion) -> str:
    parts = (opinion.target, opinion.category, opinion.polarity)
    return " | ".join(printable(part, limit=EXCERPT_CHARACTERS) for part in parts if part)
