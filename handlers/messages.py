"""Read the messages of a sample.

In: a sample, as parsed JSON. Out: the role and the text of each message. The content of a message
has three shapes: text, a list of parts, or one part. No error message shows a value that was sent:
it may be secret, or huge.
"""

_KINDS = {
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
    if not isinstance(raw, dict):
        raise _wrong_type("sample", "an object", raw)
    if "messages" not in raw:
        raise UnreadableError("messages: missing")
    messages = raw["messages"]
    if not isinstance(messages, list):
        raise _wrong_type("messages", "a list", messages)
    return [_read_turn(f"messages[{index}]", message) for index, message in enumerate(messages)]


def _read_turn(field: str, message: object) -> tuple[str, str]:
    if not isinstance(message, dict):
        raise _wrong_type(field, "an object", message)
    if "role" not in message:
        raise UnreadableError(f"{field}.role: missing")
    role = message["role"]
    if not isinstance(role, str):
        raise _wrong_type(f"{field}.role", "text", role)
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
        case {"text": str(text)}:
            return text
        case {"text": None}:
            return ""
    expected = "expected text, or parts that are text or an object with `text`"
    raise UnreadableError(f"{field}: {expected}; found {kind_of(part)}")


def _wrong_type(field: str, expected: str, found: object) -> UnreadableError:
    return UnreadableError(f"{field}: expected {expected}, found {kind_of(found)}")
