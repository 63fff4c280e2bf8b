r"""A taskset of verifiers v1 (prime-rl): rows of a JSONL file, and code that has to pass their tests.

    vf-eval code_taskset --env.taskset.path rows.jsonl \
        --env.agent.harness.id null --env.agent.runtime.type subprocess
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import verifiers.v1 as vf

from nova_code_verifier.adapters.verifiers import task_reward

__all__ = ["CodeTaskset"]


class CodeData(vf.TaskData):
    info: dict[str, Any]  # the row, as the dataset has it


class CodeTask(vf.Task[CodeData]):
    @vf.reward
    async def code(self, trace: vf.Trace) -> float:
        return await task_reward(self.data, trace)


class CodeConfig(vf.TasksetConfig):
    path: Path = Path("rows.jsonl")


class CodeTaskset(vf.Taskset[CodeTask, CodeConfig]):
    def load(self) -> Iterator[CodeTask]:
        for line in self.config.path.read_text().splitlines():
            row = json.loads(line)
            yield CodeTask(CodeData(prompt=row["prompt"], info=row), self.config.task)
