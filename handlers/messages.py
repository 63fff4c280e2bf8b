"""Read the messages of a sample.

In: a sample, as parsed JSON. Out: the role and the text of each message. The content of a message
has three shapes: text, a list of parts, or one part. No error message shows a value that was sent:
it may be secret, or huge.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

_T = TypeVar("_T")
MODEL_ROLES = frozenset({"assistant", "nova_assistant"})
_USER_ROLE = "user"
COMPLETION_KEYS = ("completion", "response")
"""Where a completion may be, if the messages end with the user or have no turn of the model."""
SMALLEST_SAMPLE = (
    'expected {"id": "1", "messages": [{"role": "user", "content": "…"}, '
    '{"role": "assistant", "content": "…"}], "reference_answer": {…}}'
)
_SHOWN_KEYS = 6
_SHOWN_CHARACTERS = 30
_KINDS: dict[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}


class UnreadableError(ValueError):
    """A sample cannot be read. The message names the field, what was found and what is expected."""


def kind_of(value: object) -> str:
    """Return the name of the JSON type of *value*."""
    return _KINDS.get(type(value), "something that is not JSON")


def read_turns(raw: object) -> list[tuple[str, str]]:
    """Return the role and the text of each message. Raises UnreadableError."""
    sample = _checked("sample", raw, dict)
    if "messages" not in sample:
        raise UnreadableError(f"messages: missing; found {shown_keys(sample)}; {SMALLEST_SAMPLE}")
    return read_messages("messages", sample["messages"])


def read_messages(field: str, raw: object) -> list[tuple[str, str]]:
    """Return the role and the text of each message in the list *raw*. Raises UnreadableError."""
    messages = _checked(field, raw, list)
    return [_read_turn(f"{field}[{index}]", message) for index, message in enumerate(messages)]


def completion_in(sample: Mapping[str, object], turns: Sequence[tuple[str, str]]) -> str | None:
    """Return the text of the model: its last turn, or None if it has none.

    If the messages end with the user, the completion may be beside them, as `completion` or
    `response`: an earlier turn of the model is then part of the prompt. Raises UnreadableError if
    both are there and differ, or if one is neither text nor a list of messages.
    """
    own = _last_model_turn(turns)
    if own is None or turns[-1][0] == _USER_ROLE:
        keys = [key for key in COMPLETION_KEYS if sample.get(key) is not None]
        beside = [_read_completion(key, sample[key]) for key in keys]
        if len(set(beside)) > 1:
            raise UnreadableError(f"{' and '.join(keys)}: found two completions, expected one")
        if beside:
            return beside[0]
    return own


def prompt_in(turns: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """Return the turns before the completion; none if the user says nothing there."""
    end = len(turns)
    if turns and turns[-1][0] != _USER_ROLE:
        models = (index for index in reversed(range(end)) if turns[index][0] in MODEL_ROLES)
        end = next(models, end)
    prompt = turns[:end]
    return prompt if any(role == _USER_ROLE and text for role, text in prompt) else ()


def read_last_turn(field: str, messages: object) -> str:
    """Return the text of the model's last turn in a list of messages. Raises UnreadableError."""
    turns = read_messages(field, messages)
    text = _last_model_turn(turns)
    if text is None:
        raise UnreadableError(f"{field}: found {len(turns)} messages, none of them by an assistant")
    return text


def shown_keys(sample: Mapping[str, object]) -> str:
    """List the first keys of a sample for a message. Keys are names of columns, and no secrets."""
    keys = [repr(str(key)[:_SHOWN_CHARACTERS]) for key in list(sample)[:_SHOWN_KEYS]]
    more = f" and {len(sample) - len(keys)} more" if len(sample) > len(keys) else ""
    return (", ".join(keys) or "nothing") + more


def _last_model_turn(turns: Sequence[tuple[str, str]]) -> str | None:
    return next((content for role, content in reversed(turns) if role in MODEL_ROLES), None)


def _read_completion(field: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value:
        return read_last_turn(field, value)
    raise UnreadableError(f"{field}: expected text, or a list of messages; found {kind_of(value)}")


def _read_turn(field: str, raw: object) -> tuple[str, str]:
    message = _checked(field, raw, dict)
    if "role" not in message:
        raise UnreadableError(f"{field}.role: missing")
    role = _checked(f"{field}.role", message["role"], str)
    content = message.get("content")
    if content is None:
        return role, ""
    parts = content if isinstance(content, list) else [content]
    return role, "".join(_read_part(f"{field}.content", part) for part in parts)


def _read_part(field: str, part: object) -> str:
    match part:
        case str():
            return part
        case {"type": str(kind)} if kind != "text":  # an image, for example
            return ""
        case {"text": str() | None as text}:
            return text or ""
    expected = "expected text, or parts that are text or an object with `text`"
    raise UnreadableError(f"{field}: {expected}; found {kind_of(part)}")


def _checked(field: str, value: object, expected: type[_T]) -> _T:
    if not isinstance(value, expected):
        raise UnreadableError(f"{field}: expected {_KINDS[expected]}, found {kind_of(value)}")
    return value
