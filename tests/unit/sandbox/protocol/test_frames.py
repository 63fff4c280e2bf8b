"""Tables of pandas cross by value; a guest makes no others."""

from typing import Any

import pytest

from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.sandbox.protocol.frames import TableKind, read_moment, write_moment

pandas: Any = pytest.importorskip("pandas", reason="pandas is not installed")
KIND = TableKind()
NUMBERS = ["numpy", ["<i8", [1], "AQAAAAAAAAA="]]
ROWS = ["range", 0, 1, 1, None]


def _plain(tree: object) -> object:
    return tree


def _carry(table: Any) -> Any:
    content = KIND.write(table, _plain)
    made: Any = KIND.new(content)
    KIND.fill(made, content, _plain)
    return made


def test_a_change_of_an_item_a_name_or_a_type_is_seen() -> None:
    """Also of an object in a column that is equal to the one before."""
    table = pandas.DataFrame({"a": [1, 2], "o": [[1], None]}, index=["x", "y"])
    copy = KIND.copy(table)
    assert KIND.is_same(table, copy)

    for name, value in (("a", [1.0, 2.0]), ("a", [1, 3]), ("o", [[1], None]), ("b", 1)):
        changed = table.copy()
        changed[name] = value
        assert not KIND.is_same(changed, copy)
    assert not KIND.is_same(table.rename(index={"x": "z"}), copy)


def test_a_column_keeps_its_name_when_it_is_filled() -> None:
    """Of a column that is there already, too."""
    column = pandas.Series([1], name="a")
    KIND.fill(column, KIND.write(pandas.Series([2, 3], name="b"), _plain), _plain)

    pandas.testing.assert_series_equal(column, pandas.Series([2, 3], name="b"))


@pytest.mark.parametrize(
    "table",
    [pandas.DataFrame(index=range(3)), pandas.DataFrame(columns=["a"]), pandas.Series(dtype=float)],
)
def test_an_empty_table_crosses(table: Any) -> None:
    """With its rows or columns."""
    assert _carry(table).equals(table)


def test_missing_values_are_the_same_objects() -> None:
    """There is one of each."""
    for value in (pandas.NaT, pandas.NA):
        written: Any = write_moment(value, _plain)
        assert read_moment(written["pandas"], _plain) is value


@pytest.mark.parametrize(
    "content",
    [
        [
            None,
            ROWS,
            [["numpy", ["<i8", [2], "AQAAAAAAAAACAAAAAAAAAA=="]]],
            ["range", 0, 1, 1, None],
        ],
        [None, ["range", 0, 10**12, 1, None], [], ["range", 0, 0, 1, None]],
        [None, ["range", 0, 1, 0, None], NUMBERS],
        [None, ROWS, [NUMBERS], ["range", 0, 2, 1, None]],
        [None, ["PeriodIndex", NUMBERS, None, None], NUMBERS],
        [None, ["levels", []], NUMBERS],
        [
            None,
            ["DatetimeIndex", ["numpy", ["<M8[ns]", [1], "AQAAAAAAAAA="]], "x y", None],
            NUMBERS,
        ],
        [None, ROWS, ["period[D]", [1]]],
        [None, ROWS, ["Int64", ["x"]]],
        [None, ROWS, ["category", ROWS, True, ["<i8", [1], "BwAAAAAAAAA="]]],
        [None, ROWS, ["zone", "nowhere", ["<M8[ns]", [1], "AQAAAAAAAAA="]]],
        [None, ROWS, []],
        [None, ROWS],
    ],
)
def test_a_table_that_there_is_not_is_refused(content: Any) -> None:
    """Neither one with other rows than it says, nor one that is larger than its message."""
    with pytest.raises((EncodingError, ValueError, TypeError, LookupError)):
        KIND.fill(KIND.new(content), content, _plain)


@pytest.mark.parametrize(
    "content", [[], ["eval", 1], ["Timestamp", {"numpy": ["O", 1]}, None], ["Index", [1]]]
)
def test_a_moment_that_there_is_not_is_refused(content: Any) -> None:
    """Only names of the list are looked up in pandas."""
    with pytest.raises((EncodingError, ValueError, TypeError)):
        read_moment(content, _plain)
