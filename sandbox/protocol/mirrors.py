"""Values between two guests, where mutable containers keep their identity.

Each side keeps a table of the containers that crossed. A container that comes back is the very same
one; and before each message, a side sends the changes of those containers that the other side can
see: those reachable from the message, and those that the other side is known to hold.

A tree is what JSON has: plain data that cannot change, as `sandbox/protocol/encoding.py` writes it,
and `{"m": number}` for a container. Each side numbers the containers that it is the first to send,
from 1 on. In a message, a positive number is the sender's, and a negative one the receiver's.

A message has these fields beside its values, where they are not empty: `new`, the containers that
it is the first to mention (the tag and content of each, by number); `sync`, the changes of others
(number and content); `forget`, the numbers of those that will not be mentioned again. So nothing
here recurses but tuples, and a list that holds itself is nothing special.

The other side may lie: it can change what a container holds that it has received, as it could in
one process, but never its type, and no container that did not cross.
"""

import sys
from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from operator import is_
from types import SimpleNamespace
from typing import Any, Protocol

from nova_code_verifier.sandbox.protocol import encoding, set_order
from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.sandbox.protocol.hashing import hashed
from nova_code_verifier.sandbox.protocol.identities import Identities

Tree = Any
"""A value that consists of the types of JSON."""

_WRITE_DEPTH_MAX, _READ_DEPTH_MAX = 120, 100
CONTAINERS_MAX, RECEIVED_MAX = 600_000, 150_000
"""So many containers may be known at the same time, and so many of them may be the other side's."""
_SMALL_INT = 2**63
_TYPE_CODES = frozenset("bBuhHiIlLqQfd")
_ATOMS = frozenset({type(None), bool, float, str})
_FLAT = _ATOMS | {int}
# Longer lists of atoms are compared by `==`, which is 50 times as fast as item by item, but does
# not find a difference between 1, 1.0 and True.
_COMPARED_BY_ITEM_MAX = 128
_SENT_WHOLE_MAX = 64
_SLICE = 4096
_REFERENCES = 2  # of a container that only its entry holds: the entry's, and `getrefcount`'s own


class OtherValues(Protocol):
    """Writes and reads values that are neither plain data nor containers, as two sides agreed."""

    has_read_deep: bool
    """Whether a value was read that is nested deeply; set by the reader."""

    def write_value(self, value: Any) -> Tree:
        """Write a value. Raises EncodingError."""

    def read_value(self, tag: str, content: Tree) -> object:
        """Read a tag that no container has. Raises EncodingError."""

    def kind_of(self, value: object) -> "Kind | None":
        """Return the kind of an object that is mirrored although it is no container."""

    def new_object(self, tag: str, content: Tree) -> "tuple[object, Kind]":
        """Make an object for a tag of a kind of `kind_of`, to be filled. Raises EncodingError."""


class Kind:
    """One kind of containers. The functions are those of the base type, whatever a class says."""

    tag = ""

    def values(self, container: Any) -> Iterable[object]:
        """Return the values in a container: those that may be containers themselves."""
        raise NotImplementedError

    def copy(self, container: Any) -> Any:
        """Return a shallow copy, to find changes later."""
        raise NotImplementedError

    def is_same(self, container: Any, copy: Any) -> bool:
        """Return whether a container holds what it held when the copy was made."""
        raise NotImplementedError

    def write(self, container: Any, write: Callable[[Any], Tree]) -> Tree:
        """Write the content, without the tag."""
        raise NotImplementedError

    def fill(self, container: Any, content: Tree, read: Callable[[Tree], Any]) -> None:
        """Make a container, empty or not, hold the content; change only what differs."""
        raise NotImplementedError


class _SequenceKind(Kind):
    _base: Any

    def values(self, container: Any) -> Iterable[object]:
        return list(self._base.__iter__(container))

    copy = values

    def is_same(self, container: Any, copy: Any) -> bool:
        base = self._base
        return base.__len__(container) == len(copy) and all(
            map(is_, base.__iter__(container), copy)
        )


class _ListKind(_SequenceKind):
    tag = "l"
    _base = list

    def values(self, container: Any) -> Iterable[object]:
        return list.__getitem__(container, slice(None))  # faster than by an iterator

    copy = values

    def write(self, container: Any, write: Callable[[Any], Tree]) -> Tree:
        return [write(item) for item in self.values(container)]

    def write_change(self, entry: "_Entry") -> Tree | None:
        """Write what differs from the copy of a long list of atoms; None for any other list."""
        container, copy = entry.container, entry.copy
        if type(container) is not list or not entry.is_flat or len(copy) <= _SENT_WHOLE_MAX:
            return None
        most = min(len(container), len(copy))
        start = _same_items(container, copy, most)
        end = _same_items(container[::-1], copy[::-1], most - start)
        items = container[start : len(container) - end]
        if not _FLAT.issuperset(map(type, items)) or not all(map(_is_written_plainly, items)):
            return None
        copy[start : len(copy) - end] = items
        return {"ends": [start, end], "items": items}

    def fill(self, container: Any, content: Tree, read: Callable[[Tree], Any]) -> None:
        if type(content) is dict:
            start, end = _listed(content["ends"])
            items = [read(tree) for tree in _listed(content["items"])]
            count = list.__len__(container)
            if (
                type(start) is not int
                or type(end) is not int
                or not 0 <= start <= count - end <= count
            ):
                raise EncodingError("a change outside of its list")
            list.__setitem__(container, slice(start, count - end), items)
            return
        items = [read(tree) for tree in _listed(content)]
        start = 0
        for old, new in zip(list.__iter__(container), items, strict=False):
            if old is not new:
                break
            start += 1
        list.__setitem__(container, slice(start, None), items[start:])


class _DequeKind(_SequenceKind):
    tag = "q"
    _base = deque

    def write(self, container: Any, write: Callable[[Any], Tree]) -> Tree:
        return [container.maxlen, [write(item) for item in self.values(container)]]

    def fill(self, container: Any, content: Tree, read: Callable[[Tree], Any]) -> None:
        _, trees = _listed(content)
        items = [read(tree) for tree in _listed(trees)]
        count = deque.__len__(container)
        if len(items) >= count and all(map(is_, deque.__iter__(container), items)):
            deque.extend(container, items[count:])
        else:
            deque.clear(container)
            deque.extend(container, items)


class _DictKind(Kind):
    def __init__(self, tag: str, base: Any = dict) -> None:
        """Use the methods of *base*: those of dict would leave the order of an OrderedDict."""
        self.tag = tag
        self._base = base

    def values(self, container: Any) -> Iterable[object]:
        return list(self._base.values(container))

    def copy(self, container: Any) -> Any:
        return dict(self._base.items(container))

    def is_same(self, container: Any, copy: Any) -> bool:
        return (
            dict.__len__(container) == len(copy)
            and all(map(is_, self._base.values(container), copy.values()))
            and all(map(is_, self._base.keys(container), copy))
        )

    def write(self, container: Any, write: Callable[[Any], Tree]) -> Tree:
        return [[write(key), write(value)] for key, value in self._base.items(container)]

    def fill(self, container: Any, content: Tree, read: Callable[[Tree], Any]) -> None:
        pairs: list[tuple[Any, Any]] = []
        for pair in _listed(content):
            key, value = _listed(pair)
            pairs.append((read(key), read(value)))
        new = hashed({}, pairs)
        old = list(self._base.keys(container))
        if [key for key in old if key in new] != list(new)[: sum(key in new for key in old)]:
            self._base.clear(container)  # another order
        for key in old:
            if key not in new:
                self._base.pop(container, key, None)
        for key, value in new.items():
            if key not in container or dict.__getitem__(container, key) is not value:
                self._base.__setitem__(container, key, value)


class _DefaultDictKind(_DictKind):
    def write(self, container: Any, write: Callable[[Any], Tree]) -> Tree:
        return [write(container.default_factory), super().write(container, write)]

    def fill(self, container: Any, content: Tree, read: Callable[[Tree], Any]) -> None:
        factory, pairs = _listed(content)
        container.default_factory = read(factory)
        super().fill(container, pairs, read)


class _NamespaceKind(Kind):
    tag = "namespace"

    def values(self, container: Any) -> Iterable[object]:
        return list(vars(container).values())

    def copy(self, container: Any) -> Any:
        return dict(vars(container))

    def is_same(self, container: Any, copy: Any) -> bool:
        return DICT.is_same(vars(container), copy)

    def write(self, container: Any, write: Callable[[Any], Tree]) -> Tree:
        return DICT.write(vars(container), write)

    def fill(self, container: Any, content: Tree, read: Callable[[Tree], Any]) -> None:
        if not all(type(_listed(pair)[0]) is str for pair in _listed(content)):
            raise EncodingError("no name of a field")
        DICT.fill(vars(container), content, read)


class _SetKind(Kind):
    tag = "s"

    def values(self, container: Any) -> Iterable[object]:
        return ()  # what can be hashed is no container

    def copy(self, container: Any) -> Any:
        return list(set.__iter__(container))

    def is_same(self, container: Any, copy: Any) -> bool:
        return set.__len__(container) == len(copy) and all(map(is_, set.__iter__(container), copy))

    def write(self, container: Any, write: Callable[[Any], Tree]) -> Tree:
        items = list(set.__iter__(container))
        trees = [write(item) for item in items]
        plan = set_order.plan(container, items)
        return trees if plan is set_order.SIMPLE else {"plan": [*plan], "items": trees}

    def fill(self, container: Any, content: Tree, read: Callable[[Tree], Any]) -> None:
        is_planned = type(content) is dict
        trees = content["items"] if is_planned else content
        items = [read(tree) for tree in _listed(trees)]
        hashed(set(), items)  # it counts the work, and raises
        plan = set_order.SIMPLE
        if is_planned:
            slots, order = _listed(content["plan"])
            plan = set_order.read_plan(slots, order, len(items), is_frozen=False)
        set_order.fill(container, plan, items)


class _BytearrayKind(Kind):
    tag = "bytearray"

    def values(self, container: Any) -> Iterable[object]:
        return ()

    def copy(self, container: Any) -> Any:
        return bytes(container)

    def is_same(self, container: Any, copy: Any) -> bool:
        return bytearray.__eq__(container, copy) is True

    def write(self, container: Any, write: Callable[[Any], Tree]) -> Tree:
        return bytearray.hex(container)

    def fill(self, container: Any, content: Tree, read: Callable[[Tree], Any]) -> None:
        bytearray.__setitem__(container, slice(None), bytes.fromhex(content))


class _ArrayKind(Kind):
    tag = "array"

    def values(self, container: Any) -> Iterable[object]:
        return ()

    def copy(self, container: Any) -> Any:
        return container[:]

    def is_same(self, container: Any, copy: Any) -> bool:
        return array.tobytes(container) == array.tobytes(copy)

    def write(self, container: Any, write: Callable[[Any], Tree]) -> Tree:
        return [container.typecode, array.tobytes(container).hex()]

    def fill(self, container: Any, content: Tree, read: Callable[[Tree], Any]) -> None:
        _, digits = _listed(content)
        array.__setitem__(container, slice(None), array(container.typecode, bytes.fromhex(digits)))


LIST, DICT, SET, DEQUE = _ListKind(), _DictKind("d"), _SetKind(), _DequeKind()
KINDS: dict[type, Kind] = {
    # Before dict: an instance of a subclass is of the first kind that fits.
    Counter: _DictKind("Counter", Counter),
    OrderedDict: _DictKind("odict", OrderedDict),
    defaultdict: _DefaultDictKind("defaultdict", defaultdict),
    list: LIST,
    dict: DICT,
    set: SET,
    deque: DEQUE,
    SimpleNamespace: _NamespaceKind(),
    bytearray: _BytearrayKind(),
    array: _ArrayKind(),
}
"""The kinds of mutable containers, by exact type."""
_TYPES = {kind.tag: base for base, kind in KINDS.items()}


def _same_items(first: list[Any], second: list[Any], most: int) -> int:
    """Return how many items at the start are the same in two lists of atoms, at most *most*."""
    same = 0
    while same + _SLICE <= most and first[same : same + _SLICE] == second[same : same + _SLICE]:
        same += _SLICE
    while same < most and first[same] is second[same]:
        same += 1
    return same


def _is_written_plainly(item: Any) -> bool:
    return type(item) is not int or -_SMALL_INT <= item < _SMALL_INT


def _listed(content: Tree) -> list[Any]:
    if type(content) is not list:
        raise EncodingError("a tag with the wrong content")
    return content


class SubclassKind(Kind):
    """Instances of the candidate's subclasses of a container: an object, and what it contains."""

    tag = "sub"

    def __init__(self, base: Kind, number_of: Callable[[object], object]) -> None:
        """Mirror what the *base* contains. *number_of* returns the number of the object."""
        self._base, self._number_of = base, number_of
        self.values, self.copy, self.is_same = base.values, base.copy, base.is_same  # type: ignore[method-assign]

    def write(self, container: Any, write: Callable[[Any], Tree]) -> Tree:
        """Write the object's number, and what it contains."""
        return [self._number_of(container), self._base.write(container, write)]

    def fill(self, container: Any, content: Tree, read: Callable[[Tree], Any]) -> None:
        """Make the object contain what the tree says."""
        _, plain = content
        self._base.fill(container, plain, read)


class _Entry:
    """A container that crossed, what it held then, and whether the other side may hold it."""

    __slots__ = ("container", "copy", "is_flat", "is_held", "kind", "number", "seen")

    def __init__(self, container: object, kind: Kind, number: int) -> None:
        self.container = container
        self.kind = kind
        self.number = number
        self.is_held = True
        self.is_flat = True
        self.copy: Any = None
        self.seen = 0

    def remember(self) -> None:
        """Note what the container holds: both sides agree on it now."""
        self.copy = self.kind.copy(self.container)
        self.is_flat = _FLAT.issuperset(map(type, self.kind.values(self.container)))

    def has_changed(self) -> bool:
        container, copy = self.container, self.copy
        if self.is_flat and type(container) is list and len(copy) > _COMPARED_BY_ITEM_MAX:
            return bool(container != copy)
        return not self.kind.is_same(container, copy)


class Mirrors:
    """The table of one side. Its own numbers are positive here, those of the other side negative.

    The side that *forgets* does not trust the other. It bounds what it reads, and it drops the
    containers that nobody refers to any more but this table.
    """

    def __init__(self, others: OtherValues, *, forgets: bool) -> None:
        """Write and read values of other types by *others*."""
        self.asked, self.served = Identities(), Identities()
        self._others = others
        self._forgets = forgets
        self._read_depth_max = _READ_DEPTH_MAX if forgets else _WRITE_DEPTH_MAX + _READ_DEPTH_MAX
        self._by_id: dict[int, _Entry] = {}
        self._by_number: dict[int, _Entry] = {}
        self._sent = self._received = 0
        self._foreign = 0
        self._depth = 0
        self._is_filling = False
        self._message = 0
        self._unwritten: deque[_Entry] = deque()
        self._held: dict[int, _Entry] = {}
        self._young: list[_Entry] = []
        self._recheck: list[_Entry] = []
        self._old: deque[_Entry] = deque()
        self._touched: list[_Entry] = []

    # -- sending -----------------------------------------------------------------------

    def write_message(
        self, fields: dict[str, Tree], values: Iterable[object], seen: Sequence["_Entry"] = ()
    ) -> list[Tree]:
        """Write *values*, and add to the *fields* of their message what this takes.

        *seen* is what `take_touched` returned when the request to this answer was read. Raises
        EncodingError, after which the conversation cannot go on.
        """
        self._message += 1
        values = list(values)
        changed = self._find_changed(values, seen) if self._by_number else []
        if self._forgets and self._by_number:
            forgotten = self._forget(changed)
            if forgotten:
                fields["forget"] = forgotten
        trees = [self.write(value) for value in values]
        changes = [[entry.number, self._change(entry)] for entry in changed]
        new: list[Tree] = []
        while self._unwritten:
            entry = self._unwritten.popleft()
            new.append([entry.kind.tag, self._content(entry)])
        if new:
            fields["new"] = new
        if changes:
            fields["sync"] = changes
        return trees

    def write(self, value: Any) -> Tree:
        """Write a value, as part of `write_message`. Raises EncodingError."""
        kind = type(value)
        if kind in _ATOMS or (kind is int and -_SMALL_INT <= value < _SMALL_INT):
            return value
        mirrored = KINDS.get(kind)
        if mirrored is None:
            if kind is tuple:
                return self._write_tuple(value)
            mirrored = self._others.kind_of(value)
            if mirrored is None:
                return self._others.write_value(value)
        entry = self._by_id.get(id(value))
        if entry is None:
            self._sent += 1
            entry = self._enter(value, mirrored, self._sent)
            self._unwritten.append(entry)
        return {"m": entry.number}

    def _write_tuple(self, value: tuple[object, ...]) -> Tree:
        if self._depth >= _WRITE_DEPTH_MAX:
            raise EncodingError("nested too deeply")
        self._depth += 1
        try:
            return {"t": [self.write(item) for item in value]}
        finally:
            self._depth -= 1

    def _change(self, entry: _Entry) -> Tree:
        change = LIST.write_change(entry) if entry.kind is LIST else None
        return self._content(entry) if change is None else change

    def _content(self, entry: _Entry) -> Tree:
        container = entry.container
        entry.remember()
        if type(container) is list:
            kinds = set(map(type, entry.copy))
            if kinds <= _ATOMS or (
                kinds == {int} and -_SMALL_INT <= min(entry.copy) <= max(entry.copy) < _SMALL_INT
            ):
                return entry.copy  # long lists of numbers are common, and need no loop
        return entry.kind.write(container, self.write)

    def _enter(self, container: object, kind: Kind, number: int) -> _Entry:
        if number > 0 or not self._forgets:
            is_full = len(self._by_number) >= CONTAINERS_MAX
        else:
            # Fewer: what the candidate sends must not fill the table for the tests.
            self._foreign += 1
            is_full = self._foreign > RECEIVED_MAX
        if is_full:
            raise EncodingError("too many containers")
        entry = _Entry(container, kind, number)
        self._by_id[id(container)] = self._by_number[number] = entry
        self._held[number] = entry
        self._young.append(entry)
        self._touch(entry)
        return entry

    def _touch(self, entry: _Entry) -> None:
        if entry.seen != self._message:
            entry.seen = self._message
            self._touched.append(entry)

    # -- what each side holds ----------------------------------------------------------

    def held(self, seen: Sequence["_Entry"], result_id: int) -> list[Tree]:
        """Return which containers this side still holds: of those *seen* in a request, or new.

        Return those only of which the other side thinks otherwise. Call it before the answer is
        written, when nothing refers to the operands any more but what keeps them. The object whose
        id is *result_id* has one more reference, because it is going to be written.
        """
        entries = {id(entry): entry for entry in (*self._recheck, *self._young, *seen)}.values()
        again, self._recheck, self._young = self._recheck, [], []
        inner: Counter[int] = Counter()
        for entry in entries:
            if not entry.is_flat:
                inner.update(2 * [id(value) for value in entry.kind.values(entry.container)])
        found: list[Tree] = []
        for entry in entries:
            own = id(entry.container)
            is_held = sys.getrefcount(entry.container) > _REFERENCES + inner[own] + (
                own == result_id
            )
            if not is_held and entry.has_changed():
                is_held = True  # until the other side has seen the change
                self._recheck.append(entry)
            elif is_held and entry not in again:
                self._recheck.append(entry)  # perhaps only a frame that is about to end
            if is_held is not entry.is_held and entry.number in self._by_number:
                self._set_held(entry, is_held=is_held)
                found.append([entry.number, is_held])
        return found

    def note_held(self, held: Tree) -> None:
        """Note what the other side says that it holds. Raises EncodingError."""
        for pair in _listed(held):
            number, is_held = _listed(pair)
            entry = self._by_number.get(-number) if type(number) is int else None
            if entry is not None:
                self._set_held(entry, is_held=is_held is True)

    def _set_held(self, entry: "_Entry", *, is_held: bool) -> None:
        entry.is_held = is_held
        if is_held:
            self._held[entry.number] = entry
        else:
            self._held.pop(entry.number, None)

    def _forget(self, changed: Iterable[_Entry]) -> list[int]:
        """Drop the containers that nobody refers to but this table, and return their numbers.

        Look at those of the last messages, and at a few of the others. Keep those that have
        *changed*, which the other side must see first.
        """
        forgotten: list[int] = []
        kept = {entry.number for entry in changed}
        look = self._young
        for _ in range(min(len(self._old), 16 + len(self._old) // 16)):
            look.append(self._old.popleft())
        self._young = []
        for entry in look:
            if sys.getrefcount(entry.container) > _REFERENCES:
                self._old.append(entry)
            elif entry.number in kept:
                self._young.append(entry)
            else:
                forgotten.append(entry.number)
                self._drop(entry)
                entry.copy = entry.container = None  # so that what it held can be dropped, too
        return forgotten

    def _drop(self, entry: _Entry) -> None:
        del self._by_id[id(entry.container)], self._by_number[entry.number]
        self._held.pop(entry.number, None)
        self._foreign -= entry.number < 0 and self._forgets

    # -- changes -----------------------------------------------------------------------

    def _find_changed(self, values: list[object], seen: Sequence[_Entry]) -> list[_Entry]:
        """Find the known containers that have changed and that the other side can see."""
        changed: list[_Entry] = []
        new: set[int] = set()
        known = (
            *(entry for entry in seen if entry.number in self._by_number),
            *self._held.values(),
        )
        pending: list[Any] = [*values, *(entry.container for entry in known)]
        while pending:
            value = pending.pop()
            kind = type(value)
            if kind in _FLAT:
                continue
            if kind is tuple:
                pending.extend(value)
                continue
            entry = self._by_id.get(id(value))
            if entry is not None:
                if entry.seen == self._message:
                    continue
                self._touch(entry)
                if entry.has_changed():
                    changed.append(entry)
                elif entry.is_flat:
                    continue
                pending.extend(entry.kind.values(value))
                continue
            mirrored = KINDS.get(kind) or self._others.kind_of(value)
            if mirrored is not None and id(value) not in new:
                new.add(id(value))
                inner = mirrored.values(value)
                if not _FLAT.issuperset(map(type, inner)):
                    pending.extend(inner)
        return changed

    # -- receiving ---------------------------------------------------------------------

    def read_message(self, fields: dict[str, Tree]) -> None:
        """Read the fields of a message beside its values. Raises EncodingError."""
        self._message += 1
        self._touched = []
        for number in _listed(fields.get("forget", [])):
            entry = self._by_number.get(-number) if type(number) is int else None
            if entry is not None:
                self._drop(entry)
        fills: list[tuple[_Entry, Tree]] = []
        for description in _listed(fields.get("new", [])):
            tag, content = _listed(description)
            entry, is_full = self._read_new(tag, content)
            if not is_full:
                fills.append((entry, content))
        for change in _listed(fields.get("sync", [])):
            number, content = _listed(change)
            fills.append((self._known(number), content))
        self._is_filling = True
        # Other objects first: sets and dicts may ask for their hashes.
        for entry, content in sorted(fills, key=lambda fill: type(fill[0].container) in KINDS):
            self._touch(entry)
            entry.kind.fill(entry.container, content, self.read)
            entry.remember()
        self._is_filling = False

    @property
    def is_nested(self) -> bool:
        """Whether what is being read stands in a container, and not for a value of the message."""
        return self._is_filling or self._depth > 1

    def _read_new(self, tag: Tree, content: Tree) -> tuple[_Entry, bool]:
        self._received -= 1
        if tag == LIST.tag and _FLAT.issuperset(map(type, _listed(content))):
            entry = self._enter(content, LIST, self._received)
            entry.copy = content.copy()
            return entry, True
        base: Any = _TYPES.get(tag) if type(tag) is str else None
        if base is None:
            container, kind = self._others.new_object(tag, content)
        else:
            kind = KINDS[base]
            container = base(*_arguments(base, content))
        return self._enter(container, kind, self._received), False

    def take_touched(self) -> Sequence[_Entry]:
        """Return the known containers that the message mentions which was just read."""
        touched, self._touched = self._touched, []
        return touched

    def read(self, tree: Tree) -> Any:
        """Read a value of a message. Raises EncodingError."""
        kind = type(tree)
        if kind is not dict:
            if kind is list:
                raise EncodingError("a list without a number")
            return tree
        if len(tree) != 1:
            raise EncodingError("an object that has not exactly one tag")
        ((tag, content),) = tree.items()
        if tag == "m":
            entry = self._known(content)
            self._touch(entry)
            return entry.container
        if self._depth >= self._read_depth_max:
            raise EncodingError("nested too deeply")
        if self._depth == encoding.DEPTH_DEEP:
            self._others.has_read_deep = True
        self._depth += 1
        try:
            if tag == "t":
                return tuple([self.read(item) for item in _listed(content)])
            return self._others.read_value(tag, content)
        finally:
            self._depth -= 1

    def _known(self, number: Tree) -> _Entry:
        entry = self._by_number.get(-number) if type(number) is int else None
        if entry is None:
            raise EncodingError("a container that did not cross")
        return entry


def _arguments(base: type, content: Tree) -> tuple[object, ...]:
    """Return the arguments of the type that makes an empty container of that content."""
    if base is array:
        code = _listed(content)[0]
        if type(code) is not str or code not in _TYPE_CODES:
            raise EncodingError("a tag with the wrong content")
        return (code,)
    return ((), _maxlen(content)) if base is deque else ()


def _maxlen(content: Tree) -> int | None:
    maxlen, _ = _listed(content)
    if maxlen is not None and (type(maxlen) is not int or not 0 <= maxlen <= sys.maxsize):
        raise EncodingError("a tag with the wrong content")
    return maxlen
