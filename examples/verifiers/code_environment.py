"""An environment of verifiers up to 0.3, and of Nova Forge: one answer, whose code has to pass tests.

    vf-eval code_environment --env-args '{"path": "rows.jsonl"}'

Nova Forge loads `load_environment` from this module: name it in the `pyproject.toml` of the
environment, with the dependencies `amzn-agi-verifiers` and `nova-code-verifier`.
"""

import json
from pathlib import Path

import verifiers as vf
from datasets import Dataset

from nova_code_verifier.adapters.verifiers import rubric


def load_environment(path: str = "rows.jsonl", **options) -> vf.Environment:
    """Return the environment for the rows of a JSONL file."""
    rows = [json.loads(line) for line in Path(path).read_text().splitlines()]
    dataset = Dataset.from_list(
        [
            # `info` as JSON: columns of Arrow cannot hold tests of several types.
            {"prompt": [{"role": "user", "content": row["prompt"]}], "info": json.dumps(row)}
            for row in rows
        ]
    )
    return vf.SingleTurnEnv(dataset=dataset, eval_dataset=dataset, rubric=rubric(), **options)
