"""Read published datasets of test code, and make samples of the solutions in them.

In: the copies in `data/code/`. Out: `Solution`s, right or wrong according to their dataset, each
with its whole row as its reference. `exceptions.json` in the same folder lists the rows on which
a claim of `test_published.py` does not hold, each with its reason.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nova_code_verifier import Sample

Row = dict[str, Any]

_DATA = Path(__file__).parent / "data" / "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """One solution, as a completion, and its row of the dataset."""

    task: str
    sample: Sample
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """All solutions of one kind in one dataset.

    `rows` is their number, and `cpu_seconds` the limit of a question.
    """

    name: str
    file: str
    rows: int
    complete: Callable[[Row], str]
    cpu_seconds: float = 10.0


def read_solutions(collection: Collection) -> tuple[Solution, ...]:
    """Read all solutions of a collection."""
    # Not splitlines(): it would split a row at U+2028, which JSON may contain.
    lines = (_DATA / f"{collection.file}.jsonl").read_text(encoding="utf-8").split("\n")
    rows = [json.loads(line) for line in lines if line]
    return tuple(_solution(collection, row) for row in rows)


def _solution(collection: Collection, row: Row) -> Solution:
    sample = Sample(completion=collection.complete(row), reference=row)
    return Solution(task=str(row["task_id"]), sample=sample, row=row)


def read_exceptions() -> dict[str, str]:
    """Read the reasons why single rows are exceptions, by task."""
    reasons: dict[str, str] = json.loads((_DATA / "exceptions.json").read_text(encoding="utf-8"))
    return reasons


def _fenced(program: str) -> str:
    return f"```python\n{program}\n```"


def _whole(row: Row) -> str:
    return _fenced(row["prompt"] + row["canonical_solution"])


def _body(row: Row) -> str:
    """Return what a base model writes: text without a fence that continues the prompt."""
    return str(row["canonical_solution"])


def _program(row: Row) -> str:
    return _fenced(row["code"])


def _buggy(row: Row) -> str:
    return _fenced(row["prompt"] + row["buggy_solution"])


HUMANEVAL = Collection(name="humaneval", file="humaneval", rows=164, complete=_whole)
HUMANEVAL_BODIES = Collection(name="bodies", file="humaneval", rows=164, complete=_body)
MBPP = Collection(name="mbpp", file="mbpp", rows=974, complete=_program)
SANITIZED = Collection(name="sanitized", file="mbpp_sanitized", rows=427, complete=_program)
BIGCODEBENCH = Collection(name="bigcodebench", file="bigcodebench", rows=59, complete=_whole)
# Some of these never end, so their time limit is short.
BUGGY = Collection(name="buggy", file="humanevalpack", rows=82, complete=_buggy, cpu_seconds=0.5)
