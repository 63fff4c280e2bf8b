"""Containers that both sides hold: identity, changes, what is forgotten, forged messages."""

import json
from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nova_code_verifier.sandbox.protocol import encoding
from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.sandbox.protocol.mirrors import Kind, Mirrors


class _PlainOnly:
    """Values that are no containers: plain data, and nothing else."""

    has_read_deep = False

    def write_value(self, value: Any) -> Any:
        return encoding.to_tree(value, self)

    def read_value(self, tag: str, content: Any) -> object:
        return encoding.from_tree({tag: content}, self)

    def to_tree(self, *_: object) -> object:
        raise EncodingError("no plain data")

    from_tree = to_tree

    def kind_of(self, _value: object) -> Kind | None:
        return None

    def new_object(self, _tag: str, _content: Any) -> tuple[object, Kind]:
        raise EncodingError("an unknown tag")


class Pair:
    """Two tables, joined: what one writes, the other reads."""

    def __init__(self) -> None:
        """Start with empty tables."""
        self.tests = Mirrors(_PlainOnly(), forgets=True)
        self.candidate = Mirrors(_PlainOnly(), forgets=False)

    def request(self, *values: object) -> list[Any]:
        """Send *values* to the candidate; return what arrives there."""
        return self._send(self.tests, self.candidate, values)

    def answer(self, *values: object) -> list[Any]:
        """Send *values* to the tests, and which containers the candidate still holds."""
        fields: dict[str, Any] = {}
        seen = self.candidate.take_touched()
        held = self.candidate.held(seen, 0)
        trees = self.candidate.write_message(fields, values, seen)
        return self._read(self.tests, fields | {"held": held}, trees)

    def _send(self, sender: Mirrors, receiver: Mirrors, values: tuple[object, ...]) -> list[Any]:
        fields: dict[str, Any] = {}
        return self._read(receiver, fields, sender.write_message(fields, values))

    @staticmethod
    def _read(receiver: Mirrors, fields: dict[str, Any], trees: list[Any]) -> list[Any]:
        fields, trees = json.loads(json.dumps([fields, trees]))
        receiver.read_message(fields)
        values = [receiver.read(tree) for tree in trees]
        receiver.note_held(fields.get("held", []))
        return values


CONTAINERS = [
    [1, "a", None], [], [[1], [2, [3]]], {}, {"a": [1], (1, 2): {}}, {1, 2, 3}, deque([1], 3),
    deque([[1]]), Counter("aab"), OrderedDict(b=1, a=2), defaultdict(list, a=[1]), bytearray(b"ab"),
]  # fmt: skip


@pytest.mark.parametrize("value", CONTAINERS, ids=repr)
def test_a_container_arrives_with_its_type_and_content(value: Any) -> None:
    """A container arrives with its exact type, and equal."""
    (arrived,) = Pair().request(value)
    assert arrived == value
    assert type(arrived) is type(value)


def test_a_container_that_comes_back_is_the_same() -> None:
    """A container that the candidate returns is the tests' own object."""
    pair, value = Pair(), [[1], {"a": [2]}]
    (arrived,) = pair.request(value)
    (back, inner) = pair.answer(arrived, arrived[1]["a"])
    assert back is value
    assert inner is value[1]["a"]


def test_a_container_in_two_places_is_one() -> None:
    """Two references to one container are two references there, too."""
    inner = [1]
    first, second = Pair().request([inner, inner], inner)
    assert first[0] is first[1] is second


def test_a_list_may_hold_itself() -> None:
    """A cycle arrives as a cycle."""
    value: list[Any] = [1]
    value.append(value)
    (arrived,) = Pair().request(value)
    assert arrived[1] is arrived


def test_depth_is_no_limit_for_lists() -> None:
    """Lists may be nested deeper than Python recurses."""
    value: list[Any] = []
    for _ in range(5000):
        value = [value]
    (arrived,) = Pair().request(value)
    for _ in range(5000):
        (arrived,) = arrived
    assert arrived == []


def test_a_tuple_that_is_too_deep_is_refused() -> None:
    """Tuples are written by recursion, so their depth is bounded."""
    value: tuple[Any, ...] = ()
    for _ in range(500):
        value = (value,)
    with pytest.raises(EncodingError, match="too deeply"):
        Pair().request(value)


@pytest.mark.parametrize("order", [range(5), range(4, -1, -1)])
def test_a_set_iterates_as_it_did(order: range) -> None:
    """A set iterates on the other side in the order of this one."""
    literal = set(frozenset({12, 13, 14, 15, 16}))
    grown: set[int] = set()
    for index in order:
        grown.add(12 + index)
    for value in (literal, grown):
        (arrived,) = Pair().request(value)
        assert list(arrived) == list(value)


CHANGES: list[tuple[Any, str]] = [
    ([3, 1, 2], "c.sort()"),
    ([1], "c.append([2])"),
    ([1, 2], "c.clear()"),
    ([1, 2, 3], "del c[0]"),
    ([1, 2], "c[0] = True"),
    ({"a": 1}, "c['b'] = {}"),
    ({"a": 1, "b": 2}, "c['a'] = c.pop('a')"),
    ({"a": []}, "c['a'].append(1)"),
    ({1, 2}, "c.discard(1)"),
    (deque([1, 2]), "c.rotate()"),
    (Counter("ab"), "c.update('a')"),
    (bytearray(b"ab"), "c.extend(b'c')"),
    (defaultdict(list), "c['a'].append(1)"),
]


@pytest.mark.parametrize(("value", "change"), CHANGES, ids=repr)
def test_changes_of_an_operand_come_with_the_answer(value: Any, change: str) -> None:
    """The tests see what the candidate changed in an operand."""
    pair = Pair()
    (arrived,) = pair.request(value)
    exec(change, {"c": arrived})
    pair.answer(None)
    assert value == arrived
    assert list(value) == list(arrived)


@pytest.mark.parametrize(("value", "change"), CHANGES, ids=repr)
def test_changes_of_an_answer_go_with_the_next_request(value: Any, change: str) -> None:
    """The candidate sees what the tests changed in an answer."""
    pair = Pair()
    pair.request(None)
    (arrived,) = pair.answer(value)
    exec(change, {"c": arrived})
    pair.request(None)
    assert value == arrived
    assert list(value) == list(arrived)


def test_changes_go_even_if_the_tests_drop_what_they_changed() -> None:
    """A change arrives although the tests hold the container no more."""
    pair, own = Pair(), [1]
    pair.request(None)
    pair.answer(own)[0].append(2)
    pair.request(None)
    assert own == [1, 2]


def test_changes_let_an_iteration_go_on() -> None:
    """A loop over a dict survives the changes that leave its keys."""
    pair, value = Pair(), {"a": 1, "b": 2}
    seen = []
    for key in value:
        (arrived,) = pair.request(value)
        arrived[key] = 0
        pair.answer(None)
        seen.append(key)
    assert seen == ["a", "b"]
    assert value == {"a": 0, "b": 0}


def test_the_table_forgets_what_the_tests_dropped() -> None:
    """Both tables forget containers that nobody refers to."""
    pair = Pair()
    for number in range(100):
        pair.request([[number], {"a": []}])
        pair.answer([number])
    pair.request()
    pair.request()
    assert len(pair.tests._by_number) == len(pair.candidate._by_number) <= 4


def test_the_table_looks_only_at_what_the_candidate_holds_or_gets() -> None:
    """A container that the candidate dropped costs nothing more."""
    pair, large = Pair(), [[number] for number in range(50)]
    pair.request(large)
    pair.answer(None)
    assert not pair.tests._held
    assert len(pair.tests._by_number) == 51


def test_the_table_knows_what_the_candidate_keeps() -> None:
    """A container that the candidate keeps is compared at each request."""
    pair, value = Pair(), [1]
    kept = pair.request(value)
    pair.answer(None)
    value.append(2)
    pair.request(None)
    assert kept == [[1, 2]]


def test_the_table_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """More containers than the limit are refused."""
    monkeypatch.setattr("nova_code_verifier.sandbox.protocol.mirrors.CONTAINERS_MAX", 10)
    with pytest.raises(EncodingError, match="too many"):
        Pair().request([[] for _ in range(20)])


HOSTILE = [
    ({"sync": [[1, [2]]]}, "did not cross"),
    ({"sync": [[7, [2]]]}, "did not cross"),
    ({"sync": [[True, [2]]]}, "did not cross"),
    ({"sync": [[-1, {"a": 1}]]}, "ends"),
    ({"sync": [[-1, {"ends": [5, 0], "items": []}]]}, "outside"),
    ({"sync": [[-1, {"ends": ["a", 0], "items": []}]]}, "outside"),
    ({"new": [["d", [1]]]}, "wrong content"),
    ({"new": [["nothing", 1]]}, "unknown tag"),
    ({"new": [[[], 1]]}, "unknown tag"),
    ({"new": [["q", [-1, []]]]}, "wrong content"),
    ({"new": 1}, "wrong content"),
]


@pytest.mark.parametrize(("fields", "problem"), HOSTILE, ids=repr)
def test_a_forged_message_is_refused(fields: dict[str, Any], problem: str) -> None:
    """A message that breaks the protocol changes nothing of the tests'."""
    pair, value = Pair(), [1]
    pair.request(value)
    with pytest.raises((EncodingError, KeyError, ValueError, TypeError), match=f"{problem}|unpack"):
        pair.tests.read_message(fields)
    assert value == [1]


@pytest.mark.parametrize("tree", [{"m": 9}, {"m": "1"}, {"m": None}, {}, {"a": 1, "b": 2}, [1]])
def test_a_forged_value_is_refused(tree: Any) -> None:
    """A reference to a container that did not cross is refused."""
    pair = Pair()
    pair.request([1])
    with pytest.raises(EncodingError):
        pair.tests.read(tree)


_ATOMS = st.one_of(st.integers(-3, 3), st.sampled_from(["a", "b", None, True, 1.5]))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_both_sides_see_the_same_as_in_one_process(data: st.DataObject) -> None:
    """Random changes on both sides, compared with the same changes of one set of containers."""
    pair = Pair()
    plain: list[Any] = [[], {}, [[]], {"a": []}]
    tests: list[Any] = [[], {}, [[]], {"a": []}]
    candidate: list[Any] = pair.request(*tests)
    pair.answer(None)
    for _ in range(data.draw(st.integers(1, 12))):
        by_candidate = data.draw(st.booleans())
        ours, other = (candidate, plain) if by_candidate else (tests, plain)
        where, atom = data.draw(st.integers(0, 3)), data.draw(_ATOMS)
        whose = data.draw(st.integers(0, 3))
        for containers in (ours, other):
            _change(containers[where], atom, containers[whose])
        if by_candidate:
            pair.request(None)
            # The change happened while the request was served.
            pair.answer(*candidate)
        else:
            pair.request(*tests)
            pair.answer(None)
        assert repr(tests) == repr(candidate) == repr(plain)


def _change(container: Any, atom: Any, other: Any) -> None:
    match container:
        case list() if atom is None and container:
            container.pop(0)
        case list() if atom is True:
            container.append(other)
        case list():
            container.append(atom)
        case dict() if atom is True:
            container["other"] = other
        case dict() if atom is None:
            container.pop("other", None)
        case dict():
            container[atom] = len(container)


@pytest.mark.parametrize(
    "change", ["c[500] = -1", "c.insert(0, 7)", "c.append('x')", "del c[10:20]", "c[1:1] = [[]]"]
)
def test_a_change_of_a_long_list_travels_alone(change: str) -> None:
    """Of a long list only what differs is sent, unless that holds containers."""
    pair, value = Pair(), list(range(1000))
    (arrived,) = pair.request(value)
    pair.answer(None)
    exec(change, {"c": value})
    fields: dict[str, Any] = {}
    trees = pair.tests.write_message(fields, [value])
    assert len(json.dumps(fields["sync"])) < 200 or "[[]]" in change
    pair._read(pair.candidate, fields, trees)
    assert arrived == value
    exec("c.pop()", {"c": arrived})
    pair.answer(arrived)
    assert arrived == value
