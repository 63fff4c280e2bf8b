"""The two readers of messages: with pydantic, and with nothing but Python."""

from collections.abc import Callable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from nova_code_verifier.handlers import messages
from nova_code_verifier.handlers.contents import UnreadableError
from nova_code_verifier.handlers.single_file import plain_messages

texts = st.text(alphabet=st.characters(exclude_categories=[])) | st.sampled_from(
    ["assistant", "text", "image"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
parts = anything | st.fixed_dictionaries({}, optional={"type": scalars, "text": scalars})
turns = anything | st.fixed_dictionaries(
    {}, optional={"role": scalars, "content": parts | st.lists(parts, max_size=3), "name": scalars}
)
samples = anything | st.fixed_dictionaries(
    {}, optional={"messages": st.lists(turns, max_size=3) | anything, "id": scalars}
)


def outcome(read: Callable[[object], object], raw: object) -> object:
    """Return what is read, or what is said instead."""
    try:
        return read(raw)
    except UnreadableError as error:
        return str(error)


@settings(max_examples=500)
@given(raw=samples)
@example(raw={"messages": [{"role": 1, "content": 2}]})
@example(raw={"messages": [{"content": {"text": 1}}, None]})
@example(raw={"messages": [{"role": "assistant", "content": None}]})
@example(raw={"messages": [{"role": "\ud800", "content": ["\udfff", {"text": None}]}]})
def test_both_read_the_same(raw: object) -> None:
    """Whatever JSON is sent, both return the same turns or say the same of it."""
    assert outcome(plain_messages.read_turns, raw) == outcome(messages.read_turns, raw)
