"""JSON texts, read value by value."""

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.handlers.cli.dataset_files import json_values
from nova_code_verifier.handlers.cli.dataset_files.json_values import read_items, read_lines
from nova_code_verifier.handlers.cli.dataset_files.record import DamagedFileError, Record


def items_of(text: str) -> list[Record]:
    """Read the items of *text*."""
    return list(read_items(BytesIO(text.encode())))


OBJECTS = [{"id": number, "text": 'a "b"\n[{,]' * number} for number in range(4)]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_is_read_item_by_item(indent: int | None) -> None:
    """Each item is a value, with its number."""
    records = items_of(json.dumps(OBJECTS, indent=indent))

    assert [record.value for record in records] == OBJECTS
    assert [record.number for record in records] == [1, 2, 3, 4]


def test_objects_one_after_the_other_are_read() -> None:
    """They may take several lines each, and the place names the line on which each begins."""
    records = items_of("\n\n".join(json.dumps(value, indent=1) for value in OBJECTS))

    assert [record.value for record in records] == OBJECTS
    assert [record.where for record in records] == [
        "item 1, line 1",
        "item 2, line 6",
        "item 3, line 11",
        "item 4, line 16",
    ]


def test_several_lists_are_read_as_one() -> None:
    """Files that were joined by `cat` are no fault."""
    assert [record.value for record in items_of('[1, "a"]\n[]\n[null]')] == [1, "a", None]


@given(
    st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    ),
    st.integers(1, 40),
    st.booleans(),
)
def test_the_size_of_the_pieces_does_not_matter(
    values: list[object],
    piece_bytes: int,
    is_ascii: bool,  # noqa: FBT001  (hypothesis passes it)
) -> None:
    """A value that is cut anywhere by the end of a piece is read as a whole."""
    text = json.dumps(values, ensure_ascii=is_ascii, indent=1).encode("utf-8", "surrogatepass")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_values, "_PIECE_BYTES", piece_bytes)
        if b"\xed" in text:
            return  # lone surrogates are not UTF-8
        assert [record.value for record in read_items(BytesIO(text))] == values


@pytest.mark.parametrize(
    ("text", "message"),
    {
        "cut in a value": ('[{"id": 1},\n {"id": ', "line 2: the file ends inside the value"),
        "cut in a text": ('[{"id": 1},\n {"id": "x', "line 2: the file ends inside the value"),
        "cut in the list": ('[{"id": 1},\n', "line 2: the file ends inside the list"),
        "not JSON": ('[{"id": 1},\n {id: 2}]', "line 2: not JSON (Expecting property name"),
        "no comma": ("[1 2]", "line 1: expected a comma or the end of the list"),
        "no value": ("[1,]", "line 1: not JSON"),
        "no comma in an object": ('[{"a": 1 "b": 2}]', "line 1: not JSON (Expecting ',' delimiter"),
        "too deep": ("[" * 2 + '{"a":[' * 100_000, "line 1: "),
    }.values(),
)
def test_a_damage_is_named_by_its_line(text: str, message: str) -> None:
    """The items before it are read, and the message says where it is."""
    with pytest.raises(DamagedFileError) as caught:
        items_of(text)

    assert str(caught.value).startswith(message)


def test_the_items_before_a_damage_are_read() -> None:
    """They come out before the error is raised."""
    items = read_items(BytesIO(b'[{"id": 1}, {id}]'))

    assert next(items).value == {"id": 1}
    with pytest.raises(DamagedFileError):
        next(items)


def test_a_value_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not fill the memory."""
    monkeypatch.setattr(json_values, "VALUE_BYTES_MAX", 10_000)
    stream = BytesIO(b'["' + b"x" * 10**7)

    with pytest.raises(DamagedFileError):
        list(read_items(stream))

    assert stream.tell() < 10**6


def test_text_that_is_not_utf8_is_refused() -> None:
    """The message names a line."""
    with pytest.raises(DamagedFileError, match="line 1: not UTF-8"):
        list(read_items(BytesIO(b'[\n"\xff"]')))


def test_a_line_that_is_too_long_costs_itself_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is skipped without being held in memory, and the lines behind it keep their numbers."""
    monkeypatch.setattr(json_values, "VALUE_BYTES_MAX", 100)
    text = b"1\n" + b"x" * 1050 + b"\n3\n" + b"y" * 99 + b"\n5"

    records = list(read_lines(BytesIO(text)))

    assert [record.number for record in records] == [1, 2, 3, 4, 5]
    assert records[1].problem.startswith("found more than")
    assert (records[2].value, records[4].value) == (3, 5)


@pytest.mark.parametrize("read", [read_lines, read_items])
def test_a_key_that_an_object_has_twice_is_a_problem(
    read: Callable[[BinaryIO], Iterator[Record]],
) -> None:
    """Readers of JSON disagree about its value; the values before and after it are read."""
    text = b'{"a": 1}\n{"a": {"b": 1, "b": 2}}\n{"b": 3, "a": {"b": 4}}\n'

    first, second, third = read(BytesIO(text))

    assert (first.problem, third.problem) == ("", "")
    assert second.problem == "ambiguous (an object has the key 'b' twice)"


def test_a_broken_line_spoils_no_other() -> None:
    """A key that is twice in a line that is not JSON says nothing about the next line."""
    broken, whole = read_lines(BytesIO(b'[{"a": 1, "a": 2}\n{"a": 1}\n'))

    assert broken.problem.startswith("not JSON")
    assert whole.problem == ""
