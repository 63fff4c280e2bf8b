"""Read a whole row of a dataset as a sample: its own columns hold prompt, completion and tests.

In: a row, as JSON or as a table has it, and the names of columns where they are not the usual
ones. Out: a `Sample`, or entries with their ids. A sample that a trainer sends is a row, too; the
contract of the Lambda (`handlers/wire.py`) is stricter, and knows no other rows.

| what | where it is looked for, the first counts |
|---|---|
| completion | the column that is named; the model's turn at the end of `messages`; |
| | `completion`, `response`, `generation`, `solution_str`, `generated_text`, |
| | `model_output`, `prediction`; the model's turn at the end of `conversations`; |
| | `output`; a list `completions`, `responses`, `generations` or (without `inputs`) |
| | `outputs`; an earlier turn of the model |
| reference | the column that is named; `reference_answer`; the row itself, if it holds tests; the |
| | other places of `handlers/wire.py`; the row itself |
| id | the column that is named; `id`, `task_id`, `question_id`, `problem_id`, `query_id`, |
| | `hash_id`, `uid`, `pid`, `hash`, `index`, `extra_info.index` |

A completion is a text, or a list of messages that ends with the model's. Columns of right answers
(`solution`, `canonical_solution`, `code`, …) are never a completion, unless they are named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nova_code_verifier.handlers.messages import (
    COMPLETION_KEYS,
    MODEL_ROLES,
    UnreadableError,
    completion_in,
    kind_of,
    prompt_in,
    read_last_turn,
    read_messages,
    shown_keys,
)
from nova_code_verifier.handlers.prompt_groups import group_of
from nova_code_verifier.handlers.wire import (
    Entry,
    find_reference,
    find_tasks,
    read_id,
    value_at,
)
from nova_code_verifier.verifier.reference.datasets.shapes import OWN_TEST_KEYS, holds_tests
from nova_code_verifier.verifier.reference.fields import is_nan, plain
from nova_code_verifier.verifier.reference.task import open_reference
from nova_code_verifier.verifier.types import Sample

_COMPLETION_COLUMNS = (
    *COMPLETION_KEYS, "generation", "solution_str", "generated_text", "model_output", "prediction",
)  # fmt: skip
_LAST_COLUMN = "output"  # also the name of other things: it counts if there is no other
_PROMPTS = ("prompt", "question", "problem", "instruction")
_LIST_COLUMNS = ("completions", "responses", "generations")
_OUTPUTS = "outputs"  # a list of completions, or beside `inputs` the expected outputs of the tests
_ID_PATHS = (
    ("id",), ("task_id",), ("question_id",), ("problem_id",), ("query_id",), ("hash_id",), ("uid",),
    ("pid",), ("hash",), ("index",), ("extra_info", "index"),
)  # fmt: skip
_INNER_REFERENCES = (
    ("ground_truth",), ("reward_model", "ground_truth"), ("reward_spec", "ground_truth"),
    ("verifier_metadata",),
)  # fmt: skip
_BESIDE_TESTS = ("rubric", "format", "solution")
_SAMPLE_REFERENCES = (("reference_answer",), ("metadata", "reference_answer"))
_SHAREGPT_ROLES = {"gpt": "assistant", "chatgpt": "assistant", "human": "user"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a row that have other names than the usual ones. Dots lead into dicts."""

    completion: str | None = None
    reference: str | None = None
    id: str | None = None


def read_row(
    row: Mapping[str, object],
    *,
    completion: str | None = None,
    completion_field: str | None = None,
    reference_field: str | None = None,
) -> Sample:
    """Read a whole row of a dataset as a sample, for `judge` or `grade`.

    *completion* is the model's text, where it is not in the row. *completion_field* and
    *reference_field* name columns; dots lead into dicts (`extra_info.answer`). Tables of pandas and
    verl may pass arrays for lists. Raises ValueError if the row has no completion, or several.
    """
    columns = Columns(completion=completion_field, reference=reference_field)
    values = _values_of(row)
    if completion is None:
        texts = _completions(values, columns)
        if len(texts) > 1:
            raise UnreadableError(f"found {len(texts)} completions; give one as `completion`")
        completion = texts[0]
    return _sample(values, completion, columns)


def read_entries(row: object, columns: Columns = Columns()) -> list[Entry]:
    """Read a whole row as entries: one for each of its completions.

    With several completions, the id of the second is `id#1`. A row that cannot be read is one entry
    with a problem.
    """
    entry_id: object = None
    if not isinstance(row, Mapping):
        return [Entry(id=None, problem=f"sample: expected an object, found {kind_of(row)}")]
    try:
        values = _values_of(row)
        entry_id = read_id(_id_of(values, columns))
        texts = _completions(values, columns)
        samples = [_sample(values, text, columns) for text in texts]
        group = _group_of(values, entry_id)
    except UnreadableError as error:
        return [Entry(id=entry_id, problem=str(error))]
    if len(samples) == 1:
        return [Entry(id=entry_id, sample=samples[0], group=group)]
    name = "" if entry_id is None else entry_id
    return [
        Entry(id=f"{name}#{index}", sample=sample, group=group)
        for index, sample in enumerate(samples)
    ]


def _group_of(values: dict[str, object], entry_id: object) -> int | None:
    """Return the number of the row's prompt; without one, that of its reference, or of its id."""
    prompt: Sequence[object] = prompt_in(_turns(values) or ())
    prompt = prompt or [repr(values[key]) for key in _PROMPTS if values.get(key)]
    given = (value_at(values, path) for path in _SAMPLE_REFERENCES)
    reference = next((value for value in given if value is not None), entry_id)
    return group_of(prompt, reference)


def read_task_row(row: object, columns: Columns = Columns()) -> Entry:
    """Read a whole row as a sample without a completion: its id, its reference and its task.

    A completion in the row is ignored. A row that cannot be read is an entry with a problem.
    """
    if not isinstance(row, Mapping):
        return Entry(id=None, problem=f"sample: expected an object, found {kind_of(row)}")
    entry_id: object = None
    try:
        values = _values_of(row)
        entry_id = read_id(_id_of(values, columns))
        return Entry(id=entry_id, sample=_sample(values, None, columns))
    except UnreadableError as error:
        return Entry(id=entry_id, problem=str(error))


def read_row_id(row: Mapping[str, object], columns: Columns = Columns()) -> object:
    """Return the id of a row, or None. Raises ValueError for one that is missing or too long."""
    return read_id(_id_of(_values_of(row), columns))


def _values_of(row: Mapping[str, object]) -> dict[str, object]:
    """Return the columns that have a value: tables write NaN for none."""
    values = {key: plain(value) for key, value in row.items()}
    return {key: value for key, value in values.items() if not is_nan(value)}


def _id_of(values: dict[str, object], columns: Columns) -> object:
    if columns.id is not None:
        return _named(values, columns.id)
    found = (value for path in _ID_PATHS if (value := value_at(values, path)) is not None)
    return next(found, None)


# -- completions -----------------------------------------------------------------------


def _completions(values: dict[str, object], columns: Columns) -> Sequence[str | None]:
    """Return at least one completion; None if the messages have no turn of the model."""
    if columns.completion is not None:
        return _texts(columns.completion, _named(values, columns.completion))
    turns = _turns(values)
    filled = [key for key in _COMPLETION_COLUMNS if values.get(key) is not None]
    # A conversation of the dataset often ends with its own answer (KodCode).
    is_chat = "messages" in values or not filled
    if turns and turns[-1][0] in MODEL_ROLES and is_chat:
        return [turns[-1][1]]
    filled = filled or [key for key in (_LAST_COLUMN,) if values.get(key) is not None]
    filled = filled or [key for key in (*_LIST_COLUMNS, *_own_outputs(values)) if values.get(key)]
    found = {key: _texts(key, values[key]) for key in filled}
    if len({tuple(texts) for texts in found.values()}) > 1:
        raise UnreadableError(
            f"found completions in {' and '.join(found)}; name one of them (--completion-field)"
        )
    if found:
        return next(iter(found.values()))
    if turns is not None:
        return [completion_in({}, turns)]
    raise UnreadableError(
        f"found {shown_keys(values)}, and no completion; expected messages, completion or "
        "response, or the name of its column (--completion-field)"
    )


def _own_outputs(values: dict[str, object]) -> tuple[str, ...]:
    """Return the column `outputs` if it holds completions, and no part of the tests."""
    return () if values.get("inputs") else (_OUTPUTS,)


def _turns(values: dict[str, object]) -> list[tuple[str, str]] | None:
    """Return the turns of the row's conversation, or None if it has none."""
    for key in ("messages", "conversations"):
        if key in values:
            return read_conversation(key, values[key])
    return None


def read_conversation(field: str, messages: object) -> list[tuple[str, str]]:
    """Return the role and the text of each turn, also of ShareGPT. Raises UnreadableError."""
    if isinstance(messages, list):
        messages = [_as_message(turn) for turn in messages]
    return read_messages(field, messages)


def _texts(field: str, value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list | tuple) and value:
        if all(isinstance(item, Mapping) for item in value):
            return [read_last_turn(field, [_as_message(message) for message in value])]
        return [text for i, item in enumerate(value) for text in _texts(f"{field}[{i}]", item)]
    raise UnreadableError(f"{field}: expected text, or a list of messages; found {kind_of(value)}")


def _as_message(turn: object) -> object:
    """Write a turn of ShareGPT (`from`, `value`) as a message."""
    match turn:
        case {"from": str(role), "value": value, **rest} if "role" not in rest:
            return {"role": _SHAREGPT_ROLES.get(role, role), "content": value}
    return turn


# -- references ------------------------------------------------------------------------


def _sample(values: dict[str, object], completion: str | None, columns: Columns) -> Sample:
    return Sample(
        completion=completion, reference=_reference(values, columns), tasks=find_tasks(values)
    )


def _reference(values: dict[str, object], columns: Columns) -> object:
    if columns.reference is not None:
        return _named(values, columns.reference)
    for path in _SAMPLE_REFERENCES:
        if (given := value_at(values, path)) is not None:
            return given
    values = {key: value for key, value in values.items() if key not in _own_outputs(values)}
    given = find_reference(values)
    is_sample = "messages" in values and not any(values.get(key) for key in OWN_TEST_KEYS)
    if given is not None and (is_sample or not holds_tests(values)):
        return given
    return values | _beside_inner_tests(values)


def _beside_inner_tests(values: dict[str, object]) -> dict[str, object]:
    """Return the rubric, the format and the solution that stand beside the tests inside a column.

    So a row of verl or NeMo Gym means the same as its `ground_truth` alone, which a reward gets.
    """
    for path in _INNER_REFERENCES:
        inner = value_at(values, path)
        if isinstance(inner, str) and any(f'"{key}"' in inner for key in _BESIDE_TESTS):
            inner = open_reference(inner)
        if isinstance(inner, Mapping):
            found = {key: inner[key] for key in _BESIDE_TESTS if inner.get(key) is not None}
            if found and holds_tests(inner):
                return found
    return {}


def _named(values: dict[str, object], path: str) -> object:
    """Return the value of a column that was named. Raises UnreadableError if there is none."""
    value = values[path] if path in values else value_at(values, path.split("."))
    if value is None:
        raise UnreadableError(f"{path}: missing; found {shown_keys(values)}")
    return value
