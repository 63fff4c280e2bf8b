"""Read the messages of a sample, with nothing but Python.

In: a sample, as parsed JSON. Out: its turns. In the single file this takes the place of
`handlers.messages`; tests keep the two equal.
"""

from nova_code_verifier.handlers.contents import UnreadableError, kind_of, read_content


def read_turns(raw: object) -> list[tuple[str, str]]:
    """Return the role and the text of each message. Raises UnreadableError."""
    if not isinstance(raw, dict):
        raise UnreadableError(f"sample: expected an object, found {kind_of(raw)}")
    if "messages" not in raw:
        raise UnreadableError("messages: missing")
    messages = raw["messages"]
    if not isinstance(messages, list):
        raise UnreadableError(f"messages: expected a list, found {kind_of(messages)}")
    return [_read_turn(f"messages[{place}]", message) for place, message in enumerate(messages)]


def _read_turn(field: str, message: object) -> tuple[str, str]:
    if not isinstance(message, dict):
        raise UnreadableError(f"{field}: expected an object, found {kind_of(message)}")
    if "role" not in message:
        raise UnreadableError(f"{field}.role: missing")
    role = message["role"]
    if not isinstance(role, str):
        raise UnreadableError(f"{field}.role: expected text, found {kind_of(role)}")
    try:
        return role, read_content(message.get("content"))
    except UnreadableError as error:
        raise UnreadableError(f"{field}.content: {error}") from None
