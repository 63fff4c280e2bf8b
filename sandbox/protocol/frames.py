"""Tables, columns and moments of pandas, between two sides of a session.

A table (`DataFrame`) or column (`Series`) is mirrored as containers are; the values of a column
cross as an array of numpy. A column that is a part of a table is a column of its own on the other
side. Nothing of the other side is run: the reader calls pandas with arrays, and with names from a
fixed list.
"""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

from nova_code_verifier.sandbox.protocol.arrays import ArrayKind
from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.sandbox.protocol.mirrors import Kind

Tree = Any
"""A value that consists of the types of JSON."""
_Walk = Callable[[Any], Any]

# Types of columns with missing values; the values themselves are those of Python.
_TYPES = frozenset(
    {"boolean", "string", "str", "Float32", "Float64"}
    | {f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)}
)
_FREQUENCY = re.compile(r"[\w-]{1,16}")
_RANGE_MAX = 10_000_000
_ATOMS = frozenset({str, int, float, bool})
_ARRAYS = ArrayKind(lambda: None)  # pandas has its own rules for nan


class TableKind(Kind):
    """A `DataFrame`, a `Series` or an `Index` of pandas."""

    tag = "table"

    @staticmethod
    def fits(kind: type) -> bool:
        """Return whether instances of exactly this type are mirrored."""
        pandas: Any = sys.modules.get("pandas")
        return kind.__name__ in ("DataFrame", "Series") and kind is getattr(
            pandas, kind.__name__, None
        )

    def values(self, container: Any) -> Iterable[object]:
        """Return the items of columns of objects."""
        columns = [container] if container.ndim == 1 else _columns(container)
        return [item for column in columns if column.dtype == object for item in column]

    def copy(self, container: Any) -> Any:
        """Return what `is_same` compares."""
        return self.write(container, lambda item: item if type(item) in _ATOMS else (item,))

    def is_same(self, container: Any, copy: Any) -> bool:
        """Return whether the table is as it was when the copy was made."""
        return _is_same(self.copy(container), copy)

    def write(self, container: Any, write: _Walk) -> Tree:
        """Write the names, the rows' names, and the columns."""
        index = _write_index(container.index, write)
        if container.ndim == 1:
            return [write(container.name), index, _write_column(container.array, write)]
        columns = [_write_column(column.array, write) for column in _columns(container)]
        return [None, index, columns, _write_index(container.columns, write)]

    def new(self, content: Tree) -> object:
        """Make an empty table or column. Raises EncodingError."""
        pandas = _pandas()
        return pandas.Series(dtype=object) if len(content) == 3 else pandas.DataFrame()  # noqa: PLR2004  (without columns)

    def fill(self, container: Any, content: Tree, read: _Walk) -> None:
        """Make the table hold the content."""
        pandas = _pandas()
        name, tree, values, *rest = content
        index = _read_index(tree, read)
        new: Any
        if not rest:
            new = pandas.Series(_read_column(values, read), index=index, name=read(name))
        else:
            columns = [_read_column(column, read) for column in values]
            new = pandas.DataFrame(dict(enumerate(columns)), index=index)
            new.columns = _read_index(rest[0], read)
        container._update_inplace(new)  # noqa: SLF001  (as its own methods with `inplace`)
        if not rest:
            container.name = new.name


def write_moment(value: Any, write: _Walk) -> Tree | None:
    """Write an index, a moment or a missing value of pandas; None for any other value."""
    kind = type(value)
    if str(kind.__module__).partition(".")[0] != "pandas" or "pandas" not in sys.modules:
        return None
    pandas = _pandas()
    if value is pandas.NaT or value is pandas.NA:
        return {"pandas": [str(value)]}
    if kind is pandas.Timestamp or kind is pandas.Timedelta:
        zone = getattr(value, "tz", None)
        number = _ARRAYS.write_other(value.asm8)
        return {"pandas": [kind.__name__, number, None if zone is None else write(zone)]}
    if issubclass(kind, pandas.Index):
        return {"pandas": ["Index", _write_index(value, write)]}
    return None


def read_moment(content: Tree, read: _Walk) -> object:
    """Read a value of `write_moment`. Raises EncodingError and ValueError."""
    pandas = _pandas()
    match content:
        case ["NaT"]:
            return pandas.NaT
        case ["<NA>"]:
            return pandas.NA
        case ["Index", tree]:
            return _read_index(tree, read)
        case ["Timestamp" | "Timedelta" as name, {"numpy": number}, zone]:
            made = getattr(pandas, name)(_ARRAYS.read_other(number))
            return made if zone is None else made.tz_localize("UTC").tz_convert(read(zone))
    raise EncodingError("there is no such value of pandas")


def _columns(frame: Any) -> list[Any]:
    return [frame.iloc[:, number] for number in range(frame.shape[1])]


def _write_column(array: Any, write: _Walk) -> Tree:
    pandas = _pandas()
    if isinstance(array, pandas.Categorical):
        categories = _write_index(array.categories, write)
        return ["category", categories, array.ordered, _ARRAYS.write(array.codes, write)]
    dtype = array.dtype
    if isinstance(dtype, pandas.DatetimeTZDtype):
        moments = array.tz_convert("UTC").tz_localize(None).to_numpy()
        return ["zone", write(dtype.tz), _ARRAYS.write(moments, write)]
    if str(dtype) in _TYPES:
        items = array.astype(object)
        is_missing = array.isna().tolist()
        pairs = zip(items, is_missing, strict=True)
        return [str(dtype), [None if is_na else write(item) for item, is_na in pairs]]
    if type(getattr(dtype, "numpy_dtype", dtype)).__module__.startswith("pandas"):
        raise EncodingError(f"a column of {dtype}")
    return ["numpy", _ARRAYS.write(array.to_numpy(), write)]


def _read_column(content: Tree, read: _Walk) -> Any:
    pandas = _pandas()
    match content:
        case ["numpy", tree]:
            return _read_array(tree, read)
        case ["category", categories, bool() as is_ordered, codes]:
            index = _read_index(categories, read)
            return pandas.Categorical.from_codes(
                _read_array(codes, read), categories=index, ordered=is_ordered
            )
        case ["zone", zone, tree]:
            moments = pandas.DatetimeIndex(_read_array(tree, read))
            return moments.tz_localize("UTC").tz_convert(read(zone)).array
        case [str() as name, list() as items] if name in _TYPES:
            return pandas.array([read(item) for item in items], dtype=name)
    raise EncodingError("there is no such column")


def _read_array(tree: Tree, read: _Walk) -> Any:
    array = _ARRAYS.new(tree)
    _ARRAYS.fill(array, tree, read)
    return array


def _write_index(index: Any, write: _Walk) -> Tree:
    pandas = _pandas()
    kind = type(index)
    if kind is pandas.RangeIndex:
        return ["range", index.start, index.stop, index.step, write(index.name)]
    if kind is pandas.MultiIndex:
        levels = [_write_index(index.get_level_values(n), write) for n in range(index.nlevels)]
        return ["levels", levels]
    if kind not in _index_types(pandas).values():
        raise EncodingError(f"an index of the type {kind.__name__}")
    frequency = getattr(index, "freqstr", None)
    name = next(name for name, known in _index_types(pandas).items() if known is kind)
    return [name, _write_column(index.array, write), frequency, write(index.name)]


def _read_index(content: Tree, read: _Walk) -> Any:
    pandas = _pandas()
    match content:
        case ["range", int() as start, int() as stop, int() as step, name] if step:
            if len(range(start, stop, step)) > _RANGE_MAX:
                raise EncodingError("an index that is too long")
            return pandas.RangeIndex(start, stop, step, name=read(name))
        case ["levels", [_, *_] as levels]:
            read_levels = [_read_index(level, read) for level in levels]
            names = [level.name for level in read_levels]
            return pandas.MultiIndex.from_arrays(read_levels, names=names)
        case [str() as kind, column, frequency, name] if kind in _index_types(pandas):
            values = _read_column(column, read)
            if frequency is None:
                return _index_types(pandas)[kind](values, name=read(name))
            if type(frequency) is str and _FREQUENCY.fullmatch(frequency):
                return _index_types(pandas)[kind](values, freq=frequency, name=read(name))
    raise EncodingError("there is no such index")


def _index_types(pandas: Any) -> Mapping[str, Any]:
    names = ("Index", "DatetimeIndex", "TimedeltaIndex", "CategoricalIndex")
    return {name: getattr(pandas, name) for name in names}


def _is_same(now: Any, before: Any) -> bool:
    """Compare what was written of two tables; objects by their identity."""
    if type(now) is not type(before):
        return False
    if type(now) is tuple:
        return now[0] is before[0]
    if type(now) is list:
        return len(now) == len(before) and all(map(_is_same, now, before))
    return now is before or now == before


def _pandas() -> Any:
    try:
        return import_module("pandas")
    except ImportError as error:
        raise EncodingError("pandas is not installed") from error
