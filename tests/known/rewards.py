"""Record the rewards of the known solutions and of the examples, for one semantics version.

    python -m tests.known.rewards

It writes `rewards.json`, which tests compare with the rewards of today. It refuses to record
rewards that moved if the semantics version is the one that they had before.
"""

import io
import json
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nova_code_verifier.verifier.semantics import SEMANTICS_VERSION
from tests.known.datasets import read_dataset
from tests.paths import EXAMPLES

ADVICE = (
    "If they should move: raise SEMANTICS_VERSION in verifier/semantics.py, describe the version "
    "in CHANGELOG.md, and run `python -m tests.known.rewards`. If not, this change has a bug."
)
_PATH = Path(__file__).parent / "rewards.json"
_DATA = Path(__file__).parent / "data"
_DIGITS = 6
_BATCH_ROWS = 32  # few enough for the time of one invocation

Rewards = dict[str, float | None]
"""By the name of a sample: its reward; None if it is ungraded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The rewards of one semantics version."""

    semantics_version: int
    examples: Rewards
    known: Rewards


def read_record() -> Record:
    """Read the rewards that were recorded."""
    return Record(**json.loads(_PATH.read_text(encoding="utf-8")))


def moved(old: Rewards, new: Rewards) -> list[str]:
    """Describe each sample that has one reward in *old* and another one in *new*."""
    names = [name for name in new if name in old and old[name] != new[name]]
    return [f"{name}: {old[name]} -> {new[name]}" for name in names]


def metrics_in(row: dict[str, Any]) -> dict[str, float]:
    """Return the metrics of a row by their names."""
    return {metric["name"]: metric["value"] for metric in row["metrics_list"]}


def paid(row: dict[str, Any]) -> float | None:
    """Return the reward of a row, rounded; None if the row is ungraded."""
    return None if metrics_in(row)["ungraded"] else round(row["aggregate_reward_score"], _DIGITS)


def rewards_of_examples() -> Rewards:
    """Score the examples with the default rubric."""
    lines = (EXAMPLES / "completions.jsonl").read_text(encoding="utf-8").splitlines()
    return _rewards_of({sample["id"]: sample for sample in map(json.loads, lines)})


def _rewards_of_known() -> Rewards:
    solutions = [known for path in sorted(_DATA.glob("*.jsonl")) for known in read_dataset(path)]
    return _rewards_of({known.name: known.sample for known in solutions})


def _rewards_of(samples: Mapping[str, dict[str, object]]) -> Rewards:
    with redirect_stdout(io.StringIO()):  # the log
        # Imported here: the import starts the sandbox.
        from nova_code_verifier.handlers.reward import lambda_handler  # noqa: PLC0415

        names, rows = list(samples), list[dict[str, Any]]()
        for first in range(0, len(names), _BATCH_ROWS):
            answer: Any = lambda_handler([samples[n] for n in names[first : first + _BATCH_ROWS]])
            rows += answer
    return dict(zip(names, map(paid, rows), strict=True))


def main() -> None:
    """Record the rewards of today."""
    examples, known = rewards_of_examples(), _rewards_of_known()
    if _PATH.exists():
        old = read_record()
        changes = moved(old.examples, examples) + moved(old.known, known)
        if changes and old.semantics_version == SEMANTICS_VERSION:
            sys.exit("\n".join([f"{len(changes)} rewards moved:", *changes, ADVICE]))
    record = {"semantics_version": SEMANTICS_VERSION, "examples": examples, "known": known}
    _PATH.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
