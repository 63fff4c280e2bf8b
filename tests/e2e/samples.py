"""Samples as a trainer sends them: our own, and those that lie in the repository."""

import json
from collections.abc import Iterable
from typing import Any

from tests.paths import REPOSITORY

Sample = dict[str, Any]


def square_sample(program: str, *, sample_id: object = "square", **limits: float) -> Sample:
    """Ask for `square(n)`, and answer with *program*."""
    return {
        "id": sample_id,
        "messages": [
            {"role": "user", "content": "Write a function `square(n)`."},
            {"role": "assistant", "content": f"```python\n{program}\n```"},
        ],
        "reference_answer": {
            "tests": {
                "kind": "call",
                "entry_point": "square",
                "cases": [{"args": [3], "expected": 9}, {"args": [4], "expected": 16}],
            },
            "limits": limits,
        },
    }


RIGHT = "def square(n):\n    return n * n"
ENDLESS = "def square(n):\n    while True:\n        pass"
SLEEPING = "import time\n\ndef square(n):\n    time.sleep(1000)"


def example_samples() -> list[Sample]:
    """Return all that `make demo` scores."""
    return _read_lines("examples/completions.jsonl")


def known_samples(dataset: str, names: Iterable[str]) -> list[Sample]:
    """Return the samples of these *names* from a dataset of known solutions."""
    rows = {row["name"]: row["sample"] for row in _read_lines(f"tests/known/data/{dataset}.jsonl")}
    return [rows[f"{dataset}/{name}"] for name in names]


def metrics_of(row: dict[str, Any]) -> dict[str, float]:
    """Return the metrics of a response row, by name."""
    return {metric["name"]: metric["value"] for metric in row["metrics_list"]}


def _read_lines(path: str) -> list[dict[str, Any]]:
    text = (REPOSITORY / path).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line.strip()]
