"""Read the content of a message, in any of its shapes.

In: text, a list of parts, one part. Out: one text. Must not know: who says it. No message from
here ever shows a value that was sent: it may be secret, or huge.
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
    """A sample that cannot be read. Names the field, unless that is the content at hand."""


def kind_of(value: object) -> str:
    """Name what kind of JSON *value* is."""
    return _KINDS.get(type(value), "something that is not JSON")


def read_content(content: object) -> str:
    """Bring the three shapes of content into one text. Raises UnreadableError."""
    if content is None:
        return ""
    return "".join(map(_read_part, content if isinstance(content, list) else [content]))


def _read_part(part: object) -> str:
    match part:
        case str():
            return part
        case {"type": str(kind)} if kind != "text":  # an image, say
            return ""
        case {"text": str(text)}:
            return text
        case {"text": None}:
            return ""
    expected = "expected text, or parts that are text or an object with `text`"
    raise UnreadableError(f"{expected}; found {kind_of(part)}")
