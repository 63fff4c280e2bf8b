"""Build the rows that the trainers read.

In: id, prompt and reference of a task. Out: a row, with the same keys for all rows of a trainer.

| trainer | prompt | reference | source |
|---|---|---|---|
| Nova RFT, Bedrock RFT | `messages` | `reference_answer`, a JSON text | AWS user guides, and |
| | | | `RFTDatasetSample` of amzn-nova-forge 1.4.10 |
| verl | `prompt` | `reward_model.ground_truth` | verl 1dda039 |
| TRL | `prompt` | `reference_answer`, a column of the reward function | trl f2cd577 |
| verifiers | `prompt` | `answer` | verifiers a60a606 |
| NeMo Gym | `responses_create_params.input` | `verifier_metadata.unit_tests`, or | Gym 07d6b0d |
| | | `verifier_metadata` with a label | |
"""

import json
from dataclasses import dataclass
from typing import Any, assert_never

from nova_code_verifier.handlers.cli.convert.options import Target
from nova_code_verifier.handlers.cli.convert.prompt import Message
from nova_code_verifier.handlers.cli.convert.references import (
    Label,
    Tests,
    Values,
    json_text,
    write_metadata,
    write_reference,
)

Row = dict[str, object]

_TASK = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """A task, without the form of any trainer.

    `index` counts the rows that were written before, `data_source` is the name of its data set, and
    `extra` is added to the reference.
    """

    id: str
    index: int
    messages: list[Message]
    reference: Tests | Label
    data_source: str
    extra: Values


def build_row(task: TaskRow, target: Target) -> Row:
    """Return the row of *task* for *target*. Raises RefusedRowError."""
    if target is Target.GYM:
        if isinstance(task.reference, Label):
            return _row(task, target, task.reference.values)
        return _row(task, target, write_metadata(task.reference, task.extra))
    if isinstance(task.reference, Label):
        return _row(task, target, json_text(task.reference.values))
    return _row(task, target, write_reference(task.reference, task.extra))


def row_bytes(row: Row) -> int:
    """Return the size of *row* as JSON in ASCII, the longest form in which a client may send it."""
    return len(json.dumps(row))


def size_of_row(task: TaskRow, target: Target, reference: str) -> int:
    """Return the size of a row with *reference*, a JSON text, in place of its own."""
    metadata = {"unit_tests": reference}
    return row_bytes(_row(task, target, metadata if target is Target.GYM else reference))


def _row(task: TaskRow, target: Target, reference: Any) -> Row:  # noqa: ANN401  (text, or metadata)
    match target:
        case Target.NOVA | Target.BEDROCK:
            return {"id": task.id, "messages": task.messages, "reference_answer": reference}
        case Target.VERL:
            return {
                "data_source": task.data_source,
                "prompt": task.messages,
                "ability": _TASK,
                "reward_model": {"style": "rule", "ground_truth": reference},
                "extra_info": {"index": task.index, "id": task.id},
            }
        case Target.TRL:
            return {"id": task.id, "prompt": task.messages, "reference_answer": reference}
        case Target.VERIFIERS:
            return {"id": task.id, "prompt": task.messages, "answer": reference, "task": _TASK}
        case Target.GYM:
            return {
                "id": task.id,
                "responses_create_params": {"input": task.messages},
                "verifier_metadata": reference,
            }
        case _:
            assert_never(target)
