"""Show the findings about a judge.

In: findings. Out: JSON, or text for a terminal.
"""

from statistics import fmean

from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.table import Column, Table

from nova_code_verifier.handlers.cli.judge_check.run import Findings
from nova_code_verifier.handlers.cli.judge_check.statistics import BIN_COUNT
from nova_code_verifier.handlers.cli.tables import printable

_BAR_COLUMNS = 40


def as_json(findings: Findings, *, model: str) -> dict[str, object]:
    """Return everything as one JSON object. Its names must stay: programs read them."""
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
                "line": row.number,
                "id": row.id,
                "human_score": row.human_score,
                "scores": [answer.value for answer in row.answers],
                "problems": [answer.problem for answer in row.answers if answer.problem],
            }
            for row in findings.rows
        ],
    }


def as_text(findings: Findings, *, model: str) -> RenderableType:
    """Return everything as tables. Without a score, there is nothing but the failures to show."""
    calls, scores, rows = findings.answer_count, findings.score_count, len(findings.rows)
    statistics = _grid()
    statistics.add_row("model", printable(model))
    statistics.add_row("answers", f"{calls} to {rows} rows, {scores} with a score")
    parts: list[RenderableType] = [statistics]
    if scores:
        statistics.add_row("consistency", _consistency(findings))
        statistics.add_row("agreement", _agreement(findings))
        parts += ["", _distribution(findings)]
    if findings.failures:
        failures = _grid()
        for kind, count in findings.failures.most_common():
            failures.add_row(kind, str(count))
        failures.add_row("first message", printable(findings.first_problem))
        parts += ["", failures]
    return Group(*parts)


def _consistency(findings: Findings) -> str:
    spreads = findings.spreads
    if not spreads:
        return "- (needs a row with two scores or more)"
    return (
        f"{findings.same_count / len(spreads):.0%} of {len(spreads)} rows got the same score every "
        f"time; largest minus smallest score: mean {fmean(spreads):.3f}, maximum {max(spreads):.3f}"
    )


def _agreement(findings: Findings) -> str:
    if findings.agreement is None:
        return "- (needs two rows or more with different scores and different human scores)"
    return f"{findings.agreement:.2f} (Spearman, with {findings.compared} human scores)"


def _distribution(findings: Findings) -> Table:
    table = _grid()
    for number, count in enumerate(findings.bins):
        edges = f"{number / BIN_COUNT:.1f} to {(number + 1) / BIN_COUNT:.1f}"
        table.add_row(edges, str(count), Bar(max(findings.bins), 0, count, width=_BAR_COLUMNS))
    return table


def _grid() -> Table:
    return Table.grid(Column(no_wrap=True), padding=(0, 2))
