"""Rows, and the programs that a model may answer: for all trainers the same."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

RAY_STORE_BYTES = 100 * 2**20
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


def documented(section: str) -> list[str]:
    """Return the Python snippets of a section of docs/trainers.md."""
    page = Path("docs/trainers.md").read_text()
    text = page.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    snippets: list[str] = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return snippets


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[Any]:
    """Return a cluster of two nodes, on this machine. This process is connected to it."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": RAY_STORE_BYTES}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    for _ in range(2):
        cluster.add_node(num_cpus=1, object_store_memory=RAY_STORE_BYTES)
    ray.init(cluster.address, log_to_driver=False, logging_level="ERROR")
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a tokenizer of single bytes, which is saved at its `name_or_path`."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate(["<pad>", "<eos>", *alphabet])}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", eos_token="<eos>")
    path = tmp_path_factory.mktemp("tokenizer")
    fast.save_pretrained(path)
    return PreTrainedTokenizerFast.from_pretrained(path)


@pytest.fixture
def no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the sandboxes unreachable: the adapters cannot meet the process that owns them."""
    from nova_code_verifier.adapters.core import default_grader

    default_grader().close()
    monkeypatch.setattr("tempfile.tempdir", "/proc/nowhere")
