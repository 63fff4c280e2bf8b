"""Answer queries of CloudWatch Logs Insights: the part of the language that our queries use.

In: a query, log lines. Out: rows, as Insights shows them. Unknown syntax is refused. Written from
the documentation of `fields`, `filter`, `stats`, `sort` and `limit`, and never compared with the
service itself.
"""

import math
import re
from collections.abc import Callable, Iterable
from statistics import fmean
from typing import Any

Row = dict[str, Any]

_AGGREGATES = {"count": len, "avg": fmean, "sum": sum, "max": max, "min": min}
_MINUTES = {"m": 1, "h": 60, "d": 1440}
_NAME = re.compile(r"@?[A-Za-z_][\w.]*")
_TEXT = re.compile(r'"[^"]*"')


class UnknownSyntaxError(ValueError):
    """A query with syntax that is not implemented here."""


def answer(query: str, lines: Iterable[Row]) -> list[Row]:
    """Return the rows of a query over *lines*, each with `@timestamp` in milliseconds."""
    rows = [dict(line) for line in lines]
    for command in query.split("|"):
        verb, _, rest = " ".join(command.split()).partition(" ")
        if verb not in _COMMANDS:
            raise UnknownSyntaxError(command)
        rows = _COMMANDS[verb](rest, rows)
    return rows


def _fields(text: str, rows: list[Row]) -> list[Row]:
    columns = [_named(column) for column in _split(text)]
    for row in rows:
        row.update({name: _value(expression, row) for name, expression in columns})
    return rows


def _filter(text: str, rows: list[Row]) -> list[Row]:
    conditions = text.split(" and ")
    return [row for row in rows if all(_is_true(condition, row) for condition in conditions)]


def _stats(text: str, rows: list[Row]) -> list[Row]:
    columns, _, by = text.partition(" by ")
    keys = [_named(key) for key in _split(by)] if by else []
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(_value(expression, row) for _, expression in keys), []).append(row)
    return [
        {name: value for (name, _), value in zip(keys, group, strict=True)}
        | {name: _aggregate(column, members) for name, column in map(_named, _split(columns))}
        for group, members in groups.items()
    ]


def _sort(text: str, rows: list[Row]) -> list[Row]:
    name, _, order = text.partition(" ")
    if order not in ("asc", "desc"):
        raise UnknownSyntaxError(text)
    return sorted(rows, key=lambda row: row[name], reverse=order == "desc")


def _limit(text: str, rows: list[Row]) -> list[Row]:
    return rows[: int(text)]


_COMMANDS: dict[str, Callable[[str, list[Row]], list[Row]]] = {
    "fields": _fields, "filter": _filter, "stats": _stats, "sort": _sort, "limit": _limit,
}  # fmt: skip


def _split(text: str) -> list[str]:
    return [column.strip() for column in re.split(r",(?![^(]*\))", text)]


def _named(column: str) -> tuple[str, str]:
    expression, _, name = column.partition(" as ")
    return name or expression, expression


def _aggregate(text: str, rows: list[Row]) -> object:
    found = re.fullmatch(r"(\w+)\((\*|[\w@.]+)\)", text)
    if found is None or found[1] not in _AGGREGATES:
        raise UnknownSyntaxError(text)
    values = [row if found[2] == "*" else row.get(found[2]) for row in rows]
    present = [value for value in values if value is not None]
    return _AGGREGATES[found[1]](present) if present else None  # type: ignore[operator]


def _is_true(condition: str, row: Row) -> bool:
    """Return whether a comparison holds. It does not if the line lacks a field."""
    found = re.fullmatch(r"(.+?) (=|!=|>|>=|<|<=) (.+)", condition)
    if found is None:
        raise UnknownSyntaxError(condition)
    left, right = _value(found[1], row), _value(found[3], row)
    if left is None or right is None or isinstance(left, str) != isinstance(right, str):
        return False
    compared: dict[str, bool] = {
        "=": left == right, "!=": left != right, ">": left > right, ">=": left >= right,
        "<": left < right, "<=": left <= right,
    }  # fmt: skip
    return compared[found[2]]


def _value(expression: str, row: Row) -> Any:
    if found := re.fullmatch(r"bin\((\d+)([mhd])\)", expression):
        width = int(found[1]) * _MINUTES[found[2]] * 60_000
        return row["@timestamp"] // width * width
    if found := re.fullmatch(r"floor\((.+?)\)(.*)", expression):
        inner = _value(found[1], row)
        return None if inner is None else _value(f"{math.floor(inner)}{found[2]}", row)
    if found := re.fullmatch(r"(.+) ([*/]) (\d+)", expression):
        left = _value(found[1], row)
        if left is None:
            return None
        return left * int(found[3]) if found[2] == "*" else left / int(found[3])
    return _word(expression, row)


def _word(word: str, row: Row) -> Any:
    if _TEXT.fullmatch(word):
        return word[1:-1]
    if re.fullmatch(r"-?\d+(\.\d+)?", word):
        return float(word)
    if _NAME.fullmatch(word):
        return row.get(word)
    raise UnknownSyntaxError(word)
