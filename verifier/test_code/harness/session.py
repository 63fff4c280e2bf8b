"""The cast: who stands in for the candidate's objects.

In: operands of the tests', and what the candidate's guest said of its own. Out: questions,
and values: plain data as it came, exceptions raised, stand-ins for all else. Must not know:
which test it is.
"""

import builtins
import random
import sys
import types
from collections import deque
from collections.abc import Callable, Iterator
from dis import get_instructions
from typing import Any

from nova_code_verifier.sandbox.guest.object_session import SPECIAL_METHODS
from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.verifier.test_code.harness.callables import Sources
from nova_code_verifier.verifier.test_code.harness.expectations import ExpectedValues
from nova_code_verifier.verifier.test_code.harness.marshalling import Reader, Writer
from nova_code_verifier.verifier.test_code.harness.pending import (
    TWO_SIDED,
    PendingName,
    PendingValue,
)
from nova_code_verifier.verifier.test_code.harness.proxies import (
    PLAIN_BASES,
    REF,
    Coroutine,
    Generated,
    Items,
    ProxyClass,
    new_class,
    stands_in,
)
from nova_code_verifier.verifier.test_code.harness.transcript import (
    Answer,
    AnswerNeededError,
    Question,
    Transcript,
    UnsendableError,
)

_ORIGIN = "_origin_"

# Left out: what would end the run instead of the test.
_EXCEPTIONS = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type)
    and issubclass(kind, BaseException)
    and not issubclass(kind, KeyboardInterrupt | GeneratorExit)
}


class ProxySession:
    """All stand-ins of one run."""

    def __init__(
        self,
        transcript: Transcript,
        sources: Sources,
        shared: dict[str, type],
        classes: frozenset[str] = frozenset(),
    ) -> None:
        """Put what is asked into *transcript*. Instances of *shared* classes travel by value.

        *classes* are the names that the tests treat as classes.
        """
        self.classes = classes
        self.transcript = transcript
        self.wanted = ExpectedValues()
        self.sources = sources
        self.shared = shared
        self._described: dict[int, dict[str, Any]] = {}
        self._stand_ins: dict[int, Any] = {}
        self._random_state: Any = None
        for answer in transcript.answers:
            self._take_in(answer)

    def share_random_state(self) -> None:
        """Have tests and candidate draw from the same random numbers: tests may seed them."""
        self._random_state = random.getstate()
        for name in ("seed", "setstate"):
            setattr(random, name, self._noticed(getattr(random, name)))

    def _noticed(self, change: Callable[..., None]) -> Callable[..., None]:
        def notice(*args: Any, **kwargs: Any) -> None:
            change(*args, **kwargs)
            self._random_state = ()  # even if it is what it was: the candidate has drawn since

        return notice

    def _send_chance(self) -> None:
        """Tell the candidate how the tests have left the random numbers, if they touched them."""
        if self._random_state is not None and random.getstate() != self._random_state:
            self._random_state = random.getstate()
            self.ask("random_state", list(self._random_state[1]), self._random_state[2])

    def _take_in(self, answer: Answer | None) -> None:
        met = answer.body.get("met") if answer else None
        for description in met if type(met) is list else []:
            if type(description) is dict and type(description.get("number")) is int:
                self._described.setdefault(description["number"], description)

    # -- asking ------------------------------------------------------------------------

    def name(self, name: str) -> Any:
        """Look at a name of the candidate's. Raises NameError if it has been found missing."""
        place, nodes = self._put("name", (name,), {}, is_guess=False)
        if self.transcript.asked[place].answer is None:
            return PendingName.stand_in(name, PendingValue(self, place, None))
        value = self._outcome(place, (), nodes)
        if isinstance(value, ProxyClass):
            type.__setattr__(value, "_is_known_", True)
            if name in self.classes:
                type.__setattr__(value, "_is_examined_", True)
        return value

    def ask(
        self,
        operation: str,
        *operands: Any,
        guess: bool = False,
        keywords: dict[str, Any] | None = None,
    ) -> Any:
        """Ask, and return what came of it: a value, an exception raised, or a stand-in."""
        place, nodes = self._put(operation, operands, keywords or {}, is_guess=guess)
        value = self._outcome(place, operands, nodes, keywords)
        if isinstance(type(value), ProxyClass):
            self._note_origin(value, operation, operands[0])
        return value

    def _note_origin(self, value: Any, operation: str, owner: Any) -> None:
        origin = value.__dict__.get(_ORIGIN)
        is_made = operation == "call" and type(value) is owner
        is_computed = operation in TWO_SIDED and type(value) is type(owner)
        if origin is None and (is_made or (is_computed and self.may_receive_test_data(owner))):
            value.__dict__[_ORIGIN] = "made"
        elif not _is_thrown_away(sys._getframe(3)):  # noqa: SLF001  (there is no other way to tell)
            value.__dict__[_ORIGIN] = "returned"

    def demand(self, operation: str, *operands: Any) -> Any:
        """Ask for what only a real value will do for."""
        value = self.ask(operation, *operands)
        if type(value) is PendingValue:
            raise AnswerNeededError
        return value

    def compare(self, operation: str, left: Any, right: Any) -> Any:
        """Compare, where one side is not known yet."""
        if stands_in(left) and stands_in(right):
            return self.ask(operation, left, right, guess=True)
        self.note_expectations(operation, left, right)
        raise AnswerNeededError

    def note_expectations(self, operation: str, left: Any, right: Any) -> None:
        """Note what is put beside an answer, one of the two, that is not known yet."""
        unknown, value = (left, right) if type(left) is PendingValue else (right, left)
        if not self.transcript.answers:
            self.wanted.note(operation, value, is_part=unknown._attribute_ is not None)

    def place_of_guess(self, operation: str, *operands: Any) -> int:
        """Put a question that may never be asked, and return its place."""
        return self._put(operation, operands, {}, is_guess=True)[0]

    def is_candidates(self, value: Any) -> bool:
        """Tell whether a value stands in for one of the candidate's."""
        return stands_in(value)

    def may_receive_test_data(self, stand_in: Any) -> bool:
        """Tell whether to ask what comes of an object and the tests' own plain data.

        What `f(2) - 3.5` or `3 in f(2)` is asked with could be what is expected, and a number
        that is none could make the difference 0. Up for test run are the operators of objects
        that the tests made themselves, of a class that they treat as one; no longer when such an
        object was returned to them in place of something else.
        """
        return stand_in.__dict__.get(_ORIGIN) == "made" and "_is_examined_" in vars(type(stand_in))

    def _put(
        self, operation: str, operands: tuple[Any, ...], keywords: dict[str, Any], *, is_guess: bool
    ) -> tuple[int, list[Any]]:
        """Put a question. Return its place, and the nodes that went with it."""
        self._send_chance()
        try:
            return self._put_now(operation, operands, keywords, is_guess=is_guess)
        except UnsendableError:
            if is_guess:
                raise AnswerNeededError from None
            raise

    def _put_now(
        self, operation: str, operands: tuple[Any, ...], keywords: dict[str, Any], *, is_guess: bool
    ) -> tuple[int, list[Any]]:
        writer = Writer(self)
        question = Question(
            unit=self.transcript.unit.name,
            operation=operation,
            on=[writer.send(operand) for operand in operands],
            keywords=[[name, writer.send(value)] for name, value in keywords.items()],
            is_guess=is_guess,
        )
        question.nodes = writer.table()
        return self.transcript.ask(question), writer.nodes

    def _outcome(
        self,
        place: int,
        operands: tuple[Any, ...],
        nodes: list[Any],
        keywords: dict[str, Any] | None = None,
    ) -> Any:
        answer = self.transcript.asked[place].answer
        if answer is None:
            return PendingValue(self, place, None)
        handed_over = [*operands, *(keywords or {}).values()]
        reader = Reader(self, place, answer, nodes, handed_over)
        try:
            value, error = reader.result()
            reader.take_changes()
        except (EncodingError, LookupError, TypeError, AttributeError, ValueError):
            self.transcript.lose("unreadable")
            raise
        if error is not None:
            self.transcript.unit.has_raised = True
            self.transcript.unit.raised = error
            raise error
        return value

    def items(self, iterator: Any, taken: deque[Any]) -> Iterator[Any]:
        """Take all items of an iterator of the candidate's."""
        may_have_more = True
        while taken or may_have_more:
            while taken:
                yield taken.popleft()
            if may_have_more:
                answer = self.demand("take", iterator)
                if type(answer) is not tuple or len(answer) != 2 or type(answer[1]) is not list:  # noqa: PLR2004
                    self.transcript.lose("unreadable")
                may_have_more = answer[0] is True
                taken.extend(answer[1])

    # -- reading -----------------------------------------------------------------------

    def stand_in(self, number: int, ref: list[int]) -> Any:
        """Return the stand-in for the object of that number, which *ref* leads to."""
        if number not in self._stand_ins:
            self._stand_ins[number] = self._new_stand_in(number, ref)
        return self._stand_ins[number]

    def _new_stand_in(self, number: int, ref: list[int]) -> Any:
        description = self._described.get(number, {})
        match description.get("kind"):
            case "class":
                return self.class_of(number, ref)
            case "iterator":
                return Items(self, ref)
            case "generator":
                return Generated(self, ref)
            case "coroutine":
                return Coroutine(self, ref)
            case "function" | "module":
                made = self._make(new_class(self, "function", (), frozenset({"__call__"})), ref)
                made.__dict__["__name__"] = str(description.get("name", ""))
                return made
        return self._make(self.class_of(description.get("class"), None), ref)

    def _make(self, kind: Any, ref: list[int]) -> Any:
        made = kind.__new__(kind)
        made.__dict__[REF] = ref
        return made

    def class_of(self, number: Any, ref: list[int] | None) -> Any:
        """Return the stand-in for a class."""
        kind = self._stand_ins.get(number)
        if not isinstance(kind, type):
            described = self._described.get(number, {})
            description = described if described.get("kind") == "class" else {}
            # Before its bases are looked for: a class may claim to be its own.
            self._stand_ins[number] = new_class(self, "object", (), frozenset())
            kind = self._stand_ins[number] = self._kin(description) or self._new_class(description)
        if ref is not None and REF not in kind.__dict__:
            type.__setattr__(kind, REF, ref)
        return kind

    def _kin(self, description: dict[str, Any]) -> Any:
        """Return the tests' own class for an exception that both sides know."""
        name = description.get("name") if description.get("is_shared") is True else None
        kind = self.shared.get(name) if type(name) is str else None
        return kind if kind is not None and issubclass(kind, BaseException) else None

    def _new_class(self, description: dict[str, Any]) -> Any:
        claimed = description.get("bases")
        bases = [self._base(base) for base in (claimed if type(claimed) is list else [])]
        methods = description.get("methods")
        specials = description.get("specials")
        return new_class(
            self,
            str(description.get("name", "object")),
            tuple(dict.fromkeys(base for base in bases if base is not None)),
            SPECIAL_METHODS.intersection(_texts(specials)),
            frozenset(_texts(methods)),
        )

    def _base(self, base: Any) -> Any:
        if type(base) is int:
            return self.class_of(base, None)
        plain = {kind.__name__: kind for kind in PLAIN_BASES}
        return _EXCEPTIONS.get(base) or plain.get(base) if type(base) is str else None

    def plain_subclass(self, number: int, ref: list[int], plain: Any) -> Any:
        """Return plain data that has, besides, whatever its subclass adds."""
        description = self._described.get(number, {})
        kind = self.class_of(description.get("class"), None)
        base: Any = type(plain)
        if not issubclass(kind, base) or base not in PLAIN_BASES:
            return plain
        made = base.__new__(kind, plain) if base not in (list, dict, set) else base.__new__(kind)
        if base in (list, dict, set):
            base.__init__(made, plain)
        made.__dict__[REF] = ref
        return made

    def exception(self, raised: dict[str, Any], args: Any, ref: list[int]) -> BaseException:
        """Return an exception as it was raised, by name, or the stand-in for one."""
        kind = raised.get("class")
        arguments = args if type(args) is list else [str(raised.get("text", ""))]
        if type(kind) is str and kind in _EXCEPTIONS:
            try:
                error: BaseException = _EXCEPTIONS[kind](*arguments)
            except TypeError:  # UnicodeDecodeError, for one, is particular about its arguments
                error = Exception(*arguments)
            return error
        stand_in = self.class_of(kind, None) if type(kind) is int else Exception
        if not issubclass(stand_in, BaseException):
            stand_in = type("Interrupt", (BaseException,), {})
        base: Any = next(one for one in stand_in.__mro__ if one.__module__ == "builtins")
        error = base.__new__(stand_in, *arguments)
        BaseException.args.__set__(error, tuple(arguments))  # type: ignore[attr-defined]
        error.__dict__[REF] = ref
        error.__dict__["_text_"] = str(raised.get("text", ""))
        return error


def _is_thrown_away(frame: types.FrameType) -> bool:
    """Tell whether the call that *frame* is in the middle of is a statement of its own."""
    following = (one for one in get_instructions(frame.f_code) if one.offset > frame.f_lasti)
    return next((one.opname == "POP_TOP" for one in following if one.opname != "CACHE"), False)


def _texts(claimed: Any) -> list[str]:
    return [text for text in claimed if type(text) is str] if type(claimed) is list else []
