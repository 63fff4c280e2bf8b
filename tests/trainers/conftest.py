"""Rows, and the programs that a model may answer: for all trainers the same."""

import json
from pathlib import Path

import pytest

RIGHT = "print(1)"
FENCED = f"```python\n{RIGHT}\n```"
ROWS = [
    {"task_id": "one", "prompt": "one", "inputs": [""], "outputs": ["1"]},
    {"task_id": "two", "prompt": "two", "inputs": [""], "outputs": ["2"]},
    {"task_id": "broken", "prompt": "broken", "inputs": [""], "outputs": []},
]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Return a file of three problems: to print 1, to print 2, and one with a broken reference."""
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)))
    return path


@pytest.fixture
def no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the sandboxes unreachable: the adapters cannot meet the process that owns them."""
    from nova_code_verifier.adapters.core import default_grader

    default_grader().close()
    monkeypatch.setattr("tempfile.tempdir", "/proc/nowhere")
