"""Find the prompt of a row.

In: a row of a dataset. Out: messages that end with the user. The first of these counts:

| what | where |
|---|---|
| the column that is named | a text, or a list of messages |
| a list of messages | `messages`, `prompt`, `source_prompt`, `context_messages`, |
| | `responses_create_params.input`, `conversations`; the model's turns at its end are left out |
| a text | the columns in `_TEXTS`; `input_format`, `output_format`, `examples` and `note` |
| | beside it are added, because statements of contests are incomplete without them |
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from nova_code_verifier.handlers.cli.convert.refusal import RefusedRowError
from nova_code_verifier.handlers.dataset_row import read_conversation
from nova_code_verifier.handlers.messages import MODEL_ROLES, UnreadableError
from nova_code_verifier.handlers.wire import value_at

_USER = "user"
_CONVERSATIONS = (
    "messages", "prompt", "source_prompt", "context_messages", "responses_create_params.input",
    "conversations",
)  # fmt: skip
# `query` of LeetCodeDataset comes before its `prompt`, which holds imports only.
_TEXTS = (
    "instruct_prompt", "question", "problem", "question_content", "query", "problem_description",
    "problem_statement", "statement", "prompt", "content", "description", "text", "instruction",
    "skeleton",
)  # fmt: skip
_SECTIONS = {"input_format": "Input", "output_format": "Output", "note": "Note"}
_EXAMPLES = "examples"
_ROLES = {"developer": "system", "nova_assistant": "assistant", "bot": "assistant"}

Message = dict[str, str]

_AS_CODE = r"""[`'"]{0}[`'"(]|\b(?:class|def|function|method|called|named) +{0}\b|\b{0}\("""


def find_prompt(row: Mapping[str, object], column: str | None) -> list[Message]:
    """Return the prompt of *row* as messages; *column* names it. Raises RefusedRowError."""
    if column is not None:
        value = row[column] if column in row else value_at(row, column.split("."))
        messages = _messages_in(column, value)
    else:
        named = ((name, value_at(row, name.split("."))) for name in _CONVERSATIONS)
        found = (_messages_in(n, v) for n, v in named if isinstance(v, list | tuple))
        messages = next(filter(None, found), []) or _statement(row)
    if not messages:
        missing = f"{column}: found no text" if column else f"prompt: found none in {_shown(row)}"
        raise RefusedRowError(f"{missing}, expected a text or messages; name it by --prompt-field")
    return messages


def with_text_added(messages: Sequence[Message], text: str) -> list[Message]:
    """Return *messages* with *text* as the last paragraph of the user's last turn."""
    last = messages[-1]
    return [*messages[:-1], last | {"content": f"{last['content'].rstrip()}\n\n{text}"}]


def names_any(messages: Iterable[Message], names: Iterable[str]) -> bool:
    """Return whether the *messages* contain one of *names*: functions, classes, `Name().f`.

    A name that is also a word (`last`, `sum`) counts only where it is written as code.
    """
    text = "\n".join(message["content"] for message in messages)
    return any(_mention(name.rpartition(".")[2]).search(text) for name in names)


def _mention(name: str) -> re.Pattern[str]:
    """Return the pattern of a mention of *name*."""
    escaped = re.escape(name)
    if name.isalpha() and name[1:].islower():
        return re.compile(_AS_CODE.format(escaped))
    return re.compile(rf"\b{escaped}\b")


def _messages_in(column: str, value: object) -> list[Message]:
    """Return the messages up to the last turn of the user; none if there is none."""
    if isinstance(value, str):
        return _of_user(value)
    if isinstance(value, list | tuple) and value and isinstance(value[0], list | tuple):
        value = value[0]  # AceCode has a list of conversations
    try:
        turns = read_conversation(column, value)
    except UnreadableError as error:
        raise RefusedRowError(str(error)) from None
    turns = [(_ROLES.get(role, role), _clean(text)) for role, text in turns if text.strip()]
    while turns and turns[-1][0] in MODEL_ROLES:
        turns.pop()
    if not turns or turns[-1][0] != _USER:
        return []
    return [{"role": role, "content": text} for role, text in turns]


def _statement(row: Mapping[str, object]) -> list[Message]:
    texts = (value for key in _TEXTS if isinstance(value := row.get(key), str) and value.strip())
    parts = [next(texts, "")]
    if not parts[0]:
        return []
    for key, heading in _SECTIONS.items():
        if key == "note":
            parts += _examples(row.get(_EXAMPLES)) if len(parts) > 1 else []
        text = row.get(key)
        if isinstance(text, str) and text.strip() and text.strip() not in parts[0]:
            parts.append(f"{heading}:\n{text.strip()}")
    return _of_user("\n\n".join(parts))


def _examples(value: object) -> list[str]:
    pairs = [
        (item["input"], item["output"])
        for item in (value if isinstance(value, list) else [])
        if isinstance(item, Mapping) and {"input", "output"} <= item.keys()
    ]
    return [f"Example:\n{given}\n\nExpected output:\n{wanted}" for given, wanted in pairs]


def _of_user(text: str) -> list[Message]:
    return [{"role": _USER, "content": _clean(text)}] if text.strip() else []


def _clean(text: str) -> str:
    """Replace halves of surrogate pairs, which no tokenizer and no table accepts."""
    return text.encode("utf-8", "replace").decode()


def _shown(row: Mapping[str, object]) -> str:
    keys = [repr(str(key)[:30]) for key in list(row)[:8]]
    return ", ".join(keys) or "an empty row"
