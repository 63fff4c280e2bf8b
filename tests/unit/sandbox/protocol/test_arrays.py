"""Arrays of numpy cross by value, with type and shape; a guest makes no other arrays."""

from collections.abc import Callable
from typing import Any

import pytest

from nova_code_verifier.sandbox.protocol.arrays import ArrayKind
from nova_code_verifier.sandbox.protocol.encoding import EncodingError

numpy: Any = pytest.importorskip("numpy", reason="numpy is not installed")


def _plain(tree: object) -> object:
    return tree


def _carry(array: Any, note_nan: Callable[[], None] = lambda: None) -> Any:
    kind = ArrayKind(note_nan)
    content = kind.write(array, _plain)
    made = kind.new(content)
    kind.fill(made, content, _plain)
    return made


ARRAYS = {
    "floats": numpy.arange(6.0).reshape(2, 3),
    "a part of another": numpy.arange(20).reshape(4, 5)[::2, 1:],
    "by columns": numpy.asfortranarray([[1, 2], [3, 4]]),
    "one number": numpy.array(5),
    "empty": numpy.zeros((0, 3)),
    "bools": numpy.array([True, False]),
    "complex": numpy.array([1j, 2]),
    "texts": numpy.array(["a", "bcd"]),
    "bytes": numpy.array([b"a", b"bcd"]),
    "days": numpy.array(["2020-01-02"], dtype="datetime64[D]"),
    "structures": numpy.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")]),
    "objects": numpy.array([1, None, "x"], dtype=object),
    "the other order of bytes": numpy.array([1, 2], dtype=">i4"),
}


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS.keys())
def test_an_array_crosses_with_its_type_and_shape(array: Any) -> None:
    """The other side has an array of its own that is equal, and can be changed."""
    arrived = _carry(array)

    assert (arrived.dtype, arrived.shape) == (array.dtype, array.shape)
    assert arrived.tolist() == array.tolist()
    assert arrived.flags.writeable


def test_a_change_is_seen_and_made_in_place() -> None:
    """Of the items, of the shape, and from one nan to another number."""
    kind = ArrayKind(lambda: None)
    array, other = numpy.array([[1.0, float("nan")]]), numpy.zeros((1, 2))
    copy = kind.copy(array)
    assert kind.is_same(array, copy)

    array[0, 1] = 2
    array.shape = (2, 1)
    kind.fill(other, kind.write(array, _plain), _plain)

    assert not kind.is_same(array, copy)
    assert other.tolist() == [[1], [2]]


@pytest.mark.parametrize("value", [numpy.float64(1.5), numpy.int8(3), numpy.bool_(1)])
def test_a_number_keeps_its_type(value: Any) -> None:
    """It is no number of Python's."""
    kind = ArrayKind(lambda: None)

    written: Any = kind.write_other(value)
    arrived: Any = kind.read_other(written["numpy"])

    assert arrived == value
    assert type(arrived) is type(value)


def test_a_type_crosses() -> None:
    """The type of an array's items is a value, too."""
    kind = ArrayKind(lambda: None)
    for dtype in (numpy.dtype("f4"), numpy.dtype([("a", "i4")]), numpy.dtype(object)):
        written: Any = kind.write_other(dtype)
        assert kind.read_other(written["numpy"]) == dtype


@pytest.mark.parametrize(
    "array",
    [
        numpy.array([1.0, float("nan")]),
        numpy.array([complex(0, float("nan"))]),
        numpy.array(["NaT"], dtype="datetime64[D]"),
        numpy.array([(1, float("nan"))], dtype=[("a", "i4"), ("b", "f8")]),
    ],
)
def test_nan_is_noted(array: Any) -> None:
    """Comparisons with it are false, so the tests must know of it."""
    noted: list[bool] = []

    _carry(array, lambda: noted.append(True))

    assert noted


@pytest.mark.parametrize(
    "content",
    [
        ["<f8", [2], "AAAAAAAA"],
        ["<f8", [-1], ""],
        ["<f8", [2**62, 0, 2**62], ""],
        ["<f8", [1] * 200, "AAAAAAAAAAA="],
        ["<f8", [True], "AAAAAAAAAAA="],
        ["<f8", None, ""],
        ["<f8", [1], [1.0]],
        ["<f8", [1], "AAAAAAAAAAA"],
        ["<U0", [10**9], ""],
        ["|b1", [1], "Ag=="],
        ["O", [2], [1]],
        ["O", [1], "AAAAAAAAAAA="],
        ["|O8", [1], "AAAAAAAAAAA="],
        [[["a", "O"]], [1], "AAAAAAAAAAA="],
        [[["a", "|O8"]], [1], "AAAAAAAAAAA="],
        [[["a", [["a", [["a", [["a", [["a", [["a", [["a", "<i4"]]]]]]]]]]]]]], [1], "AAAAAA=="],
        ["<f8,<f8", [0], ""],
        ["float", [0], ""],
        [7, [0], ""],
        ["<f8", [0]],
    ],
)
def test_an_array_that_there_is_not_is_refused(content: Any) -> None:
    """A guest makes no array of addresses, and none that is larger than its message."""
    kind = ArrayKind(lambda: None)

    with pytest.raises((EncodingError, ValueError, TypeError, MemoryError)):
        kind.fill(kind.new(content), content, _plain)


def test_an_array_does_not_change_its_type() -> None:
    """The other side cannot make whole numbers of the tests' fractions."""
    with pytest.raises(EncodingError):
        ArrayKind(lambda: None).fill(numpy.zeros(1), ["<i8", [1], "AAAAAAAAAAA="], _plain)
