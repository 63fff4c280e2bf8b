"""Write files of rows for the tests of `verifier compare`."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nova_code_verifier.handlers.cli.compare.comparison import Comparison, compare
from nova_code_verifier.handlers.cli.compare.rows import MatchBy, matched, read_rows


def row(
    row_id: object = "s",
    reward: float | None = 1.0,
    *,
    paid: tuple[str, ...] = (),
    **metrics: float,
) -> dict[str, Any]:
    """Return a row with these metrics, of which some are *paid*."""
    return {
        "id": row_id,
        "aggregate_reward_score": reward,
        "metrics_list": [
            {"name": name, "value": value, "type": "Reward" if name in paid else "Metric"}
            for name, value in metrics.items()
        ],
    }


def file_of(path: Path, rows: Iterable[object]) -> str:
    """Write rows, one a line."""
    path.write_text("".join(f"{json.dumps(item)}\n" for item in rows), encoding="utf-8")
    return str(path)


def compared(
    folder: Path,
    old: Iterable[object],
    new: Iterable[object],
    by: MatchBy = MatchBy.ID,
    limit: int = 20,
) -> Comparison:
    """Compare two files of rows."""
    before, after = file_of(folder / "old.jsonl", old), file_of(folder / "new.jsonl", new)
    return compare(matched(read_rows(before), read_rows(after), by), limit=limit)
