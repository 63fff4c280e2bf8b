"""Show a comparison: tables for people, one JSON object for programs."""

import json
from typing import TextIO

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from nova_code_verifier.handlers.cli.compare.comparison import (
    Change,
    Comparison,
    Move,
    Outcome,
    Side,
)
from nova_code_verifier.handlers.cli.compare.rows import MatchBy
from nova_code_verifier.handlers.cli.tables import printable, render, table_with_header

_ID_CHARACTERS_MAX = 40
_IDS_SHOWN = 5
_UNEXPLAINED = "no metric changed: see the weights, the range and the penalty of the rubric"
_STYLES = {
    Outcome.UP: "green",
    Outcome.DOWN: "red",
    Outcome.NEWLY_UNGRADED: "yellow",
    Outcome.NEWLY_GRADED: "yellow",
}


def report_text(comparison: Comparison, by: MatchBy, stream: TextIO | None) -> str:
    """Return the tables of a comparison, as text that suits *stream*."""
    parts: list[RenderableType] = [_summary(comparison, by)]
    if comparison.causes or comparison.unexplained:
        parts += ["", _causes(comparison)]
    if comparison.moves or comparison.regraded:
        parts += ["", _moves(comparison)]
    return render(Group(*parts), stream)


def report_json(comparison: Comparison, by: MatchBy) -> str:
    """Return a comparison as JSON in one line."""
    old, new = comparison.old, comparison.new
    content = {
        "matched_by": by,
        "matched": comparison.matched_count,
        "outcomes": {outcome: comparison.outcomes[outcome] for outcome in Outcome},
        "mean_reward": _means(comparison),
        "semantics_versions": {"old": _versions(old), "new": _versions(new)},
        "paid": {"old": _paid(old), "new": _paid(new)},
        "changed_metrics": dict(comparison.causes.most_common()),
        "unexplained": comparison.unexplained,
        "only_in_old": {"count": old.only_here, "ids": old.ids},
        "only_in_new": {"count": new.only_here, "ids": new.ids},
        "moved": [_move_fields(move) for move in comparison.moves],
        "regraded": [_move_fields(move) for move in comparison.regraded],
    }
    return json.dumps(content) + "\n"


def _summary(comparison: Comparison, by: MatchBy) -> Table:
    table = Table.grid("", Column(justify="right"), "", padding=(0, 2))
    table.add_row("samples in both", str(comparison.matched_count), f"matched by {by}")
    for outcome in Outcome:
        if count := comparison.outcomes[outcome]:
            label = Text(f"  {outcome}", style=_STYLES.get(outcome, ""))
            table.add_row(label, str(count), f"{count / comparison.matched_count:6.1%}")
    for name, side in (("only in OLD", comparison.old), ("only in NEW", comparison.new)):
        if side.only_here:
            ids = ", ".join(map(_id_text, side.ids[:_IDS_SHOWN]))
            more = ", ..." if side.only_here > _IDS_SHOWN else ""
            table.add_row(name, str(side.only_here), ids + more)
    means = _means(comparison)
    if means["old"] is not None:
        shown = f"{means['old']:.4f} -> {means['new']:.4f}"
        table.add_row(
            "mean reward", "", f"{shown}, of the {comparison.graded_count} graded in both"
        )
    for name, before, after in (
        ("semantics version", _versions(comparison.old), _versions(comparison.new)),
        ("paid dimensions", _paid(comparison.old), _paid(comparison.new)),
    ):
        old, new = _counted(before), _counted(after)
        table.add_row(name, "", f"{old} -> {new}" if old != new else f"{old} in both")
    return table


def _causes(comparison: Comparison) -> Table:
    table = table_with_header("what changed in moved rows", Column("rows", justify="right"))
    for name, count in comparison.causes.most_common():
        table.add_row(printable(name), str(count))
    if comparison.unexplained:
        table.add_row(_UNEXPLAINED, str(comparison.unexplained))
    return table


def _moves(comparison: Comparison) -> Table:
    numbers = (Column(name, justify="right", no_wrap=True) for name in ("old", "new", "move"))
    table = table_with_header("id", *numbers, "why")
    for move in (*comparison.moves, *comparison.regraded):
        table.add_row(
            Text(_id_text(move.id), no_wrap=True, overflow="ellipsis"),
            _reward(move.old),
            _reward(move.new),
            "-" if move.size is None else Text(f"{move.size:+.3f}", style=_style(move.size)),
            ", ".join(map(_change_text, move.changes)) or _UNEXPLAINED,
        )
    return table


def _style(size: float) -> str:
    return _STYLES[Outcome.UP if size > 0 else Outcome.DOWN]


def _reward(reward: float | None) -> str:
    return "-" if reward is None else f"{reward:.3f}"


def _change_text(change: Change) -> str:
    return f"{printable(change.name)} {_value(change.old)} -> {_value(change.new)}"


def _value(value: float | str | None) -> str:
    if value is None:
        return "-"
    return printable(value) if isinstance(value, str) else f"{value:.4g}"


def _id_text(row_id: object) -> str:
    text = row_id if isinstance(row_id, str) else json.dumps(row_id)
    return printable(text, limit=_ID_CHARACTERS_MAX)


def _move_fields(move: Move) -> dict[str, object]:
    changes = {change.name: [change.old, change.new] for change in move.changes}
    return {"id": move.id, "old": move.old, "new": move.new, "move": move.size, "changes": changes}


def _means(comparison: Comparison) -> dict[str, float | None]:
    count = comparison.graded_count
    sides = {"old": comparison.old, "new": comparison.new}
    return {name: side.reward_sum / count if count else None for name, side in sides.items()}


def _versions(side: Side) -> dict[str, int]:
    """Count the rows of each semantics version."""
    counts = side.versions.most_common()
    return {"none" if version is None else f"{version:g}": count for version, count in counts}


def _paid(side: Side) -> dict[str, int]:
    """Count the rows of each set of paid dimensions: what rows tell of their rubric."""
    counts = side.paid.most_common()
    return {", ".join(sorted(names)) or "none": count for names, count in counts}


def _counted(counts: dict[str, int]) -> str:
    if len(counts) == 1:
        return next(iter(counts))
    return "; ".join(f"{name} ({count})" for name, count in counts.items()) or "none"
