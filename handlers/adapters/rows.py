"""Read what a trainer knows about a completion: the row of its dataset.

In: a completion, the columns of its row, and the names of columns with unusual names. Out: an
`Entry` for the core. What cannot be read becomes an entry with a problem, which names the field.
"""

import re
from collections.abc import Mapping, Sequence

from nova_code_verifier.adapters.core import entry_of, rollout_of_row
from nova_code_verifier.handlers.dataset_row import Columns, read_row_id
from nova_code_verifier.handlers.messages import UnreadableError, read_messages
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.verifier.errors import VerifierError

NO_COLUMNS: Mapping[str, str] = {}
_USUAL = Columns()

_END_TOKEN_MAX = 40
_END_TOKEN = re.compile(
    r"\s*(?:<[|｜][^<>|｜\s]+[|｜]>|</s>|<eos>|<pad>|<end_of_turn>)\s*\Z"  # noqa: RUF001  (theirs)
)


def read_columns(columns: Mapping[str, str]) -> Columns:
    """Return the names of columns that a user gave. Raises ValueError for an unknown key."""
    if unknown := columns.keys() - {"reference", "id"}:
        raise ValueError(f"columns: found {sorted(unknown)}, expected reference or id")
    return Columns(**columns)


def entry_of_row(completion: object, row: Mapping[str, object], columns: Columns = _USUAL) -> Entry:
    """Return the entry of a completion and the row of its dataset, with the id of the row."""
    row_id = None
    try:
        row = {name: value for name, value in row.items() if _may_hold_tests(value)}
        row_id = read_row_id(row, columns)
        rollout = rollout_of_row(completion, row, reference_column=columns.reference)
    except (UnreadableError, VerifierError) as error:
        return Entry(id=row_id, problem=str(error))
    entry = entry_of(rollout)
    return Entry(id=row_id, sample=entry.sample, problem=entry.problem)


def _may_hold_tests(value: object) -> bool:
    """Return whether a column is data, and not an image, or an object of the trainer's own."""
    first = value[0] if isinstance(value, list | tuple) and value else value
    is_data = first is None or isinstance(first, (str, int, float, dict, list, tuple))
    return is_data or hasattr(type(value), "tolist")


def rows_of(columns: Mapping[str, object], count: int) -> list[dict[str, object]]:
    """Return the row of each of *count* completions; what is no list is no column.

    Raises ValueError if a column has another number of values.
    """
    listed = {name: column for name, column in columns.items() if isinstance(column, list | tuple)}
    for name, values in listed.items():
        if len(values) != count:
            raise ValueError(
                f"{name}: found {len(values)} values for {count} completions, expected one for each"
            )
    return [{name: values[index] for name, values in listed.items()} for index in range(count)]


def cut_end_tokens(text: str) -> str:
    """Return *text* without the special tokens at its end, which some trainers leave there."""
    end = len(text)
    while found := _END_TOKEN.search(text, max(0, end - _END_TOKEN_MAX), end):
        end = found.start()
    return text[:end]


def prompt_text(prompt: object) -> str | None:
    """Return a prompt, or the last message of a chat: it may be the start of the program."""
    if not isinstance(prompt, Sequence) or isinstance(prompt, str):
        return prompt if isinstance(prompt, str) else None
    try:
        turns = read_messages("prompt", list(prompt))
    except UnreadableError:
        return None  # only needed where a dataset's tests begin in its prompt
    return turns[-1][1] if turns else None
