"""Read the messages of a sample, with pydantic.

In: a sample, as parsed JSON. Out: its turns. `single_file.plain_messages` does the same for the
single file, where there is no pydantic; tests keep the two equal.
"""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, FailFast, ValidationError

from nova_code_verifier.handlers.contents import UnreadableError, kind_of, read_content

_EXPECTED = {"list_type": "a list", "string_type": "text", "model_type": "an object"}


class _RawMessage(BaseModel):
    role: str
    content: Annotated[str, BeforeValidator(read_content)] = ""


class _RawSample(BaseModel):
    """What must hold of a sample. Whatever else it has is left alone, and not copied."""

    messages: Annotated[list[_RawMessage], FailFast()]


def read_turns(raw: object) -> list[tuple[str, str]]:
    """Return the role and the text of each message. Raises UnreadableError."""
    try:
        messages = _RawSample.model_validate(raw).messages
    except ValidationError as error:
        raise UnreadableError(_first_problem(error)) from None
    return [(message.role, message.content) for message in messages]


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"])
    field = "".join(steps).removeprefix(".") or "sample"
    if first["type"] == "missing":
        return f"{field}: missing"
    if first["type"] in _EXPECTED:
        return f"{field}: expected {_EXPECTED[first['type']]}, found {kind_of(first['input'])}"
    if first["type"] == "value_error":
        return f"{field}: {first['ctx']['error']}"
    return f"{field}: {first['msg']}"
