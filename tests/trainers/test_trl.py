"""TRL's own trainer, two steps with a tiny model on the processor, by examples/trl/train.py."""

import json
import runpy
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.trainers.conftest import documented

if find_spec("trl") is None or find_spec("swift"):
    pytest.skip(
        "trl is not installed, or an older one for ms-swift: make test-trainers",
        allow_module_level=True,
    )

pytestmark = [pytest.mark.trainers, pytest.mark.filterwarnings("default")]

WORDS = ("<pad>", "<eos>", "<unk>", "print(1)", "print(2)", "print(3)", "one", "two", "broken")
RIGHT = {"one": "print(1)", "two": "print(2)"}
TEMPLATE = "{% for message in messages %}{{ message.content }} {% endfor %}"
GENERATIONS = 8


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a model with random weights. Each of its words is a program or a prompt."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = Tokenizer(
        models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="<unk>")
    )
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    )
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(0)
    network = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(WORDS), hidden_size=8, intermediate_size=8, num_hidden_layers=1,
            num_attention_heads=1, num_key_value_heads=1, max_position_embeddings=64,
            pad_token_id=0, eos_token_id=1, bos_token_id=1,
        )
    )  # fmt: skip
    path = tmp_path_factory.mktemp("model")
    network.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def train(rows: Path, model: Path, output: Path, **options: Any) -> Any:
    """Run the example for two steps, with all three problems in each."""
    example = runpy.run_path("examples/trl/train.py")
    return example["train"](
        rows, str(model), output_dir=str(output), max_steps=2, num_generations=GENERATIONS,
        per_device_train_batch_size=3 * GENERATIONS, max_completion_length=1, logging_steps=1,
        use_cpu=True, bf16=False, report_to="none", save_strategy="no", seed=1, **options,
    )  # fmt: skip


def table(output: Path) -> Iterator[dict[str, Any]]:
    """Read what the trainer logged of each completion."""
    import pyarrow.parquet

    for path in sorted((output / "completions").iterdir()):
        yield from pyarrow.parquet.read_table(path).to_pylist()


def test_rewards_reach_the_log_of_the_trainer(rows: Path, model: Path, tmp_path: Path) -> None:
    """Each completion has the reward of its own tests, and the trainer's log has their mean."""
    trainer = train(rows, model, tmp_path)

    logged = [entry for entry in trainer.state.log_history if "reward" in entry]
    completions = list(table(tmp_path))
    assert len(logged) == 2
    assert len(completions) == 2 * 3 * GENERATIONS
    verdicts = set()
    for step, entry in enumerate(logged, 1):
        rewards = []
        for row in (row for row in completions if row["step"] == step):
            [prompt], [completion] = row["prompt"], row["completion"]
            reward, verdict = row["code_reward"], row["code_reward/verdict"]
            verdicts.add(verdict)
            if prompt["content"] == "broken":
                assert reward is None
                assert row["advantage"] == 0
                assert row["code_reward/problem"].startswith("outputs: ")
                continue
            is_right = completion["content"] == RIGHT[prompt["content"]]
            assert (reward > 0.5) == is_right == (verdict == "accepted")
            rewards.append(reward)
        assert len(rewards) == 2 * GENERATIONS
        assert entry["reward"] == pytest.approx(sum(rewards) / len(rewards))
        assert entry["rewards/code_reward/mean"] == pytest.approx(entry["reward"])
        assert entry["rewards/code_reward/ungraded"] == pytest.approx(1 / 3)
        assert entry["rewards/code_reward/outage"] == 0
        assert entry["grad_norm"] > 0
    assert verdicts >= {"accepted", "wrong_answer", "ungraded"}


@pytest.mark.usefixtures("no_sandbox")
def test_an_outage_teaches_nothing(rows: Path, model: Path, tmp_path: Path) -> None:
    """Without sandboxes the run goes on; no completion has a reward, and no weight moves."""
    trainer = train(rows, model, tmp_path)

    logged = [entry for entry in trainer.state.log_history if "reward" in entry]
    assert [entry["reward"] for entry in logged] == [None, None]
    assert [entry["grad_norm"] for entry in logged] == [0, 0]
    assert [entry["rewards/code_reward/outage"] for entry in logged] == [1, 1]


def test_the_snippet_of_the_manual_runs(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The snippet rewards an unchanged row in HumanEval's form, with a model of our own."""
    [snippet] = documented("TRL")
    settings = "output_dir='grpo', max_steps=1, use_cpu=True, bf16=False, report_to='none', "
    settings += "log_completions=True"
    monkeypatch.chdir(tmp_path)
    row = {
        "task_id": "one", "prompt": "one", "entry_point": "f",
        "test": "def check(candidate):\n    assert candidate(1) == 2\n",
    }  # fmt: skip
    Path("humaneval.jsonl").write_text(json.dumps(row))

    exec(
        snippet.replace("Qwen/Qwen2.5-Coder-0.5B-Instruct", str(model)).replace(
            'output_dir="grpo"', settings
        ),
        {},
    )

    rewards = [completion["code_reward"] for completion in table(Path("grpo"))]
    assert len(rewards) == GENERATIONS
    assert None not in rewards
