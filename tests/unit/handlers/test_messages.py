"""Reading the messages of a sample. What a whole event does with them is in test_wire.py."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nova_code_verifier.handlers.messages import (
    SMALLEST_SAMPLE,
    UnreadableError,
    read_turns,
)

SECRET = "s3cret"

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


@settings(max_examples=500)
@given(raw=samples)
@example(raw={"messages": [{"role": "\ud800", "content": ["\udfff", {"text": None}]}]})
def test_any_json_is_read_or_refused_in_one_sentence(raw: object) -> None:
    """Any JSON gives one turn for each message, or an error that begins with a field's name."""
    try:
        read = read_turns(raw)
    except UnreadableError as error:
        field, _, problem = str(error).partition(": ")
        assert field.partition("[")[0] in ("sample", "messages")
        assert problem.startswith(("missing", "expected "))
        return

    assert isinstance(raw, dict)
    assert [role for role, _ in read] == [message["role"] for message in raw["messages"]]
    assert all(isinstance(text, str) for _, text in read)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, ""),
        ("ab", "ab"),
        ([], ""),
        (["a", "b"], "ab"),
        ({"text": "a"}, "a"),
        ({"type": "text", "text": "a"}, "a"),
        ({"type": 7, "text": "a"}, "a"),
        ([{"text": None}, {"type": "image", "text": "a"}, {"type": "image"}, "b"], "b"),
    ],
)
def test_content_becomes_one_text(content: object, text: str) -> None:
    """All text parts are joined without a separator; parts of other types are left out."""
    assert read_turns({"messages": [{"role": "user", "content": content}]}) == [("user", text)]


def test_a_message_without_content_has_an_empty_text() -> None:
    """`content` may be absent."""
    assert read_turns({"messages": [{"role": "user"}]}) == [("user", "")]


_PART = "expected text, or parts that are text or an object with `text`"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ([SECRET], "sample: expected an object, found a list"),
        (
            {"prompt": SECRET, "test_list": [SECRET]},
            f"messages: missing; found 'prompt', 'test_list'; {SMALLEST_SAMPLE}",
        ),
        ({}, f"messages: missing; found nothing; {SMALLEST_SAMPLE}"),
        ({"messages": SECRET}, "messages: expected a list, found text"),
        ({"messages": [SECRET]}, "messages[0]: expected an object, found text"),
        ({"messages": [{"content": SECRET}]}, "messages[0].role: missing"),
        ({"messages": [{"role": None}]}, "messages[0].role: expected text, found null"),
        (
            {"messages": [{"role": "user"}, {"role": 1.5, "content": 2}]},
            "messages[1].role: expected text, found a number",
        ),
        (
            {"messages": [{"role": "user", "content": True}]},
            f"messages[0].content: {_PART}; found a boolean",
        ),
        (
            {"messages": [{"role": "user", "content": [SECRET, {"text": [SECRET]}]}]},
            f"messages[0].content: {_PART}; found an object",
        ),
        (
            {"messages": [{"role": "user", "content": (SECRET,)}]},
            f"messages[0].content: {_PART}; found something that is not JSON",
        ),
    ],
)
def test_the_error_names_the_first_field_that_is_wrong(raw: object, message: str) -> None:
    """The error names a field, what was found and what is expected, and shows no value."""
    with pytest.raises(UnreadableError) as raised:
        read_turns(raw)

    assert str(raised.value) == message
