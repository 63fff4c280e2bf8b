"""One session of the tests with the candidate's objects: each use of a proxy is a question.

In: operands of the tests, and what the candidate's guest answered. Out: questions; and values:
plain data as it came, exceptions that are raised, proxies for everything else.
"""

import random
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from dis import get_instructions
from typing import Any

from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.verifier.test_code.harness.callables import Sources
from nova_code_verifier.verifier.test_code.harness.expectations import ExpectedValues
from nova_code_verifier.verifier.test_code.harness.marshalling import ProxyTable, Reader, Writer
from nova_code_verifier.verifier.test_code.harness.pending import (
    TWO_SIDED,
    Keywords,
    PendingName,
    PendingValue,
)
from nova_code_verifier.verifier.test_code.harness.proxies import (
    GeneratorProxy,
    IteratorProxy,
    ProxyClass,
    is_proxy,
)
from nova_code_verifier.verifier.test_code.harness.transcript import (
    AnswerNeededError,
    Transcript,
    UnsendableError,
)
from nova_code_verifier.verifier.test_code.protocol import Question

_ORIGIN = "_origin_"
_STOPS = (StopIteration, StopAsyncIteration)
_STEPS = ("next", "anext", "__next__", "__anext__")


class ProxySession:
    """All questions and all proxies of one run: a `Session` of `harness/pending.py`."""

    def __init__(
        self,
        transcript: Transcript,
        sources: Sources,
        shared: Mapping[str, type],
        classes: frozenset[str] = frozenset(),
        *,
        may_stop: bool = True,
    ) -> None:
        """Ask through *transcript*. Send instances of *shared* classes by value.

        *classes* are the names that the tests treat as classes. *may_stop* says whether a call may
        raise StopIteration, because the tests speak of it.
        """
        self.transcript = transcript
        self.expected = ExpectedValues()
        self._sources = sources
        self._classes = classes
        self._may_stop = may_stop
        self._table = ProxyTable(self, shared, transcript.answers)
        self._random_state: Any = None

    def share_random_state(self) -> None:
        """Send the state of `random` to the candidate whenever the tests have changed it."""
        self._random_state = random.getstate()
        for name in ("seed", "setstate"):
            setattr(random, name, self._noticed(getattr(random, name)))

    def _noticed(self, change: Callable[..., None]) -> Callable[..., None]:
        def notice(*args: object, **kwargs: object) -> None:
            change(*args, **kwargs)
            self._random_state = ()  # send even an equal state: the candidate's has moved on

        return notice

    def _send_random_state(self) -> None:
        if self._random_state is not None and random.getstate() != self._random_state:
            self._random_state = random.getstate()
            self.ask("random_state", list(self._random_state[1]), self._random_state[2])

    # -- asking ------------------------------------------------------------------------

    def name(self, name: str) -> object:
        """Look up a name of the candidate's. Raises NameError if it turned out to be missing."""
        index, nodes = self._put("name", (name,), None, is_guess=False)
        if self.transcript.asked[index].answer is None:
            return PendingName(name, (Exception,), {"_value_": PendingValue(self, index)})
        value = self._result(index, nodes, [])
        if isinstance(value, ProxyClass):
            type.__setattr__(value, "_is_named_", True)
            if name in self._classes:
                type.__setattr__(value, "_is_tested_", True)
        return value

    def ask(
        self, operation: str, *operands: object, is_guess: bool = False, keywords: Keywords = None
    ) -> Any:  # noqa: ANN401  (an answer can be anything)
        """Ask the candidate; return a value or a proxy, or raise what it raised."""
        index, nodes = self._put(operation, operands, keywords, is_guess=is_guess)
        value = self._result(index, nodes, [*operands, *(keywords or {}).values()])
        if isinstance(type(value), ProxyClass):
            self._note_origin(value, operation, operands[0])
        return value

    def _note_origin(self, value: object, operation: str, owner: object) -> None:
        origin = value.__dict__.get(_ORIGIN)
        is_made = operation == "call" and type(value) is owner
        is_computed = operation in TWO_SIDED and type(value) is type(owner)
        if origin is None and (is_made or (is_computed and self.may_receive_test_data(owner))):
            value.__dict__[_ORIGIN] = "made"
        elif not _is_thrown_away(sys._getframe(3)):  # noqa: SLF001  (there is no other way to find out)
            value.__dict__[_ORIGIN] = "returned"

    def demand(self, operation: str, *operands: object) -> Any:  # noqa: ANN401  (as `ask`)
        """Ask, and raise AnswerNeededError if the answer is not known."""
        value = self.ask(operation, *operands)
        if type(value) is PendingValue:
            raise AnswerNeededError
        return value

    def compare(self, operation: str, left: object, right: object) -> object:
        """Compare two values of which one is not known; note the other one if it is the tests'."""
        if is_proxy(left) and is_proxy(right):
            return self.ask(operation, left, right, is_guess=True)
        pending, value = (left, right) if type(left) is PendingValue else (right, left)
        if not self.transcript.answers:
            is_attribute = getattr(pending, "_attribute_", None) is not None
            self.expected.note(operation, value, is_attribute=is_attribute)
        raise AnswerNeededError

    def index_of_guess(self, operation: str, *operands: object) -> int:
        """Ask a question that may turn out not to be needed, and return its index."""
        return self._put(operation, operands, None, is_guess=True)[0]

    def is_proxy(self, value: object) -> bool:
        """Return whether a value is a proxy for one of the candidate's."""
        return is_proxy(value)

    def may_receive_test_data(self, proxy: object) -> bool:
        """Return whether operators of the proxied object may receive the tests' plain data.

        In `f(2) - 3.5` or `3 in f(2)` that data may be what is expected, and an object that is no
        number could return 0 as the difference. The operators that tests may use are those of
        objects that they made themselves, of a class that they treat as a class; and no longer when
        the candidate has returned such an object in place of a value.
        """
        return proxy.__dict__.get(_ORIGIN) == "made" and "_is_tested_" in vars(type(proxy))

    def _put(
        self, operation: str, operands: tuple[object, ...], keywords: Keywords, *, is_guess: bool
    ) -> tuple[int, list[object]]:
        """Ask a question. Return its index, and the nodes that were sent with it."""
        self._send_random_state()
        writer = Writer(self._table.shared, self._sources)
        try:
            question = Question(
                item=self.transcript.item.name,
                operation=operation,
                operands=[writer.send(operand) for operand in operands],
                keywords=[[name, writer.send(value)] for name, value in (keywords or {}).items()],
                nodes=writer.table(),
                is_guess=is_guess,
            )
        except UnsendableError:
            if is_guess:
                raise AnswerNeededError from None
            raise
        return self.transcript.ask(question), writer.nodes

    def _result(self, index: int, nodes: list[object], operands: list[object]) -> object:
        answer = self.transcript.asked[index].answer
        if answer is None:
            return PendingValue(self, index)
        reader = Reader(self._table, index, answer, nodes, operands)
        try:
            value, error = reader.result()
            reader.apply_changes()
        except (EncodingError, LookupError, TypeError, AttributeError, ValueError):
            self.transcript.abort_item("unreadable")
            raise
        if error is not None:
            if (
                isinstance(error, _STOPS)
                and not self._may_stop
                and not self._is_step(index, operands)
            ):
                # As in a generator. Otherwise it would end `all(map(f, …))` before the tests
                # compare anything.
                error = RuntimeError(f"the candidate raised {type(error).__name__}")
            self.transcript.item.has_raised = True
            self.transcript.item.raised = error
            raise error
        return value

    def _is_step(self, index: int, operands: Sequence[object]) -> bool:
        """Return whether a question asked for the next item of an iterator."""
        operation = self.transcript.asked[index].question.operation
        if operation == "method":
            return type(operands[0]) in (IteratorProxy, GeneratorProxy) or operands[1] in _STEPS
        return operation in _STEPS


def _is_thrown_away(frame: types.FrameType) -> bool:
    """Return whether the statement that *frame* executes does not use the result of its call."""
    following = (step for step in get_instructions(frame.f_code) if step.offset > frame.f_lasti)
    return next((step.opname == "POP_TOP" for step in following if step.opname != "CACHE"), False)
