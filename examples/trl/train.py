"""Train a model with GRPO on problems of a JSONL file: code that passes the tests is rewarded.

    python train.py rows.jsonl Qwen/Qwen2.5-Coder-0.5B-Instruct
"""

import json
import sys
from pathlib import Path
from typing import Any

from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from nova_code_verifier.adapters.trl import code_reward_func


def train(rows: Path, model: str, **options: Any) -> GRPOTrainer:
    """Return the trainer after its last step. *options* are those of `GRPOConfig`."""
    problems = [json.loads(line) for line in rows.read_text().splitlines()]
    dataset = Dataset.from_list(
        [
            # The row as JSON: columns of Arrow cannot hold tests of several types.
            {"prompt": [{"role": "user", "content": row["prompt"]}], "row": json.dumps(row)}
            for row in problems
        ]
    )
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=code_reward_func(columns={"reference": "row"}),
        train_dataset=dataset,
        args=GRPOConfig(log_completions=True, **options),
    )
    trainer.train()
    return trainer


if __name__ == "__main__":
    train(Path(sys.argv[1]), sys.argv[2], output_dir="grpo")
