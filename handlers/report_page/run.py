"""Pack the samples of one run for a page, while they come.

In: samples, one at a time. Out: columns of numbers, and blocks with the details of 100 samples
each, compressed at once. A kept sample takes about 300 bytes of memory and its compressed details.
"""

import json
import math
import zlib
from array import array
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress

from nova_code_verifier.handlers.report_page.names import UNKNOWN, Names
from nova_code_verifier.handlers.report_page.sample import NUMBERS, PageSample
from nova_code_verifier.handlers.report_page.selection import Selection, hash_of

BLOCK_SAMPLES = 100
NAMED = ("verdict", "failure", "source", "reason", "role")
_GROUP = "group"
_KEYS = ("program_key", "answers_key")
_NAMES_SHOWN = 200
_FACTS_MAX = 100
_SEPARATOR = b",\n"  # JSON in ASCII has no line break inside: blocks are divided there
_DIGITS = 9
_GZIP = zlib.MAX_WBITS | 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that a page holds of one run."""

    samples: int = 100_000
    details_bytes: int = 48 * 2**20


@dataclass(slots=True)
class Tables:
    """What all runs of a page share: names, groups, and which samples are kept."""

    names: dict[str, Names] = field(default_factory=lambda: {name: Names() for name in NAMED})
    groups: Names = field(default_factory=lambda: Names(is_bounded=False))
    semantics_versions: set[float] = field(default_factory=set)
    weights: Counter[tuple[tuple[str, float], ...]] = field(default_factory=Counter)
    selection: Selection = field(default_factory=Selection)

    def add_facts(self, sample: PageSample) -> None:
        """Count what samples of one rubric and one verifier share."""
        if sample.semantics_version is not None and len(self.semantics_versions) < _FACTS_MAX:
            self.semantics_versions.add(sample.semantics_version)
        weights = tuple(sample.weights.items())
        if weights in self.weights or (weights and len(self.weights) < _FACTS_MAX):
            self.weights[weights] += 1

    def settle(self, runs: Sequence["Run"], groups: "array[int]") -> None:
        """Leave out of all *runs* what is left out of one, and forget names that nothing uses.

        *groups* is another column of groups: those of findings.
        """
        for run in runs:
            run.settle()
        for name in NAMED:
            self.names[name].settle([run.indexes[name] for run in runs], limit=_NAMES_SHOWN)
        columns = [groups, *(run.indexes[_GROUP] for run in runs)]
        self.groups.settle(columns, limit=sum(map(len, columns)))


class Run:
    """The samples of one run that a page keeps. `count` is the number of all of them."""

    def __init__(self, name: str, tables: Tables, limits: Limits = Limits()) -> None:
        """Start empty. The runs of a page share *tables*."""
        self.name = name
        self.count = 0
        self._tables, self._limits = tables, limits
        self.ids: list[object] = []
        self._hashes, self._lines = array("Q"), array("Q")
        self._keys = {name: array("Q") for name in _KEYS}
        self._numbers = {name: array("d") for name in NUMBERS}
        self.indexes = {name: array("i") for name in (*NAMED, _GROUP)}
        self._blocks: list[bytes] = []
        self._pending: list[bytes] = []

    @property
    def kept(self) -> int:
        """The number of samples that are kept."""
        return len(self.ids)

    def add(self, sample: PageSample) -> None:
        """Add a sample, unless it is left out."""
        line = self.count
        self.count += 1
        group_hash = hash_of(sample.id if sample.group is None else sample.group)
        if not self._tables.selection.keeps(group_hash, line):
            return
        self.ids.append(sample.id)
        self._hashes.append(group_hash)
        self._lines.append(line)
        for name, keys in self._keys.items():
            keys.append(int(getattr(sample, name) or "0", 16))
        for name, column in self._numbers.items():
            value = sample.numbers.get(name)
            column.append(math.nan if value is None else value)
        for name in NAMED:
            self.indexes[name].append(self._tables.names[name].number(getattr(sample, name)))
        group = self._tables.groups.number(sample.group, sample.label)
        self.indexes[_GROUP].append(group)
        self._tables.add_facts(sample)
        self._pack(_json_bytes(sample.details or None))
        while self._is_full:
            self._tables.selection.halve(groups=len(set(self._hashes)))
            self.settle()

    @property
    def _is_full(self) -> bool:
        if self.kept > self._limits.samples:
            return True
        return not self._pending and sum(map(len, self._blocks)) > self._limits.details_bytes

    def settle(self) -> None:
        """Remove the samples that are left out by now."""
        places = zip(self._hashes, self._lines, strict=True)
        chosen = [self._tables.selection.keeps(*place) for place in places]
        if all(chosen):
            return
        details = _unpacked(self._blocks, self._pending)
        self._blocks, self._pending = [], []
        for text in compress(details, chosen):
            self._pack(text)
        self.ids = list(compress(self.ids, chosen))
        for column in (self._hashes, self._lines, *self._keys.values(), *self.indexes.values()):
            column[:] = array(column.typecode, compress(column, chosen))
        for numbers in self._numbers.values():
            numbers[:] = array(numbers.typecode, compress(numbers, chosen))

    def columns(self) -> str:
        """Return the columns as base64 text."""
        columns: dict[str, Sequence[object]] = {
            name: [_number(value) for value in column] for name, column in self._numbers.items()
        }
        for name, column in self.indexes.items():
            columns[name] = [None if index == UNKNOWN else index for index in column]
        for name, keys in self._keys.items():
            columns[name] = [f"{key:012x}" if key else None for key in keys]
        known = {name: values for name, values in columns.items() if _has_any(values)}
        content = {"id": self.ids, "reward": columns["reward"]} | known
        return _base64(_compressed([_json_bytes(content)]))

    def blocks(self) -> Iterator[str]:
        """Yield the details of 100 samples at a time, as base64 text."""
        yield from map(_base64, self._blocks)
        if self._pending:
            yield _base64(_block(self._pending))

    def _pack(self, text: bytes) -> None:
        self._pending.append(text)
        if len(self._pending) == BLOCK_SAMPLES:
            self._blocks.append(_block(self._pending))
            self._pending = []


def _unpacked(blocks: Iterable[bytes], pending: Iterable[bytes]) -> Iterator[bytes]:
    for block in blocks:
        yield from zlib.decompress(block, _GZIP)[1:-1].split(_SEPARATOR)
    yield from pending


def _block(texts: Sequence[bytes]) -> bytes:
    return _compressed([b"[", _SEPARATOR.join(texts), b"]"])


def _compressed(parts: Iterable[bytes]) -> bytes:
    """Return *parts* as gzip, without a time: equal input gives equal bytes."""
    packer = zlib.compressobj(wbits=_GZIP)
    return b"".join([*map(packer.compress, parts), packer.flush()])


def _base64(content: bytes) -> str:
    return b64encode(content).decode()


def _json_bytes(value: object) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def _number(value: float) -> float | int | None:
    if math.isnan(value):
        return None
    return int(value) if value.is_integer() else round(value, _DIGITS)


def _has_any(column: Sequence[object]) -> bool:
    return any(value is not None for value in column)
