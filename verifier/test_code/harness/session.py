"""The tests' side of a session: each use of a proxy is a request to the candidate's guest.

In: operands of the tests, and what the candidate's guest answers, which is not believed. Out:
values: plain data as it came, exceptions that are raised, proxies for everything else.
"""

import sys
import types
from collections.abc import Callable, Mapping, Sequence
from dis import get_instructions
from typing import Any

from nova_code_verifier.sandbox.protocol import encoding, shared_types
from nova_code_verifier.sandbox.protocol.conversation import Answer, Request, Side
from nova_code_verifier.sandbox.protocol.encoding import EncodingError, Walk
from nova_code_verifier.sandbox.protocol.library_exceptions import read_details
from nova_code_verifier.sandbox.protocol.mirrored_errors import ERROR
from nova_code_verifier.sandbox.protocol.mirrors import KINDS, Kind, Mirrors, Tree
from nova_code_verifier.sandbox.protocol.peer import (
    ANSWER_TOO_LONG,
    Body,
    Peer,
    PeerLostError,
)
from nova_code_verifier.sandbox.protocol.progress import ProgressPage
from nova_code_verifier.sandbox.protocol.scientific import ScientificValues
from nova_code_verifier.verifier.test_code.harness.candidates import (
    Candidate,
    CandidateLostError,
    UncarriedError,
    is_by_tool,
    verdicts,
)
from nova_code_verifier.verifier.test_code.harness.expectations import may_expect_stop
from nova_code_verifier.verifier.test_code.harness.exported_kinds import is_value_with_a_class
from nova_code_verifier.verifier.test_code.harness.exports import Exports
from nova_code_verifier.verifier.test_code.harness.function_proxies import (
    SOURCE_NAME,
    show_source,
)
from nova_code_verifier.verifier.test_code.harness.guard import install as install_guard
from nova_code_verifier.verifier.test_code.harness.library_names import (
    is_library,
    made_in_library,
    name_in_library,
)
from nova_code_verifier.verifier.test_code.harness.marshalling import ProxyTable
from nova_code_verifier.verifier.test_code.harness.patches import Patches
from nova_code_verifier.verifier.test_code.harness.proxies import (
    GeneratorProxy,
    IteratorProxy,
    Keywords,
    MethodProxy,
    own_names,
)
from nova_code_verifier.verifier.test_code.harness.proxy_classes import (
    TWO_SIDED,
    ProxyClass,
    is_proxy,
    ref_of,
)
from nova_code_verifier.verifier.test_code.harness.shown import LastAnswer
from nova_code_verifier.verifier.test_code.harness.surroundings import Surroundings
from nova_code_verifier.verifier.test_code.protocol import CompiledTests, TestCodeFields

_ORIGIN = "_origin_"
_STOPS = (StopIteration, StopAsyncIteration)
_IN_PLACE = frozenset(f"i{name}" for name in TWO_SIDED)
_COMPUTING = frozenset((*TWO_SIDED, *_IN_PLACE, "neg", "pos", "invert"))
_STEPS = ("next", "anext", "__next__", "__anext__")
_ANSWER_BYTES_MAX = 2**24
_MESSAGE_BYTES_SPARE = 2**20  # for what comes with an answer: descriptions, outputs, records


def live_candidate(
    test_code: TestCodeFields,
    compiled: CompiledTests,
    peer_fd: int,
    page: ProgressPage,
    answer_bytes_max: int,
) -> "LiveCandidate":
    """Return the candidate at the other end of *peer_fd*."""
    classes = frozenset(compiled.classes)
    candidate = LiveCandidate(peer_fd, page, test_code["source"], classes, answer_bytes_max)
    if compiled.imports:
        candidate.ask("provide", compiled.imports)
    if "mock" in test_code["source"]:
        import unittest.mock  # noqa: F401, PLC0415  (before the tests use it: it is watched, too)
    if compiled.may_patch:
        candidate.patches.install()
    if "Logs" in test_code["source"]:
        _find_loggers_by_name()
    return candidate


def _find_loggers_by_name() -> None:
    """Let `assertLogs(solution.logger)` watch the logger of that name, where records arrive."""
    import unittest._log  # noqa: PLC0415  (few tests need it)

    context: Any = unittest._log._AssertLogsContext  # noqa: SLF001  (what both methods return)
    enter = context.__enter__

    def enter_by_name(self: Any) -> object:  # noqa: ANN401  (the context)
        if is_proxy(self.logger_name):
            self.logger_name = str(self.logger_name.name)
        return enter(self)

    context.__enter__ = enter_by_name


def guard(modules: Sequence[str]) -> None:
    """Prevent from now on that this process runs what a candidate wrote."""
    install_guard(frozenset((*modules, "__main__")))


class LiveCandidate(Side, Candidate):
    """A candidate in another guest."""

    takes = frozenset(KINDS)

    def __init__(
        self,
        peer_fd: int,
        page: ProgressPage,
        source: str,
        classes: frozenset[str] = frozenset(),
        answer_bytes_max: int = _ANSWER_BYTES_MAX,
    ) -> None:
        """Judge by tests with this *source*, which treat the names *classes* as classes."""
        self._last_answer = LastAnswer()
        self._answer_bytes_max = answer_bytes_max
        self._page = page
        self._shared: dict[str, type] = {}
        self._classes = classes
        # Only where the tests speak of it may a call raise StopIteration.
        self._reads_source = "getsource" in source or "__file__" in source
        self._may_stop = may_expect_stop(source)
        self._around = Surroundings(source)
        self._around.read_object = self._read_warning
        self._around.write_object = _write_class
        self.fatal: CandidateLostError | UncarriedError | None = None
        self._node_kind = shared_types.NodeKind()
        self._scientific = ScientificValues(self._note_nan)
        self._table = ProxyTable(self, self._shared)
        self._exports = Exports()
        self.patches = Patches(self.ask)
        self._described: set[int] = set()
        self._is_serving = False
        self.mirrors = Mirrors(self, forgets=True)
        self.peer = Peer(
            peer_fd,
            self,
            bytes_max=answer_bytes_max + _MESSAGE_BYTES_SPARE,
            first_thread=0,
            begin_wait=page.begin_wait,
            end_wait=page.end_wait,
        )

    def share(self, classes: Mapping[str, type]) -> None:
        """Mirror instances of these classes, which tests and candidate have in common."""
        if classes:
            self._shared |= classes
            self.ask("share", list(classes))

    # -- what a run of the tests sees --------------------------------------------------

    def find(self, name: str) -> object:
        """Return what the program calls *name*. Raises NameError."""
        if name == "__file__":
            return self._file()
        value = self.ask("name", name)
        library = self._table.library_module(value)
        if library is not None:
            return library  # `patch("solution.os.path.exists")` patches the library's
        if isinstance(value, ProxyClass):
            type.__setattr__(value, "_is_named_", True)
            if name in self._classes:
                type.__setattr__(value, "_is_tested_", True)
        return value

    def _file(self) -> str:
        """Return the name of the candidate's file, for tests that look at its source."""
        if not self._reads_source:
            raise NameError("__file__")
        show_source(self)
        return SOURCE_NAME

    def is_stand_in(self, value: object) -> bool:
        """Return whether a value stands for an object of the candidate's."""
        return is_proxy(value)

    def watch(self, module: types.ModuleType, *, is_own: bool) -> None:
        """Carry over what the tests assign to a module; to their own, only proxies."""
        self.patches.watch_candidate(module, only=is_proxy if is_own else None)

    def begin_item(self, _name: str) -> None:
        """Begin a test item."""
        self.patches.watch_library()
        self.raised = self.verdict = None
        self.has_nan = self.is_self_compared = self.has_told = False
        self._last_answer.forget()

    @property
    def shown(self) -> str:
        """The last answer in this item, for people to see."""
        return self._last_answer.written()

    # -- asking ------------------------------------------------------------------------

    def ask(self, operation: str, *operands: object, keywords: Keywords = None) -> Any:  # noqa: ANN401  (an answer can be anything)
        """Ask the candidate; return a value or a proxy, or raise what it raised.

        Raises CandidateLostError.
        """
        answer = self._answer(operation, operands, keywords or {})
        if answer.error is not None:
            self._raise(answer.error, operation, operands)
        value = answer.value
        if isinstance(type(value), ProxyClass):
            self._note_origin(value, operation, operands)
        return value

    def _answer(
        self, operation: str, operands: Sequence[object], keywords: Mapping[str, object]
    ) -> Answer:
        if self.fatal is not None:
            raise self.fatal
        try:
            answer = super().ask(operation, operands, keywords)
            if answer.around is not None:
                self._around.replay(answer.around)
        except UncarriedError as error:
            self.fatal = error
            raise
        except EncodingError as error:  # of the tests' own operands: answers raise PeerLostError
            self._refuse(error)
        except (PeerLostError, CandidateLostError) as error:
            self.lose(str(error))
        except BaseException:
            if self.peer.is_broken and self.fatal is None:  # the next item must not pay for it
                self.fatal = CandidateLostError("protocol: the tests interrupted a message")
            raise
        self.has_nan |= answer.has_nan
        self._show(operation, answer)
        return answer

    def _show(self, operation: str, answer: Answer) -> None:
        value = answer.value
        if answer.error is None:
            items = [value] if operation == "next" else value
            if operation in ("next", "take") and isinstance(items, list):
                self._last_answer.note_items(items)
            else:
                self._last_answer.note(value)
        elif operation == "next" and isinstance(answer.error, StopIteration):
            self._last_answer.note_items(())
        else:
            self._last_answer.forget()

    def _refuse(self, error: EncodingError) -> None:
        """End the run: an operand cannot be written. Raises UncarriedError, CandidateLostError."""
        # The candidate may have made it so deep, or have called the tests back so often.
        if self.has_read_deep or isinstance(error.__cause__, RecursionError):
            self.lose(f"protocol: {error}")
        self.fatal = UncarriedError(f"pass a value that cannot travel ({error})")
        raise self.fatal from None

    def lose(self, reason: str) -> None:
        """End the conversation. Raises CandidateLostError."""
        self.fatal = self.fatal or CandidateLostError(reason)
        raise self.fatal

    def _raise(self, error: BaseException, operation: str, operands: Sequence[object]) -> None:
        is_step = operation in _STEPS or (
            operation == "method"
            and (type(operands[0]) in (IteratorProxy, GeneratorProxy) or operands[1] in _STEPS)
        )
        if isinstance(error, _STOPS) and not self._may_stop and not is_step:
            # As in a generator. Otherwise it would end `all(map(f, …))` before the tests
            # compare anything.
            error = RuntimeError(f"the candidate raised {type(error).__name__}")
        self.raised = error
        raise error

    def _note_origin(self, value: object, operation: str, operands: Sequence[object]) -> None:
        origin = own_names(value).get(_ORIGIN)
        if origin is None and operation == "call" and type(value) is operands[0]:
            own_names(value)[_ORIGIN] = "made"
        elif origin == "made" and value is operands[0] and operation in _IN_PLACE:
            pass  # `v += w` is about the very object that the tests made
        elif operation in _COMPUTING and (origins := self._origins(operands, type(value))):
            is_marked = "marked" in origins or (
                "made" not in origins and not all(map(is_proxy, operands))
            )
            own_names(value)[_ORIGIN] = "marked" if is_marked else "computed"
        elif not _is_thrown_away(sys._getframe(3)):  # noqa: SLF001  (there is no other way to find out)
            own_names(value)[_ORIGIN] = "returned"

    def may_receive_test_data(self, proxy: object) -> bool:
        """Return whether operators of the proxied object may receive the tests' plain data.

        In `f(2) - 3.5` or `3 in f(2)` that data may be what is expected, and an object that is no
        number could return 0 as the difference. The operators that tests may use are those of
        objects that they made themselves, of a class that they treat as a class; and no longer when
        the candidate has returned such an object in place of a value.
        """
        return own_names(proxy).get(_ORIGIN) == "made" and "_is_tested_" in own_names(type(proxy))

    def _origins(self, operands: Sequence[object], kind: type) -> set[object]:
        """Return the origins of operands of a tested class; none if one is of no use."""
        if "_is_tested_" not in own_names(kind):
            return set()
        origins = {own_names(operand).get(_ORIGIN) for operand in operands if type(operand) is kind}
        return origins if origins <= {"made", "computed", "marked"} else set()

    def may_compute(self, proxy: object) -> bool:
        """Return whether operators may receive plain data that return an object of that class.

        In `(a + b) * 2`, where the tests made *a* and *b*. The result is marked: it may hold what
        is expected.
        """
        is_tested = "_is_tested_" in own_names(type(proxy))
        return is_tested and own_names(proxy).get(_ORIGIN) in ("computed", "marked")

    def may_become_plain(self, operands: Sequence[object]) -> bool:
        """Return whether an operator may return plain data: not all its proxies are marked."""
        proxies = [operand for operand in operands if isinstance(type(operand), ProxyClass)]
        return any(map(self.may_be_converted, proxies))

    def may_be_converted(self, proxy: object) -> bool:
        """Return whether an object may be turned into plain data: it holds nothing expected."""
        return bool(own_names(proxy).get(_ORIGIN) != "marked")

    def make_subclass(self, kind: ProxyClass, items: list[object], keywords: Keywords) -> None:
        """Have the candidate make a class of the tests that has one of its classes as a base."""
        _, bases, *_ = items
        for base in bases:  # type: ignore[attr-defined]
            known = base.__name__ in self._shared or is_library(base.__module__)
            if not known and not is_proxy(base) and self.fatal is None:
                self.fatal = UncarriedError("derive a class from one of theirs and the program's")
                raise self.fatal
        number = self.ask("reserve")
        try:
            # First: what makes the class may mention it, as a metaclass that lists its classes.
            self._table.adopt(number, kind)
        except EncodingError as error:
            self.lose(f"protocol: {error}")
        self.ask("subclass", number, *items, keywords=keywords)

    @property
    def is_busy(self) -> bool:
        """Whether a message is being read or written, so that nothing can be asked."""
        return self.peer.is_busy

    # -- the conversation --------------------------------------------------------------

    def perform(self, operation: str, operands: list[Any], keywords: dict[str, Any]) -> object:
        """Perform an operation on an object of the tests', which the candidate requests."""
        number, *rest = operands
        try:
            return self._exports.perform(operation, number, rest, keywords)
        except verdicts() as error:
            if not is_by_tool(error):
                raise
            self.verdict = self.verdict or error
        # The candidate may swallow it, and must not read what the tests expected.
        raise AssertionError

    def enter(self, request: Request) -> None:
        """Do here what the candidate did before its request."""
        if request.around is not None:
            self._around.replay(request.around)

    def serve(self, request: Request) -> Callable[[], Body]:
        """Perform a request of the candidate's."""
        self._exports.requests += 1
        try:
            write = super().serve(request)
        finally:
            self._exports.requests -= 1

        def write_answer() -> Body:
            # What the candidate asks for must not leave its sample ungraded.
            self._is_serving = True
            try:
                return write()
            finally:
                self._is_serving = False

        return write_answer

    def begin_message(self) -> Body:
        """Say which objects are not needed any more, and what the tests changed around the call."""
        fields: Body = {}
        released = self._table.take_released()
        if released:
            fields["free"] = released
        around = self._around.to_send()
        if around is not None:
            fields["around"] = around
        return fields

    def note_message(self, message: Request | Answer, body: Body, payload: bytes) -> None:
        """Note what the candidate holds, and whether an answer holds nan. Refuse long answers."""
        is_bare = type(message) is Answer and not body.keys() & {"met", "around"}
        if is_bare and len(payload) > self._answer_bytes_max:
            raise PeerLostError(ANSWER_TOO_LONG)
        self.mirrors.note_held(body.get("held", []))
        if type(message) is Request:
            for value in (*message.operands, *message.keywords.values()):
                if is_proxy(value):
                    self._met(value, is_nested=True)
        if type(message) is Answer and b"NaN" in payload:
            message.has_nan = _has_nan(body)

    def read_descriptions(self, descriptions: Tree) -> None:
        """Read what the candidate's guest says of new objects."""
        self._table.describe(descriptions)

    def _note_nan(self) -> None:
        self.has_nan = True

    def _read_warning(self, tree: Tree, text: str) -> object:
        warning = self._table.exception(tree["h"], tree["class"], text)
        BaseException.args.__set__(warning, (text,))  # type: ignore[attr-defined]
        return warning

    # -- values ------------------------------------------------------------------------

    def kind_of(self, value: object) -> Kind | None:
        """Return how an object is mirrored: a node of a shared class, or a kind of container."""
        kind = type(value)
        if self._shared.get(kind.__name__) is kind and shared_types.is_node(kind):
            return self._node_kind
        if isinstance(kind, ProxyClass):
            return self._table.subclass_kind(kind)
        if ERROR.fits(kind):
            return ERROR
        scientific = self._scientific.kind_of(kind)
        if scientific is not None:
            return scientific
        for base, mirrored in KINDS.items():
            if issubclass(kind, base) and kind is not base:
                return mirrored  # the tests' own subclass travels as its base
        return None

    def new_object(self, tag: str, content: Tree) -> tuple[object, Kind]:
        """Make an empty node, or a proxy for an instance of a candidate's list or dict."""
        if tag == self._node_kind.tag:
            return self._node_kind.new(content, self._shared), self._node_kind
        if tag == "sub":
            return self._table.new_container(content)
        if tag == ERROR.tag:
            return ERROR.new(content), ERROR
        scientific = self._scientific.new(tag, content)
        if scientific is not None:
            return scientific
        raise EncodingError("an unknown tag")

    def write_value(self, value: Any) -> Tree:  # noqa: ANN401  (narrowed by type)
        """Write a value: plain data by value, proxies by number, other objects as exports."""
        number = ref_of(value)
        if number is not None:
            return {"h": number}
        return encoding.to_tree(value, self)

    def read_value(self, tag: str, content: Tree) -> object:
        """Read a value of the candidate's."""
        if tag == "h":
            return self._met(self._table.proxy(content), is_nested=self.mirrors.is_nested)
        return encoding.from_tree({tag: content}, self)

    def to_tree(  # noqa: PLR0911  (one return a kind)
        self,
        value: Any,  # noqa: ANN401  (any value)
        _walk: Walk,
        plain: Callable[[], object] | None,
    ) -> object:
        """Write a value that is no plain data."""
        kind = type(value)
        if kind is MethodProxy:
            return {"method": [self.mirrors.write(value._owner_), value.__name__]}
        if self._shared.get(kind.__name__) is kind:
            tree = shared_types.write_shared_value(value, self.mirrors.write)
            if tree is not None:
                return tree
        if KINDS.get(kind) or self.kind_of(value):
            return self.mirrors.write(value)
        tree = self._scientific.write(value, self.mirrors.write)
        if tree is not None:
            return tree
        if plain is not None and not is_value_with_a_class(kind):
            return plain()
        made = made_in_library(value)
        if made is not None:
            return {"made": [made[0], *map(self.mirrors.write, (tuple(made[1]), made[2]))]}
        name = name_in_library(value)
        if name is not None:
            return {"py": name}
        return self._export(value)

    def _read_fault(
        self, walk: Walk, number: Tree, kind: Tree, text: Tree, details: Tree
    ) -> BaseException:
        """Return an exception of one of the candidate's classes."""
        error = self._table.exception(number, kind, text)
        if is_proxy(error):
            details = details | {"fields": []}  # asked for when they are needed
        BaseException.args.__set__(error, tuple(map(walk, details["args"])))  # type: ignore[attr-defined]
        read_details(error, details, walk)
        return error

    def _export(self, value: object) -> Tree:
        number = self._exports.number_of(value, is_answer=self._is_serving)
        if number in self._described:
            return {"own": [number]}
        self._described.add(number)
        return {"own": [number, self._exports.describe(value, self.mirrors.write)]}

    def from_tree(self, tag: str, content: Any, walk: Walk) -> object:  # noqa: ANN401, PLR0911  (JSON; one return a tag)
        """Read a value that is no plain data."""
        match tag:
            case "h":
                return self._met(self._table.proxy(content), is_nested=True)
            case "sub":
                number, tree = content
                return self._table.plain_subclass(number, walk(tree))
            case "member" | "row":
                return shared_types.read_shared_value(tag, content, self._shared, self.mirrors.read)
            case "m" | "t":
                return self.mirrors.read({tag: content})
            case "fault":
                return self._read_fault(walk, *content)
            case "builtin":
                return shared_types.read_builtin(content)
            case "own":
                return self._exports.value_of(content)[0]
            case "numpy" | "pandas":
                return self._scientific.read(tag, content, self.mirrors.read)
        raise EncodingError("an unknown tag")

    def _met(self, proxy: object, *, is_nested: bool) -> object:
        """Note that a message holds a proxy. At the top of an answer, `_note_origin` follows."""
        names = own_names(proxy)
        if names.get(_ORIGIN) == "made" and is_nested:
            names[_ORIGIN] = "returned"
        return proxy


def _has_nan(body: Tree) -> bool:
    """Return whether a message holds nan as a number."""
    pending = [body]
    while pending:
        part = pending.pop()
        if type(part) is float and part != part:  # noqa: PLR0124  (only nan differs from itself)
            return True
        if type(part) is list:
            pending.extend(part)
        elif type(part) is dict:
            pending.extend(part.values())
    return False


def _write_class(value: object) -> Tree:
    number = ref_of(value)
    return None if number is None else {"h": number}


def _is_thrown_away(frame: types.FrameType) -> bool:
    """Return whether the statement that *frame* executes does not use the result of its call."""
    following = (step for step in get_instructions(frame.f_code) if step.offset > frame.f_lasti)
    return next((step.opname == "POP_TOP" for step in following if step.opname != "CACHE"), False)
