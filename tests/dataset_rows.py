"""Rows of public datasets, for tests of several layers. `test_public_rows.py` describes them."""

import json
from dataclasses import dataclass
from typing import Any

from tests.paths import REPOSITORY

_FILE = REPOSITORY / "tests/unit/verifier/reference/datasets/rows.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRow:
    """One row, and what is expected of it."""

    name: str
    row: dict[str, Any]
    gold: str
    kind: str
    cases: int | None
    refused: str
    notes: int

    def __str__(self) -> str:
        """Return the name, as the id of a test."""
        return self.name


ROWS = [DatasetRow(**json.loads(line)) for line in _FILE.read_text().splitlines()]


def reference_of(fixture: DatasetRow) -> object:
    """Return the row as a trainer would send it as the reference."""
    metadata = fixture.row.get("metadata")
    nested = metadata.get("reference_answer") if isinstance(metadata, dict) else None
    return fixture.row.get("reference_answer") or nested or fixture.row
