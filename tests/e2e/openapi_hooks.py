"""Hooks of schemathesis: bodies of one JSON value a line, which the OpenAPI describes as a text."""

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def write_lines(_context: schemathesis.SerializationContext, value: object) -> bytes:
    """Return the generated text as a body."""
    return str(value).encode("utf-8", "backslashreplace")


@schemathesis.deserializer("application/x-ndjson")
def read_lines(
    _context: schemathesis.DeserializationContext, response: schemathesis.Response
) -> str:
    """Return the body of an answer as a text."""
    return response.content.decode()
