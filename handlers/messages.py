"""Read the messages of a sample.

In: a sample, as parsed JSON. Out: the role and the text of each message. The content of a message
has three shapes: text, a list of parts, or one part. No error message shows a value that was sent:
it may be secret, or huge.
"""

from typing import TypeVar

_T = TypeVar("_T")
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
        raise UnreadableError("messages: missing")
    messages = _checked("messages", sample["messages"], list)
    return [_read_turn(f"messages[{index}]", message) for index, message in enumerate(messages)]


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
