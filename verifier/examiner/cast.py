"""The cast: who stands in for the candidate's objects.

In: operands of the tests', and what the candidate's guest said of its own. Out: questions,
and values: plain data as it came, exceptions raised, stand-ins for all else. A stand-in has
the name and the base classes that were claimed, and asks for whatever is done with it. What
is claimed can only make it a worse stand-in. Must not know: which test it is.
"""

import builtins
import collections.abc
import random
import sys
import types
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dis import get_instructions
from typing import Any

from sandbox.conversation import SPECIAL_METHODS, containers_in
from sandbox.encoding import EncodingError, Walk, from_tree, to_tree
from sandbox.kin import read_kin, write_kin
from verifier.examiner.sources import Sources
from verifier.examiner.transcript import (
    Answer,
    LostError,
    Question,
    SuspendedError,
    Transcript,
    UnsendableError,
)
from verifier.examiner.unknown import TELLING_METHODS, TWO_SIDED, Unknown, UnknownName, is_for_tools

_REF, _ORIGIN = "_stand_in_", "_origin_"

# What a stand-in for a subclass of plain data leaves to the plain data that it holds.
_OF_PLAIN_DATA = """
    bool len iter next contains getitem eq ne lt le gt ge hash str repr int float index reversed
    format bytes
"""
_PLAINLY = frozenset(f"__{name}__" for name in _OF_PLAIN_DATA.split())
_PLAIN_BASES = (int, str, float, tuple, list, dict, set, frozenset, bytes, complex)
# What Python wants a real value of.
_DEMAND_VALUES = """
    bool len int float complex index str repr bytes hash format contains trunc floor ceil await
"""
_DEMANDED = frozenset(_DEMAND_VALUES.split())
_COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
# Left out: what would end the run instead of the test.
_EXCEPTIONS = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type)
    and issubclass(kind, BaseException)
    and not issubclass(kind, KeyboardInterrupt | GeneratorExit)
}


class StandIn:
    """Stands in for one object of the candidate's. Its class stands in for the object's."""

    def __getattr__(self, name: str) -> Any:
        cast, methods = type(self)._cast_, type(self)._methods_  # type: ignore[attr-defined]
        if is_for_tools(name):
            raise AttributeError(name)
        if name in TELLING_METHODS and not cast.may_meet_plain_data(self):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if name in methods:
            return Method(cast, self, name)
        return cast.ask("getattr", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("__") and name.endswith("__"):
            object.__setattr__(self, name, value)
        else:
            type(self)._cast_.ask("setattr", self, name, value)  # type: ignore[attr-defined]

    def __delattr__(self, name: str) -> None:
        type(self)._cast_.ask("delattr", self, name)  # type: ignore[attr-defined]

    def __dir__(self) -> Any:
        return type(self)._cast_.demand("dir", self)  # type: ignore[attr-defined]


class StandInClass(type):
    """Stands in for a class of the candidate's."""

    _cast_: "Cast"
    _methods_: frozenset[str]

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Ask what a call comes to."""
        return cls._cast_.ask("call", cls, *args, keywords=kwargs)

    def __getattr__(cls, name: str) -> Any:
        if is_for_tools(name):
            raise AttributeError(name)
        return cls._cast_.ask("getattr", cls, name)

    def __setattr__(cls, name: str, value: Any) -> None:
        cls._cast_.ask("setattr", cls, name, value)

    def __getitem__(cls, key: Any) -> Any:
        return cls._cast_.ask("getitem", cls, key)

    def __iter__(cls) -> Iterator[Any]:
        return iter(cls._cast_.ask("iter", cls))

    def __bool__(cls) -> bool:
        return True

    def __len__(cls) -> int:
        length: int = cls._cast_.demand("len", cls)
        return length

    def __contains__(cls, item: Any) -> bool:
        return bool(cls._cast_.demand("contains", cls, item))


class Method:
    """A method of a stand-in's: asked about only when it is called, or passed on."""

    def __init__(self, cast: "Cast", owner: Any, name: str) -> None:
        """Stand in for the method *name* of *owner*."""
        self._cast_, self._owner_, self.__name__ = cast, owner, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Ask what a call comes to."""
        cast = self._cast_
        # By `vars`: a class that stands in for another has every attribute, if asked.
        kinds = type(self._owner_).__mro__
        if args and not any("_is_known_" in vars(kind) for kind in kinds):
            # Of no class that the tests know: it may agree with whatever it is handed.
            cast.transcript.unit.self_judged = True
        return cast.ask("method", self._owner_, self.__name__, *args, keywords=kwargs)

    def __getattr__(self, name: str) -> Any:
        if is_for_tools(name):
            raise AttributeError(name)
        return self._cast_.ask("getattr", self._itself_(), name)

    def _itself_(self) -> Any:
        return self._cast_.ask("getattr", self._owner_, self.__name__)


class Coroutine(collections.abc.Coroutine[Any, Any, Any]):
    """Stands in for a coroutine: what awaits it gets what it returns, at once."""

    def __init__(self, cast: "Cast", ref: list[int]) -> None:
        """Stand in for the coroutine at *ref*."""
        self._cast_ = cast
        setattr(self, _REF, ref)

    def send(self, _value: Any) -> Any:
        """Run to the end."""
        raise StopIteration(self._cast_.demand("await", self))

    def throw(self, *error: Any) -> Any:
        """Be ended by somebody else's error."""
        raise error[0]

    def close(self) -> None:
        """Never run."""

    def __await__(self) -> Generator[Any, Any, Any]:
        yield from ()
        return self._cast_.demand("await", self)


class Items:
    """Stands in for an iterator."""

    def __init__(self, cast: "Cast", ref: list[int]) -> None:
        """Stand in for the iterator at *ref*."""
        self._cast_ = cast
        self._taken_: deque[Any] = deque()
        setattr(self, _REF, ref)

    def __iter__(self) -> Iterator[Any]:
        return self._cast_.items(self, self._taken_)

    def __next__(self) -> Any:
        return self._taken_.popleft() if self._taken_ else self._cast_.ask("next", self)

    def __getattr__(self, name: str) -> Any:
        if is_for_tools(name):
            raise AttributeError(name)
        return Method(self._cast_, self, name)


class Generated(Items):
    """Stands in for a generator, and passes for one."""

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """Say what it stands in for."""
        return types.GeneratorType


class Cast:
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
        self.sources = sources
        self.shared = shared
        self._described: dict[int, dict[str, Any]] = {}
        self._stand_ins: dict[int, Any] = {}
        self._chance: Any = None
        for answer in transcript.answers:
            self._take_in(answer)

    def share_chance(self) -> None:
        """Have tests and candidate draw from the same random numbers: tests may seed them."""
        self._chance = random.getstate()
        for name in ("seed", "setstate"):
            setattr(random, name, self._noticed(getattr(random, name)))

    def _noticed(self, change: Callable[..., None]) -> Callable[..., None]:
        def notice(*args: Any, **kwargs: Any) -> None:
            change(*args, **kwargs)
            self._chance = ()  # even if it is what it was: the candidate has drawn since

        return notice

    def _send_chance(self) -> None:
        """Tell the candidate how the tests have left the random numbers, if they touched them."""
        if self._chance is not None and random.getstate() != self._chance:
            self._chance = random.getstate()
            self.ask("chance", list(self._chance[1]), self._chance[2])

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
            return UnknownName.stand_in(name, Unknown(self, place, None))
        value = self._outcome(place, (), nodes)
        if isinstance(value, StandInClass):
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
        if isinstance(type(value), StandInClass):
            self._note_origin(value, operation, operands[0])
        return value

    def _note_origin(self, value: Any, operation: str, owner: Any) -> None:
        origin = value.__dict__.get(_ORIGIN)
        is_made = operation == "call" and type(value) is owner
        is_computed = operation in TWO_SIDED and type(value) is type(owner)
        if origin is None and (is_made or (is_computed and self.may_meet_plain_data(owner))):
            value.__dict__[_ORIGIN] = "made"
        elif not _is_thrown_away(sys._getframe(3)):  # noqa: SLF001  (there is no other way to tell)
            value.__dict__[_ORIGIN] = "returned"

    def demand(self, operation: str, *operands: Any) -> Any:
        """Ask for what only a real value will do for."""
        value = self.ask(operation, *operands)
        if type(value) is Unknown:
            raise SuspendedError
        return value

    def compare(self, operation: str, left: Any, right: Any) -> Any:
        """Compare, where one side is not known yet."""
        if self.is_candidates(left) and self.is_candidates(right):
            return self.ask(operation, left, right, guess=True)
        raise SuspendedError

    def place_of_guess(self, operation: str, *operands: Any) -> int:
        """Put a question that may never be asked, and return its place."""
        return self._put(operation, operands, {}, is_guess=True)[0]

    def is_candidates(self, value: Any) -> bool:
        """Tell whether a value stands in for one of the candidate's."""
        kind = type(value)
        return kind in _OUR_TYPES or isinstance(kind, StandInClass)

    def may_meet_plain_data(self, stand_in: Any) -> bool:
        """Tell whether to ask what comes of an object and the tests' own plain data.

        What `f(2) - 3.5` or `3 in f(2)` is asked with could be what is expected, and a number
        that is none could make the difference 0. Up for examination are the operators of objects
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
                raise SuspendedError from None
            raise

    def _put_now(
        self, operation: str, operands: tuple[Any, ...], keywords: dict[str, Any], *, is_guess: bool
    ) -> tuple[int, list[Any]]:
        writer = _Writer(self)
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
            return Unknown(self, place, None)
        handed_over = [*operands, *(keywords or {}).values()]
        reader = _Reader(self, place, answer, nodes, handed_over)
        try:
            value, error = reader.result()
            reader.take_changes()
        except (EncodingError, LookupError, TypeError, AttributeError, ValueError):
            self.transcript.lose("unreadable")
            raise
        if error is not None:
            self.transcript.unit.has_raised = True
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
                made = self._make(_new_class(self, "function", (), frozenset({"__call__"})), ref)
                made.__dict__["__name__"] = str(description.get("name", ""))
                return made
        return self._make(self.class_of(description.get("class"), None), ref)

    def _make(self, kind: Any, ref: list[int]) -> Any:
        made = kind.__new__(kind)
        made.__dict__[_REF] = ref
        return made

    def class_of(self, number: Any, ref: list[int] | None) -> Any:
        """Return the stand-in for a class."""
        kind = self._stand_ins.get(number)
        if not isinstance(kind, type):
            described = self._described.get(number, {})
            description = described if described.get("kind") == "class" else {}
            # Before its bases are looked for: a class may claim to be its own.
            self._stand_ins[number] = _new_class(self, "object", (), frozenset())
            kind = self._stand_ins[number] = self._kin(description) or self._new_class(description)
        if ref is not None and _REF not in kind.__dict__:
            type.__setattr__(kind, _REF, ref)
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
        return _new_class(
            self,
            str(description.get("name", "object")),
            tuple(dict.fromkeys(base for base in bases if base is not None)),
            SPECIAL_METHODS.intersection(_texts(specials)),
            frozenset(_texts(methods)),
        )

    def _base(self, base: Any) -> Any:
        if type(base) is int:
            return self.class_of(base, None)
        plain = {kind.__name__: kind for kind in _PLAIN_BASES}
        return _EXCEPTIONS.get(base) or plain.get(base) if type(base) is str else None

    def plain_subclass(self, number: int, ref: list[int], plain: Any) -> Any:
        """Return plain data that has, besides, whatever its subclass adds."""
        description = self._described.get(number, {})
        kind = self.class_of(description.get("class"), None)
        base: Any = type(plain)
        if not issubclass(kind, base) or base not in _PLAIN_BASES:
            return plain
        made = base.__new__(kind, plain) if base not in (list, dict, set) else base.__new__(kind)
        if base in (list, dict, set):
            base.__init__(made, plain)
        made.__dict__[_REF] = ref
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
        error.__dict__[_REF] = ref
        error.__dict__["_text_"] = str(raised.get("text", ""))
        return error


_OUR_TYPES = (Unknown, UnknownName, Method, Items, Generated, Coroutine, StandInClass)


class _Writer:
    """Writes the operands of one question: `sandbox.encoding.Opaque`."""

    def __init__(self, cast: Cast) -> None:
        self._cast = cast
        self.nodes: list[Any] = []
        self._places: dict[int, int] = {}

    def send(self, operand: Any) -> Any:
        try:
            return to_tree(operand, self)
        except EncodingError as error:
            raise UnsendableError(str(error)) from None

    def to_tree(self, value: Any, walk: Walk, plain: Callable[[], object] | None) -> object:
        kind = type(value)
        if kind is Method:
            return walk(value._itself_())
        ref = _ref_of(value)
        if ref is not None:
            return {"at": ref}
        if self._cast.shared.get(kind.__name__) is kind:
            tree = write_kin(value, walk)
            if tree is not None:
                return tree
            if plain is None:
                return {"n": self._place_of(value)}
        if plain is not None:
            return plain()
        sent = self._cast.sources.send(value, walk)
        if sent is None:
            raise UnsendableError(f"a {kind.__module__}.{kind.__qualname__}")
        return sent

    def from_tree(self, tag: str, content: object, walk: Walk) -> object:
        raise NotImplementedError

    def _place_of(self, node: Any) -> int:
        if id(node) not in self._places:
            self._places[id(node)] = len(self.nodes)
            self.nodes.append(node)
        return self._places[id(node)]

    def table(self) -> list[Any]:
        """Write all nodes, which may be more and more."""
        table: list[Any] = []
        while len(table) < len(self.nodes):
            node = self.nodes[len(table)]
            fields = [[name, self.send(field)] for name, field in vars(node).items()]
            table.append([type(node).__name__, fields])
        return table


def _is_thrown_away(frame: types.FrameType) -> bool:
    """Tell whether the call that *frame* is in the middle of is a statement of its own."""
    following = (one for one in get_instructions(frame.f_code) if one.offset > frame.f_lasti)
    return next((one.opname == "POP_TOP" for one in following if one.opname != "CACHE"), False)


def _ref_of(value: Any) -> list[int] | None:
    """Say what leads to the candidate's object that a value stands in for, if it does."""
    if type(value) is Unknown:
        return [value._place_asked_()]
    if type(value) is UnknownName:
        return [value._inner_._place_asked_()]
    ref: list[int] | None = getattr(value, "__dict__", {}).get(_REF)
    return ref


class _Reader:
    """Reads one answer: `sandbox.encoding.Opaque`."""

    def __init__(
        self,
        cast: Cast,
        place: int,
        answer: Answer,
        sent_nodes: list[Any],
        handed_over: list[Any],
    ) -> None:
        self._cast = cast
        self._containers = list(containers_in(handed_over)) if "after" in answer.body else []
        self._place = place
        self._body = answer.body
        self._next = 0
        self._nodes: list[Any] = list(sent_nodes)
        self._table = answer.body.get("nodes", [])

    def result(self) -> tuple[Any, BaseException | None]:
        """Return the value, or the exception that was raised."""
        for name, _ in self._table[len(self._nodes) :]:
            self._nodes.append(object.__new__(self._cast.shared[name]))
        raised = self._body.get("raised")
        if raised is None:
            return from_tree(self._body["is"], self), None
        ref = self._ref()
        args = raised.get("args")
        args = None if args is None else from_tree(args, self)
        error = self._cast.exception(raised, args, ref)
        for name, tree in raised.get("fields", []):
            error.__dict__[_field(name)] = from_tree(tree, self)
        return None, error

    def take_changes(self) -> None:
        """Change what the candidate changed in place."""
        for tree in self._body.get("after", []):
            from_tree(tree, self)
        for node, (_, fields) in zip(self._nodes, self._table, strict=False):
            vars(node).clear()
            for name, tree in fields:
                object.__setattr__(node, _field(name), from_tree(tree, self))

    def _ref(self) -> list[int]:
        self._next += 1
        return [self._place, self._next - 1]

    def to_tree(self, value: object, walk: Walk, plain: Callable[[], object] | None) -> object:
        raise NotImplementedError

    def from_tree(self, tag: str, content: Any, walk: Walk) -> object:
        match tag:
            case "h":
                ref = self._ref()
                return self._cast.stand_in(content, ref)
            case "sub":
                number, tree = content
                ref = self._ref()
                return self._cast.plain_subclass(number, ref, walk(tree))
            case "n":
                return self._nodes[content]
            case "member" | "row":
                return read_kin(tag, content, self._cast.shared, walk)
            case "was":
                number, tree = content
                return _refilled(self._containers[number], walk(tree))
        raise EncodingError("an unknown tag")


def _field(claimed: Any) -> str:
    """Take a field's name, if it is one that a class could have."""
    if type(claimed) is not str or claimed in (_REF, "_text_"):
        raise EncodingError("no name of a field")
    return claimed


def _texts(claimed: Any) -> list[str]:
    return [text for text in claimed if type(text) is str] if type(claimed) is list else []


def _new_class(
    cast: Cast,
    name: str,
    bases: tuple[Any, ...],
    specials: frozenset[str],
    methods: frozenset[str] = frozenset(),
) -> Any:
    """Make the class of some stand-ins, as like the one that is claimed as can be."""
    plainly = any(issubclass(base, _PLAIN_BASES) for base in bases)
    names: dict[str, Any] = {"_cast_": cast, "_methods_": methods}
    for special in specials - _PLAINLY if plainly else specials:
        names[special] = _SPECIALS[special]
    if not plainly and "__eq__" in specials and "__hash__" not in specials:
        names["__hash__"] = None
    if any(issubclass(base, BaseException) for base in bases):
        names["__str__"] = _text_of_exception
    for some in (bases, tuple(base for base in bases if base.__module__ != "builtins"), ()):
        try:
            return StandInClass(name, (*some, StandIn), names)
        except TypeError:
            continue  # claims that contradict each other
    raise LostError


def _text_of_exception(self: Any) -> str:
    return str(self.__dict__.get("_text_", ""))


def _awaited(operation: str) -> Any:
    async def ask(self: Any, *_: Any) -> Any:
        return type(self)._cast_.demand(operation, self)

    return ask


def _leave(self: Any, kind: Any, error: Any, _trace: Any) -> Any:
    raised = () if kind is None else (kind, str(error), None)
    return type(self)._cast_.demand("exit", self, *raised)


def _iterate(cast: Cast, value: Any, operation: str) -> Iterator[Any]:
    items = cast.demand(operation, value)
    if not isinstance(type(items), StandInClass):
        return iter(items)
    return cast.items(items, items.__dict__.setdefault("_taken_", deque()))


def _next(self: Any) -> Any:
    taken = self.__dict__.get("_taken_")
    return taken.popleft() if taken else type(self)._cast_.ask("next", self)


def _comparison(operation: str) -> Any:
    def compare(self: Any, other: Any) -> Any:
        cast = type(self)._cast_
        if type(other) is Unknown:
            return cast.compare(operation, self, other)
        if not cast.is_candidates(other) and (
            operation in ("eq", "ne") or not cast.may_meet_plain_data(self)
        ):
            return NotImplemented  # plain data never equals a stand-in
        cast.transcript.unit.self_judged = True
        return cast.demand(operation, self, other)

    return compare


def _between(operation: str, *, is_reflected: bool) -> Any:
    def compute(self: Any, other: Any, *more: Any) -> Any:
        cast = type(self)._cast_
        if not cast.is_candidates(other) and not cast.may_meet_plain_data(self):
            return NotImplemented
        operands = (other, self) if is_reflected else (self, other)
        return cast.ask(operation, *operands, *more)

    return compute


def _contains(self: Any, item: Any) -> bool:
    cast = type(self)._cast_
    if not cast.is_candidates(item) and not cast.may_meet_plain_data(self):
        raise TypeError(f"argument of type {type(self).__name__!r} is not iterable")
    return bool(cast.demand("contains", self, item))


_OWN = {"next": _next, "exit": _leave, "contains": _contains} | {
    name: _awaited(name) for name in ("aenter", "aexit", "anext")
}


def _special(name: str) -> Any:
    operation = name.strip("_")
    if operation in _COMPARISONS:
        return _comparison(operation)
    if operation in ("iter", "reversed"):
        return lambda self: _iterate(type(self)._cast_, self, operation)
    if operation in _OWN:
        return _OWN[operation]
    if operation in _DEMANDED:
        return lambda self, *args: type(self)._cast_.demand(operation, self, *args)
    if operation in TWO_SIDED or (operation[1:] in TWO_SIDED and operation[0] in "ri"):
        is_reflected = operation[0] == "r" and operation not in TWO_SIDED
        asked = operation[1:] if is_reflected else operation
        return _between(asked, is_reflected=is_reflected)
    return lambda self, /, *args, **kwargs: type(self)._cast_.ask(
        operation, self, *args, keywords=kwargs
    )


_SPECIALS = {name: _special(name) for name in SPECIAL_METHODS}


def _refilled(container: Any, content: Any) -> Any:
    """Put into a container of the tests' what the candidate left in its copy."""
    if type(container) is not type(content):
        raise EncodingError("a change of type")
    if isinstance(container, list):
        container[:] = content
    elif container is not content:
        container.clear()
        container.extend(content) if isinstance(container, deque) else container.update(content)
    return container
