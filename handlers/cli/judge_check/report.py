"""Show people what was found out about a judge.

In: findings. Out: JSON, text for a terminal. Must not know: how they were found.
"""

from statistics import fmean

from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nova_code_verifier.handlers.cli.judge_check.run import Findings
from nova_code_verifier.handlers.cli.judge_check.statistics import BIN_COUNT
from nova_code_verifier.handlers.cli.tables import printable

_BAR_COLUMNS = 40


def as_json(findings: Findings, *, model: str) -> dict[str, object]:
    """Say everything in one JSON object, under names that stay."""
    spreads = findings.spreads
    return {
        "model": model,
        "answers": findings.answer_count,
        "scores": findings.score_count,
        "consistency": {
            "rows": len(spreads),
            "same_every_time": findings.same_count,
            "mean_spread": fmean(spreads) if spreads else None,
            "max_spread": max(spreads, default=None),
        },
        "agreement": {"rows": findings.compared, "spearman": findings.agreement},
        "distribution": list(findings.bins),
        "failures": dict(findings.failures),
        "rows": [
            {
                "line": judged.row.number,
                "id": judged.row.id,
                "human_score": judged.row.human_score,
                "scores": [answer.value for answer in judged.answers],
                "problems": [answer.problem for answer in judged.answers if answer.problem],
            }
            for judged in findings.rows
        ],
    }


def as_text(findings: Findings, *, model: str) -> RenderableType:
    """Lay out the findings for a terminal."""
    parts: list[RenderableType] = [_sums(findings, model), "", _distribution(findings)]
    if findings.failures:
        parts += ["", _failures(findings)]
    return Group(*parts)


def _sums(findings: Findings, model: str) -> Table:
    table = _grid()
    table.add_row("model", Text(printable(model)))
    asked, scored, rows = findings.answer_count, findings.score_count, len(findings.rows)
    table.add_row("answers", f"{asked} to {rows} rows, {scored} with a score")
    table.add_row("consistency", _consistency(findings))
    table.add_row("agreement", _agreement(findings))
    return table


def _consistency(findings: Findings) -> str:
    spreads = findings.spreads
    if not spreads:
        return "- (no row has two scores)"
    return (
        f"{findings.same_count / len(spreads):.0%} of {len(spreads)} rows got the same score every "
        f"time; spread {fmean(spreads):.3f} on average, {max(spreads):.3f} at most"
    )


def _agreement(findings: Findings) -> str:
    if findings.agreement is None:
        return "- (needs different human scores and different scores, two at least)"
    return f"{findings.agreement:.2f} (Spearman, with {findings.compared} human scores)"


def _distribution(findings: Findings) -> Table:
    table = _grid()
    most = max(*findings.bins, 1)
    for number, count in enumerate(findings.bins):
        edge = f"{number / BIN_COUNT:.1f} to {(number + 1) / BIN_COUNT:.1f}"
        table.add_row(edge, str(count), Bar(most, 0, count, width=_BAR_COLUMNS))
    return table


def _failures(findings: Findings) -> Table:
    table = _grid()
    for kind, count in findings.failures.most_common():
        table.add_row(Text(kind), str(count))
    table.add_row("the first", Text(printable(findings.first_problem)))
    return table


def _grid() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    return table
