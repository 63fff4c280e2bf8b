"""A candidate that knows nothing: it notes what tests compare its answers with, and goes on.

In: whatever tests do with a candidate, before there is one. Out: the values that they expect, and
how they call it. Every answer is an `Answer`: it agrees with everything, and each use of it is
another answer. Uses are counted, so that no loop of the tests goes on without end.

`harness/recording.py` rewrites the tests for this run, so that a statement may fail and that
operators which Python decides alone are seen, too.
"""

import builtins
import os
import sys
import types
from abc import ABCMeta
from collections.abc import Callable, Generator, Iterator
from functools import partialmethod
from opcode import opmap
from typing import Any, ClassVar, TypeGuard

from nova_code_verifier.sandbox.protocol.encoding import is_plain
from nova_code_verifier.verifier.test_code.harness import recording
from nova_code_verifier.verifier.test_code.harness.candidates import (
    Candidate,
    is_skip,
    is_tool_attribute,
)
from nova_code_verifier.verifier.test_code.harness.expectations import ExpectedValues

_USES_OF_ITEM_MAX, _USES_MAX = 10_000, 200_000
_ITEMS_MAX = 3  # so many has an answer that is iterated over
_TWO_SIDED = "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or xor"
_COMPARISONS = "eq ne lt le gt ge"
_UNARY = "neg pos abs invert round trunc floor ceil enter copy deepcopy"
_CONVERSIONS: dict[str, object] = {
    "int": 0, "index": 0, "float": 0.0, "complex": 0j, "str": "", "bytes": b"", "format": "",
    "fspath": "", "len": 0, "exit": None, "setitem": None, "delitem": None,
}  # fmt: skip
# What is noted where tests call these with an answer: the operation, and the value if it is fixed.
_ASSERTIONS: dict[str, tuple[Any, ...]] = {
    "isclose": ("eq",), "allclose": ("eq",), "assertTrue": ("truth", True),
    "assertFalse": ("truth", False), "assertIsNone": ("eq", None), "assertIs": ("eq",),
    "assertIn": ("among",), "assertIsInstance": ("type",), "assertListEqual": ("eq",),
    "assertTupleEqual": ("eq",), "assertDictEqual": ("eq",), "assertSetEqual": ("eq",),
    "assertSequenceEqual": ("eq",), "assertCountEqual": ("eq",), "assertMultiLineEqual": ("eq",),
}  # fmt: skip
_TESTS = frozenset({"all", "any", "callable", "hasattr"})
_FUNCTIONS = _ASSERTIONS.keys() | _TESTS | {
    "bool", "bytes", "dict", "float", "frozenset", "int", "isinstance", "issubclass", "len", "list",
    "max", "min", "set", "sorted", "str", "sum", "tuple", "type",
}  # fmt: skip
"""The functions that must not see an answer: they insist on a value of their own kind."""
_ENDING = (os._exit, os.abort)
_NEVER_PASSED_OVER = (GeneratorExit, ModuleNotFoundError)


class RecordingEndedError(BaseException):
    """The tests have used answers so often that they may never end."""


class Kind(ABCMeta):
    """The class of `Answer`, and of the names that tests use of a candidate.

    A name is an exception class: of all that a name can be, only those are accepted wherever Python
    checks the type (`except Name`, `pytest.raises(Name)`, `class X(Name)`).
    """

    _recorder_: "Recorder"

    def __call__(cls, *args: object, **kwargs: object) -> object:
        """Return an answer; for a name, one that is an instance of it."""
        return cls._recorder_.called(cls.__name__, len(args) + len(kwargs), cls)

    def __getattr__(cls, name: str) -> object:
        if is_tool_attribute(name):
            raise AttributeError(name)
        return cls._recorder_.attribute(name)

    def __getitem__(cls, key: object) -> object:
        return cls._recorder_.used()

    def __iter__(cls) -> Iterator[object]:
        return iter([cls._recorder_.used() for _ in range(_ITEMS_MAX)])

    def __len__(cls) -> int:
        return _ITEMS_MAX

    def __bool__(cls) -> bool:
        return True

    def __eq__(cls, other: object) -> bool:
        if not is_plain(other):  # Python itself looks for a class among others
            return cls is other
        cls._recorder_.compared(cls._recorder_.used(), "eq", other)
        return True

    def __hash__(cls) -> int:
        return type.__hash__(cls)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(type(instance), Kind) or ABCMeta.__instancecheck__(cls, instance)


class Answer(Exception, metaclass=Kind):  # noqa: N818  (no error: tests may raise it)
    """An answer of the recorder's, or what tests made of one."""

    _recorder_: ClassVar["Recorder"]
    # The function or method whose answer it is.
    _origin_: str = ""
    # How tests made it of an answer: "", or the name of a function; "key" or "part" of one of its
    # items; "computed".
    _made_by_: str = ""
    _key_: object = None
    _items_left_: int = _ITEMS_MAX

    def __getattr__(self, name: str) -> object:
        if is_tool_attribute(name):
            raise AttributeError(name)
        return self._recorder_.attribute(name)

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Return an answer; a text that it should begin or end with is one that passes."""
        if self._origin_ in ("startswith", "endswith"):
            for text in args[0] if args and isinstance(args[0], tuple) else args[:1]:
                self._recorder_.compared(self, "contains", text)
        return self._recorder_.called(self._origin_, len(args) + len(kwargs))

    def __getitem__(self, key: object) -> object:
        return self._recorder_.used("key" if self._made_by_ == "" else "part", key=key)

    def __iter__(self) -> Iterator[object]:
        count = _unpacked_into(sys._getframe(1)) or _ITEMS_MAX  # noqa: SLF001  (there is no other way to find out)
        return iter([self[index] for index in range(count)])

    __reversed__ = __iter__

    def __next__(self) -> object:
        if not self._items_left_:
            raise StopIteration
        self._items_left_ -= 1
        return self._recorder_.used("part")

    def __await__(self) -> Generator[object, object, object]:
        yield from ()
        return self._recorder_.awaited(self)

    async def __aenter__(self) -> object:
        return self._recorder_.used()

    async def __aexit__(self, *error: object) -> None:
        self._recorder_.count()

    def __aiter__(self) -> object:
        return self

    async def __anext__(self) -> object:
        try:
            return next(self)
        except StopIteration:
            raise StopAsyncIteration from None

    def __bool__(self) -> bool:
        self._recorder_.count()
        return self._recorder_.agrees

    def __contains__(self, item: object) -> bool:
        self._recorder_.count()
        return self._recorder_.agrees

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "<answer>"

    def _compare_(self, operation: str, other: object) -> bool:
        self._recorder_.compared(self, operation, other)
        return self._recorder_.agrees

    def _compute_(self, operation: str, other: object, *_: object) -> object:
        self._recorder_.compared(self, operation, other)
        return self._recorder_.used("computed")

    def _same_(self, *_: object) -> object:
        return self._recorder_.used(self._made_by_)

    def _convert_(self, value: object, *_: object) -> object:
        self._recorder_.count()
        return value


for _name in _COMPARISONS.split():
    setattr(Answer, f"__{_name}__", partialmethod(Answer._compare_, _name))
for _name in _TWO_SIDED.split():
    for _form in (_name, f"r{_name}", f"i{_name}"):
        setattr(Answer, f"__{_form}__", partialmethod(Answer._compute_, _name))
for _name in _UNARY.split():
    setattr(Answer, f"__{_name}__", Answer._same_)
for _name, _value in _CONVERSIONS.items():
    setattr(Answer, f"__{_name}__", partialmethod(Answer._convert_, _value))


class Recorder(Candidate):
    """The candidate of the run of discovery.

    `expected` are the values that tests compare answers with; `calls` are the numbers of arguments
    with which they call the candidate. The run uses `names` to execute the rewritten tests. One
    that does not *agree* takes the other branch of the tests, at each comparison outside asserts.
    """

    def __init__(self, *, agrees: bool = True) -> None:
        """Start with nothing."""
        self.agrees = agrees
        self.expected = ExpectedValues()
        self.calls: set[int] = set()
        self.names: dict[str, object] = {
            recording.STEP: _Step(self), recording.SEEN: self._seen, recording.TRUTH: self._truth,
            recording.NOT: self._not, recording.IS: self._is, recording.IN: self._in,
        }  # fmt: skip
        self._uses = self._uses_of_item = 0
        self._item = ""
        self._items_with_uses: set[str] = set()
        self._kinds: dict[str, type] = {}
        self._answer = self._new_kind("answer")

    # -- what a run of the tests sees --------------------------------------------------

    def find(self, name: str) -> object:
        """Return a class that stands for whatever the candidate's *name* is."""
        if name not in self._kinds:
            self._kinds[name] = self._new_kind(name)
        return self._kinds[name]

    def is_stand_in(self, value: object) -> bool:
        """Return whether a value is an answer, or a name of the candidate's."""
        return _is_answer(value) or isinstance(value, Kind)

    def begin_item(self, name: str) -> None:
        """Begin a test item, or go on with the code between items, which has no name."""
        self._item = name
        self._uses_of_item = 0

    @property
    def is_used(self) -> bool:
        """Whether what runs has used an answer, so that this may be why it fails."""
        return self._item in self._items_with_uses

    def _new_kind(self, name: str) -> type:
        return Kind(name, (Answer,), {"_recorder_": self, "__module__": "solution"})

    # -- what tests do with an answer --------------------------------------------------

    def count(self) -> None:
        """Count a use. Raises RecordingEndedError."""
        self._items_with_uses.add(self._item)
        self._uses += 1
        self._uses_of_item += 1
        if self._uses_of_item > _USES_OF_ITEM_MAX or self._uses > _USES_MAX:
            raise RecordingEndedError

    def used(
        self, made_by: str = "", *, kind: type | None = None, key: object = None, origin: str = ""
    ) -> Answer:
        """Return a new answer."""
        self.count()
        chosen: Any = kind or self._answer
        answer: Answer = chosen.__new__(chosen)
        answer._made_by_, answer._key_, answer._origin_ = made_by, key, origin
        return answer

    def attribute(self, name: str) -> object:
        """Return an attribute of a name or an answer."""
        self.expected.has_attributes = True
        return self.used(origin=name)

    def called(self, name: str, count: int, kind: type | None = None) -> object:
        """Return the answer to a call of *name* with *count* arguments; an instance of *kind*."""
        self.calls.add(count)
        return self.used(kind=kind, origin=name)

    def awaited(self, answer: Answer) -> object:
        """Return the result of a coroutine."""
        self.expected.awaited.add(answer._origin_)
        return self.used()

    def compared(self, answer: Answer, operation: str, value: object) -> None:
        """Note what an answer is compared with."""
        self.count()
        if self.is_stand_in(value) or answer._made_by_ in ("computed", "part"):
            return
        self.expected.note(operation, value, made_by=answer._made_by_, key=answer._key_)

    # -- what rewritten tests call -----------------------------------------------------

    def _seen(self, function: Any) -> Any:  # noqa: ANN401  (any function)
        """Return the function that tests call, or one in its place that knows answers."""
        if any(function is ending for ending in _ENDING) and self.is_used:
            return _end_item
        if str(getattr(function, "__module__", "")).startswith("asyncio."):
            return self._with_coroutines(function)
        name = getattr(function, "__name__", None)
        if type(name) is not str or name not in _FUNCTIONS:
            return function
        if getattr(builtins, name, function) is not function:
            return function  # the tests' own, of the same name

        def call(*args: object, **kwargs: object) -> object:
            operands = args[:2] if name in _ASSERTIONS else args[:1]
            if any(map(_is_answer, operands)):
                return self.applied(name, args)
            return function(*args, **kwargs)

        return call

    def _with_coroutines(self, function: Callable[..., object]) -> Callable[..., object]:
        async def run(answer: Answer) -> object:
            return self.awaited(answer)

        def call(*args: object, **kwargs: object) -> object:
            return function(*(run(arg) if _is_answer(arg) else arg for arg in args), **kwargs)

        return call

    def applied(self, name: str, args: tuple[Any, ...]) -> object:
        """Return what a function of _FUNCTIONS returns, given an answer."""
        first, *rest = args
        if name in _ASSERTIONS:
            operation, *values = _ASSERTIONS[name]
            second = (values or rest)[0]
            answer, value = (first, second) if _is_answer(first) else (second, first)
            if operation == "among" and answer is second:
                operation = "contains"
            self.compared(answer, operation, value)
            return True
        if name in ("isinstance", "issubclass"):
            for kind in rest[0] if type(rest[0]) is tuple else rest:
                self.compared(first, "type", kind)
            return True
        if name in _TESTS:
            self.count()
            return self.agrees
        return self.used("part" if first._made_by_ else name)

    def _truth(self, value: object) -> object:
        if not _is_answer(value):
            return value
        self.compared(value, "truth", True)  # noqa: FBT003  (what is expected)
        return True

    def _not(self, value: object) -> bool:
        if not _is_answer(value):
            return not value
        self.compared(value, "truth", False)  # noqa: FBT003  (what is expected)
        return self.agrees

    def _is(self, left: object, right: object, is_affirmed: bool) -> bool:  # noqa: FBT001  (written by us)
        answer, value = (left, right) if _is_answer(left) else (right, left)
        if not _is_answer(answer):
            return (left is right) is is_affirmed
        self.compared(answer, "eq" if is_affirmed else "ne", value)
        return self.agrees

    def _in(self, item: object, container: Any, is_affirmed: bool) -> bool:  # noqa: ANN401, FBT001  (any container; written by us)
        if _is_answer(container):
            self.compared(container, "contains" if is_affirmed else "ne", item)
        elif _is_answer(item):
            self.compared(item, "among" if is_affirmed else "ne", container)
        else:
            return (item in container) is is_affirmed
        return self.agrees


class _Step:
    """Wraps one statement: if it fails, because an answer is not what it should be, go on."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def __enter__(self) -> None:
        if self._recorder.is_used:
            self._recorder.count()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        if kind is None or not self._recorder.is_used:
            return False
        is_ours = kind.__module__.startswith(__package__.partition(".")[0])
        return not (is_ours or issubclass(kind, _NEVER_PASSED_OVER) or is_skip(kind))


def _end_item(*_: object) -> None:
    """End the item that would end the process."""
    raise RecordingEndedError


def _is_answer(value: object) -> TypeGuard[Answer]:
    return isinstance(type(value), Kind)


def _unpacked_into(frame: types.FrameType) -> int | None:
    """Return how many names the statement of *frame* unpacks into (`a, b = f()`), if it does."""
    code, index = frame.f_code.co_code, frame.f_lasti
    return code[index + 1] if code[index] == opmap["UNPACK_SEQUENCE"] else None
