"""Read the rows of a reward function, and match those of two files.

In: names of files. Out: pairs of rows. A row keeps only what is compared, about 1.5 KB.
"""

import json
import math
from array import array
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import Generic, Protocol, TypeVar

from nova_code_verifier.handlers.cli.dataset_files.reading import open_records
from nova_code_verifier.handlers.cli.dataset_files.record import Record
from nova_code_verifier.handlers.cli.files import UnusableFileError, shown_name
from nova_code_verifier.handlers.wire import MetricType


class MatchBy(StrEnum):
    """What tells that two rows belong to one sample."""

    ID = "id"
    LINE = "line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The names of the metrics of a row, and of those that are paid. Most rows share one."""

    names: tuple[str, ...]
    paid: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row. `reward` is None if it is ungraded; `verdict` is "" if the row has no details."""

    id: object
    reward: float | None
    schema: Schema
    values: "array[float]"
    verdict: str

    @property
    def metrics(self) -> dict[str, float]:
        """The values of the metrics by their names."""
        return dict(zip(self.schema.names, self.values, strict=True))


def read_rows(name: str) -> Iterator[Row]:
    """Yield the rows of a file. Raises UnusableFileError for anything that is no row."""
    schemas: dict[Schema, Schema] = {}
    with open_records(name) as file:
        for record in file.records:
            try:
                yield _read(record, schemas)
            except ValueError as error:
                where = f"{shown_name(name)}, {record.where}"
                message = f"{where}: {error} (verifier lint-rows checks rows)"
                raise UnusableFileError(message) from None


class HasId(Protocol):
    """Something that belongs to a sample."""

    @property
    def id(self) -> object:
        """The id of the sample."""


_Old = TypeVar("_Old", bound=HasId)
_New = TypeVar("_New", bound=HasId)


def matched(
    old: Iterable[_Old], new: Iterable[_New], by: MatchBy
) -> Iterator[tuple[_Old | None, _New | None]]:
    """Yield the rows of each sample; None for a file that has none.

    The files are read side by side: only rows that are in another order wait in memory. The second
    row of an id belongs to the second row of that id in the other file, and so on; rows without an
    id belong together in their order.
    """
    if by is MatchBy.LINE:
        yield from zip_longest(old, new)
        return
    old_waiting, new_waiting = _Waiting[_Old](), _Waiting[_New]()
    for before, after in zip_longest(old, new):
        if before is not None:
            met = new_waiting.take(before)
            if met is not None:
                yield before, met
            else:
                old_waiting.put(before)
        if after is not None:
            known = old_waiting.take(after)
            if known is not None:
                yield known, after
            else:
                new_waiting.put(after)
    yield from ((row, None) for row in old_waiting.rows())
    yield from ((None, row) for row in new_waiting.rows())


_Row = TypeVar("_Row", bound=HasId)


class _Waiting(Generic[_Row]):
    """The rows of one file that have not met the other row of their sample."""

    def __init__(self) -> None:
        self._by_key: defaultdict[str, deque[_Row]] = defaultdict(deque)

    def put(self, row: _Row) -> None:
        self._by_key[_key(row)].append(row)

    def take(self, like: HasId) -> _Row | None:
        """Return the first row of the same id as *like*."""
        key = _key(like)
        if key not in self._by_key:
            return None
        row = self._by_key[key].popleft()
        if not self._by_key[key]:
            del self._by_key[key]
        return row

    def rows(self) -> Iterator[_Row]:
        for rows in self._by_key.values():
            yield from rows


def _key(row: HasId) -> str:
    return json.dumps(row.id, sort_keys=True)


def _read(record: Record, schemas: dict[Schema, Schema]) -> Row:
    """Read a row. Raises ValueError."""
    if record.problem:
        raise ValueError(record.problem)
    raw = record.value
    if not isinstance(raw, dict) or "aggregate_reward_score" not in raw:
        raise ValueError("found no aggregate_reward_score, expected a row of a reward function")
    metrics = raw.get("metrics_list") or []
    if not isinstance(metrics, list) or not all(map(_is_metric, metrics)):
        raise ValueError("metrics_list: expected a list of metrics with a name and a number")
    reward = raw["aggregate_reward_score"]
    if reward is not None and not _is_number(reward):
        raise ValueError("aggregate_reward_score: expected a finite number, or null")
    values = {metric["name"]: float(metric["value"]) for metric in metrics}
    paid = (m["name"] for m in metrics if m.get("type") == MetricType.REWARD)
    schema = Schema(names=tuple(values), paid=frozenset(paid))
    details = raw.get("details")
    verdict = details.get("verdict") if isinstance(details, dict) else None
    return Row(
        id=raw.get("id"),
        reward=None if reward is None or values.get("ungraded") else float(reward),
        schema=schemas.setdefault(schema, schema),
        values=array("d", values.values()),
        verdict=verdict if isinstance(verdict, str) else "",
    )


def _is_metric(metric: object) -> bool:
    return (
        isinstance(metric, dict)
        and isinstance(metric.get("name"), str)
        and _is_number(metric.get("value"))
    )


def _is_number(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        return is_number and math.isfinite(value)  # type: ignore[arg-type]  # checked before
    except OverflowError:  # an integer that is too large for a double
        return False
