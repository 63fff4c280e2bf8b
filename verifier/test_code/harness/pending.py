"""Proxies for answers that are not known yet.

In: what the tests do with such an answer. Out: further questions; or `AnswerNeededError`, where
only a real value will do.
"""

import sys
import types
from collections.abc import Callable, Generator, Iterator, Mapping
from opcode import opmap
from typing import Any, Protocol

from nova_code_verifier.verifier.test_code.harness.transcript import AnswerNeededError, Transcript

_DEMANDING = "bool int float complex index str bytes format hash"
_TWO_SIDED = "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or xor"
TWO_SIDED = tuple(_TWO_SIDED.split())
"""The operations that either operand may define."""
_COMPARISONS = "eq ne lt le gt ge"
_GUESSED = "neg pos abs invert round trunc floor ceil enter next setitem delitem copy"

_LEAKING = """
    startswith endswith find rfind issubset issuperset isdisjoint difference symmetric_difference
    intersection union
"""
LEAKING_METHODS = frozenset(_LEAKING.split())
"""Methods of plain data to which a test passes what it expects."""
Keywords = Mapping[str, object] | None
"""The keyword arguments of an operation."""


class Session(Protocol):
    """The part of `ProxySession` (`harness/session.py`) that proxies use."""

    transcript: Transcript

    def ask(
        self, operation: str, *operands: object, is_guess: bool = False, keywords: Keywords = None
    ) -> Any:  # noqa: ANN401  (an answer can be anything)
        """Ask the candidate; return a value or a proxy, or raise what it raised."""

    def demand(self, operation: str, *operands: object) -> Any:  # noqa: ANN401  (as `ask`)
        """Ask, and raise AnswerNeededError if the answer is not known."""

    def compare(self, operation: str, left: object, right: object) -> object:
        """Compare two values of which one is not known; note the other one if it is the tests'."""

    def index_of_guess(self, operation: str, *operands: object) -> int:
        """Ask a question that may turn out not to be needed, and return its index."""

    def is_proxy(self, value: object) -> bool:
        """Return whether a value is a proxy for one of the candidate's."""

    def may_receive_test_data(self, proxy: object) -> bool:
        """Return whether operators of the proxied object may receive the tests' plain data."""


def is_tool_attribute(name: str) -> bool:
    """Return whether Python and the test tools look for this attribute in any object."""
    return (name.startswith("__") and name.endswith("__")) or name.startswith(
        ("_mock", "_pytest", "pytestmark")
    )


class PendingValue:
    """The answer to a question that has none yet; or an attribute of it that was not asked for."""

    __slots__ = ("_attribute_", "_index_", "_session_")

    def __init__(
        self, session: Session, index: int | None, attribute: tuple[object, str] | None = None
    ) -> None:
        """Stand for the answer to the question at *index*; without one, for an *attribute*."""
        self._session_ = session
        self._index_ = index
        self._attribute_ = attribute

    def _asked_index_(self) -> int:
        """Return the index of the question. Ask for an attribute now, if it was not asked for."""
        if self._index_ is None:
            owner, name = self._attribute_ or (None, "")
            self._index_ = self._session_.index_of_guess("getattr", owner, name)
        return self._index_

    def __getattr__(self, name: str) -> "PendingValue":
        if is_tool_attribute(name) or (name.startswith("_") and name.endswith("_")):
            raise AttributeError(name)
        return PendingValue(self._session_, None, (self, name))

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Ask for the result of a call, or of a method call."""
        if self._index_ is None and self._attribute_ is not None:
            owner, name = self._attribute_
            if name in LEAKING_METHODS:
                raise AnswerNeededError
            return self._session_.ask("method", owner, name, *args, is_guess=True, keywords=kwargs)
        return self._session_.ask("call", self, *args, keywords=kwargs)

    def __len__(self) -> int:
        self._session_.ask("len", self, is_guess=True)
        raise AnswerNeededError

    def __getitem__(self, key: object) -> object:
        return self._session_.ask("getitem", self, key, is_guess=True)

    def __contains__(self, item: object) -> bool:
        raise AnswerNeededError  # the question would contain what may be expected

    def __iter__(self) -> Iterator[object]:
        count = _unpacked_into(sys._getframe(1))  # noqa: SLF001  (there is no other way to find out)
        if count is not None:
            return iter([self[index] for index in range(count)])
        items = self._session_.ask("iter", self, is_guess=True)
        self._session_.ask("take", items, is_guess=True)
        raise AnswerNeededError

    def __reversed__(self) -> Iterator[object]:
        items = self._session_.ask("reversed", self, is_guess=True)
        self._session_.ask("take", items, is_guess=True)
        raise AnswerNeededError

    def __exit__(self, *error: object) -> None:
        self._session_.ask("exit", self, is_guess=True)

    def __await__(self) -> Generator[object, object, object]:
        yield from ()
        return self._session_.ask("await", self, is_guess=True)

    async def __aenter__(self) -> object:
        return self._session_.ask("aenter", self, is_guess=True)

    async def __aexit__(self, *error: object) -> None:
        self._session_.ask("aexit", self, is_guess=True)

    def __deepcopy__(self, _memo: object) -> object:
        return self._session_.ask("deepcopy", self, is_guess=True)

    def __repr__(self) -> str:
        return "<not known yet>"

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        # It depends on the answer of which class this is an instance.
        self._asked_index_()
        raise AnswerNeededError


def _unpacked_into(frame: types.FrameType) -> int | None:
    """Return how many names the statement of *frame* unpacks into (`a, b = f()`), if it does."""
    code, index = frame.f_code.co_code, frame.f_lasti
    return code[index + 1] if code[index] == opmap["UNPACK_SEQUENCE"] else None


def _demanding(operation: str) -> Callable[..., object]:
    def demand(self: PendingValue, *args: object) -> object:
        self._session_.ask(operation, self, *args, is_guess=True)
        raise AnswerNeededError

    return demand


def _comparing(operation: str) -> Callable[..., object]:
    def compare(self: PendingValue, other: object) -> object:
        return self._session_.compare(operation, self, other)

    return compare


def _guessing(operation: str) -> Callable[..., object]:
    def guess(self: PendingValue, *args: object) -> object:
        return self._session_.ask(operation, self, *args, is_guess=True)

    return guess


def _computing(operation: str, *, is_reflected: bool) -> Callable[..., object]:
    def compute(self: PendingValue, other: object, *more: object) -> object:
        if not self._session_.is_proxy(other):
            # It asks nothing: the question would contain what may be expected.
            return self._session_.compare(operation, self, other)
        operands = (other, self) if is_reflected else (self, other)
        return self._session_.ask(operation, *operands, *more, is_guess=True)

    return compute


for _names, _make in ((_DEMANDING, _demanding), (_COMPARISONS, _comparing), (_GUESSED, _guessing)):
    for _name in _names.split():
        setattr(PendingValue, f"__{_name}__", _make(_name))
for _name in TWO_SIDED:
    setattr(PendingValue, f"__{_name}__", _computing(_name, is_reflected=False))
    setattr(PendingValue, f"__r{_name}__", _computing(_name, is_reflected=True))


class PendingName(type):
    """A name of the candidate's whose value is not known yet.

    Its instances are exception classes: of all that a name can be, only those are accepted wherever
    Python checks the type (`except Name`, `pytest.raises(Name)`, `class X(Name)`).
    """

    _value_: PendingValue

    def __call__(cls, *args: object, **kwargs: object) -> object:
        """Ask for the result of a call."""
        return cls._value_(*args, **kwargs)

    def __getattr__(cls, name: str) -> object:
        return getattr(cls._value_, name)

    def __getitem__(cls, key: object) -> object:
        return cls._value_[key]

    def __iter__(cls) -> Iterator[object]:
        return iter(cls._value_)

    def __len__(cls) -> int:
        return len(cls._value_)

    def __eq__(cls, other: object) -> bool:
        return cls is other or cls._value_ == other

    def __hash__(cls) -> int:
        return type.__hash__(cls)

    def __instancecheck__(cls, instance: object) -> bool:
        raise AnswerNeededError
