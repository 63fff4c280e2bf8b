"""Stand-ins for what nobody knows yet: answers that are still to come.

In: what tests do with them. Out: further questions, or the unit is put off where only a real
value will do. Must not know: answers.
"""

import sys
import types
from opcode import opmap
from typing import Any

from nova_code_verifier.verifier.test_code.harness.transcript import AnswerNeededError

_SUSPENDING = "bool len int float complex index str bytes format"
_TWO_SIDED = "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or xor"
TWO_SIDED = tuple(_TWO_SIDED.split())
"""The operations that either side may carry out."""
_COMPARISONS = "eq ne lt le gt ge"
_UNARY = "neg pos abs invert round trunc floor ceil enter next"

_TELLING = """
    startswith endswith find rfind issubset issuperset isdisjoint difference symmetric_difference
    intersection union
"""
LEAKING_METHODS = frozenset(_TELLING.split())
"""Methods of plain data that a test passes what it expects, to be told whether it is so."""


def is_tool_attribute(name: str) -> bool:
    """Tell whether an attribute is one that Python and the test tools look for in anything."""
    return (name.startswith("__") and name.endswith("__")) or name.startswith(
        ("_mock", "_pytest", "pytestmark")
    )


class PendingValue:
    """The result of a question without an answer; or an attribute of one, not read yet."""

    __slots__ = ("_attribute_", "_place_", "_session_")

    def __init__(self, cast: Any, place: int | None, attribute: tuple[Any, str] | None) -> None:
        """Stand in for the answer to the question at *place*, or for an *attribute*."""
        self._session_ = cast
        self._place_ = place
        self._attribute_ = attribute

    def _place_asked_(self) -> int:
        """Return which question it is the answer to. An attribute is read at the latest now."""
        if self._place_ is None:
            owner, name = self._attribute_ or (None, "")
            self._place_ = self._session_.place_of_guess("getattr", owner, name)
        return self._place_

    def __getattr__(self, name: str) -> Any:
        if is_tool_attribute(name) or (name.startswith("_") and name.endswith("_")):
            raise AttributeError(name)
        return PendingValue(self._session_, None, (self, name))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Ask what a call, or a method's, comes to."""
        if self._place_ is None and self._attribute_ is not None:
            owner, name = self._attribute_
            if name in LEAKING_METHODS:
                raise AnswerNeededError
            return self._session_.ask("method", owner, name, *args, guess=True, keywords=kwargs)
        return self._session_.ask("call", self, *args, keywords=kwargs)

    def __hash__(self) -> int:
        self._session_.ask("hash", self, guess=True)
        raise AnswerNeededError

    def __getitem__(self, key: Any) -> Any:
        return self._session_.ask("getitem", self, key, guess=True)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._session_.ask("setitem", self, key, value, guess=True)

    def __delitem__(self, key: Any) -> None:
        self._session_.ask("delitem", self, key, guess=True)

    def __contains__(self, item: Any) -> bool:
        raise AnswerNeededError  # and not asked: it could be what is expected

    def __iter__(self) -> Any:
        count = _unpacked_into(sys._getframe(1))  # noqa: SLF001  (there is no other way to tell)
        if count is not None:
            return iter([self[place] for place in range(count)])
        items = self._session_.ask("iter", self, guess=True)
        self._session_.ask("take", items, guess=True)
        raise AnswerNeededError

    def __reversed__(self) -> Any:
        items = self._session_.ask("reversed", self, guess=True)
        self._session_.ask("take", items, guess=True)
        raise AnswerNeededError

    def __exit__(self, *error: object) -> None:
        self._session_.ask("exit", self, guess=True)

    def __await__(self) -> Any:
        yield from ()
        return self._session_.ask("await", self, guess=True)

    async def __aenter__(self) -> Any:
        return self._session_.ask("aenter", self, guess=True)

    async def __aexit__(self, *error: object) -> None:
        self._session_.ask("aexit", self, guess=True)

    def __copy__(self) -> Any:
        return self._session_.ask("copy", self, guess=True)

    def __deepcopy__(self, _memo: Any) -> Any:
        return self._session_.ask("deepcopy", self, guess=True)

    def __repr__(self) -> str:
        return "<not known yet>"

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        # Whether it is an instance of anything depends on the answer.
        self._place_asked_()
        raise AnswerNeededError


def _unpacked_into(frame: types.FrameType) -> int | None:
    """Tell how many names a statement like `a, b = f()` unpacks into, if it is one."""
    code, place = frame.f_code.co_code, frame.f_lasti
    return code[place + 1] if code[place] == opmap["UNPACK_SEQUENCE"] else None


def _suspending(operation: str) -> Any:
    def demand(self: PendingValue, *args: Any) -> Any:
        self._session_.ask(operation, self, *args, guess=True)
        raise AnswerNeededError

    return demand


def _comparing(operation: str) -> Any:
    def compare(self: PendingValue, other: object) -> Any:
        return self._session_.compare(operation, self, other)

    return compare


def _guessing(operation: str) -> Any:
    def guess(self: PendingValue, *args: Any) -> Any:
        return self._session_.ask(operation, self, *args, guess=True)

    return guess


def _between(operation: str, *, is_reflected: bool) -> Any:
    def guess(self: PendingValue, other: Any, *more: Any) -> Any:
        if not self._session_.is_candidates(other):
            self._session_.note_expectations(operation, self, other)
            raise AnswerNeededError  # and not asked: it could be what is expected
        operands = (other, self) if is_reflected else (self, other)
        return self._session_.ask(operation, *operands, *more, guess=True)

    return guess


for _name in _SUSPENDING.split():
    setattr(PendingValue, f"__{_name}__", _suspending(_name))
for _name in _COMPARISONS.split():
    setattr(PendingValue, f"__{_name}__", _comparing(_name))
for _name in _UNARY.split():
    setattr(PendingValue, f"__{_name}__", _guessing(_name))
for _name in TWO_SIDED:
    setattr(PendingValue, f"__{_name}__", _between(_name, is_reflected=False))
    setattr(PendingValue, f"__r{_name}__", _between(_name, is_reflected=True))


class PendingName(type):
    """A name of the candidate's that nobody has looked at yet.

    Its instances are classes, and of exceptions: of all that a name can be, only that will do
    wherever Python looks closely (`except Name`, `pytest.raises(Name)`, `class X(Name)`).
    """

    _inner_: PendingValue

    @classmethod
    def stand_in(cls, name: str, inner: PendingValue) -> "PendingName":
        """Make the stand-in for *name*."""
        return cls(name, (Exception,), {"_inner_": inner})

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Ask what a call comes to."""
        return cls._inner_(*args, **kwargs)

    def __getattr__(cls, name: str) -> Any:
        return getattr(cls._inner_, name)

    def __getitem__(cls, key: Any) -> Any:
        return cls._inner_[key]

    def __iter__(cls) -> Any:
        return iter(cls._inner_)

    def __len__(cls) -> int:
        return len(cls._inner_)

    def __eq__(cls, other: object) -> Any:
        return cls is other or cls._inner_ == other

    def __hash__(cls) -> int:
        return type.__hash__(cls)

    def __instancecheck__(cls, instance: Any) -> bool:
        raise AnswerNeededError
