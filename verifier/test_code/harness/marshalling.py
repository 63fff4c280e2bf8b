"""Write the operands of a question, and read its answer, which is not believed.

In: operands of the tests; a candidate's answer. Out: the operands as trees; the value or exception
in the answer, with proxies for the objects that the answers describe; and the changes that the
candidate made to operands in place.
"""

import builtins
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from nova_code_verifier.sandbox.protocol.encoding import EncodingError, Walk, from_tree, to_tree
from nova_code_verifier.sandbox.protocol.shared_types import (
    SPECIAL_METHODS,
    containers_in,
    read_shared_value,
    write_shared_value,
)
from nova_code_verifier.verifier.test_code.harness.callables import Sources
from nova_code_verifier.verifier.test_code.harness.pending import Session
from nova_code_verifier.verifier.test_code.harness.proxies import (
    ITERATORS,
    PLAIN_BASES,
    REF,
    MethodProxy,
    new_class,
    ref_of,
)
from nova_code_verifier.verifier.test_code.harness.transcript import Answer, UnsendableError
from nova_code_verifier.verifier.test_code.protocol import Tree

# Without those that would end the run instead of the test item.
_EXCEPTIONS = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type)
    and issubclass(kind, BaseException)
    and not issubclass(kind, KeyboardInterrupt | GeneratorExit)
}
_BASES = {kind.__name__: kind for kind in PLAIN_BASES} | _EXCEPTIONS


class Writer:
    """Writes the operands of one question: an `Opaque` of `sandbox/protocol/encoding.py`."""

    def __init__(self, shared: Mapping[str, type], sources: Sources) -> None:
        """Send instances of *shared* classes by value, and functions by their *sources*."""
        self.nodes: list[object] = []
        self._shared = shared
        self._sources = sources
        self._indexes: dict[int, int] = {}

    def send(self, operand: object) -> Tree:
        """Write one operand. Raises UnsendableError."""
        try:
            return to_tree(operand, self)
        except EncodingError as error:
            raise UnsendableError(str(error)) from None

    def to_tree(self, value: Tree, walk: Walk, plain: Callable[[], object] | None) -> object:
        """Write a value that is no plain data; a proxy by its reference."""
        kind = type(value)
        if kind is MethodProxy:
            return walk(value._itself_())
        ref = ref_of(value)
        if ref is not None:
            return {"at": ref}
        if self._shared.get(kind.__name__) is kind:
            tree = write_shared_value(value, walk)
            if tree is not None:
                return tree
            if plain is None:
                index = self._indexes.setdefault(id(value), len(self.nodes))
                if index == len(self.nodes):
                    self.nodes.append(value)
                return {"n": index}
        if plain is not None:
            return plain()
        sent = self._sources.send(value, walk)
        if sent is None:
            raise UnsendableError(f"a {kind.__module__}.{kind.__qualname__}")
        return sent

    def from_tree(self, tag: str, content: object, walk: Walk) -> object:
        """Raise: it only writes."""
        raise NotImplementedError

    def table(self) -> list[list[Tree]]:
        """Write all nodes; writing their fields may add more."""
        table: list[list[Tree]] = []
        while len(table) < len(self.nodes):
            node = self.nodes[len(table)]
            fields = [[name, self.send(field)] for name, field in vars(node).items()]
            table.append([type(node).__name__, fields])
        return table


class ProxyTable:
    """Makes one proxy for each object of the candidate's."""

    def __init__(
        self, session: Session, shared: Mapping[str, type], answers: Iterable[Answer | None]
    ) -> None:
        """Make proxies for *session*, of the objects that *answers* describe."""
        self.shared = shared
        self._session = session
        self._described: dict[int, dict[str, Tree]] = {}
        self._proxies: dict[int, Tree] = {}
        for answer in answers:
            met = answer.body.get("met") if answer else None
            for description in met if type(met) is list else []:
                if type(description) is dict and type(description.get("number")) is int:
                    self._described.setdefault(description["number"], description)

    def proxy(self, number: int, ref: list[int]) -> object:
        """Return the proxy for the object of that number, which *ref* refers to."""
        if number not in self._proxies:
            self._proxies[number] = self._new_proxy(number, ref)
        return self._proxies[number]

    def _new_proxy(self, number: int, ref: list[int]) -> object:
        description = self._described.get(number, {})
        match description.get("kind"):
            case "class":
                return self.class_of(number, ref)
            case "iterator" | "generator" | "coroutine" as iterator:
                return ITERATORS[iterator](self._session, ref)
            case "function" | "module":
                kind: Tree = new_class(self._session, "function", (), frozenset({"__call__"}))
                names = {"__name__": str(description.get("name", ""))}
            case _:
                kind, names = self.class_of(description.get("class")), {}
        proxy: object = kind.__new__(kind)
        proxy.__dict__[REF] = ref
        proxy.__dict__.update(names)
        return proxy

    def class_of(self, number: Tree, ref: list[int] | None = None) -> Tree:
        """Return the proxy for a class, or the tests' own class if both sides share it."""
        kind = self._proxies.get(number)
        if not isinstance(kind, type):
            described = self._described.get(number, {})
            description = described if described.get("kind") == "class" else {}
            # Before its bases are looked up: a class may claim to be its own base.
            self._proxies[number] = new_class(self._session, "object", (), frozenset())
            kind = self._shared_exception(description) or self._new_class(description)
            self._proxies[number] = kind
        if ref is not None and REF not in kind.__dict__:
            type.__setattr__(kind, REF, ref)
        return kind

    def _shared_exception(self, description: dict[str, Tree]) -> type | None:
        name = description.get("name") if description.get("is_shared") is True else None
        kind = self.shared.get(name) if type(name) is str else None
        return kind if kind is not None and issubclass(kind, BaseException) else None

    def _new_class(self, description: dict[str, Tree]) -> type:
        claimed = description.get("bases")
        bases = [self._base(base) for base in (claimed if type(claimed) is list else [])]
        return new_class(
            self._session,
            str(description.get("name", "object")),
            tuple(dict.fromkeys(base for base in bases if base is not None)),
            SPECIAL_METHODS.intersection(_texts(description.get("specials"))),
            frozenset(_texts(description.get("methods"))),
        )

    def _base(self, base: Tree) -> type | None:
        if type(base) is int:
            kind: type = self.class_of(base)
            return kind
        return _BASES.get(base) if type(base) is str else None

    def plain_subclass(self, number: int, ref: list[int], plain: Tree) -> object:
        """Return plain data that has, in addition, the methods that its subclass defines."""
        kind = self.class_of(self._described.get(number, {}).get("class"))
        base = type(plain)
        if not issubclass(kind, base) or base not in PLAIN_BASES:
            return plain
        if base in (list, dict, set):
            value = base.__new__(kind)
            base.__init__(value, plain)
        else:
            value = base.__new__(kind, plain)
        value.__dict__[REF] = ref
        return value

    def exception(self, raised: dict[str, Tree], args: Tree, ref: list[int]) -> BaseException:
        """Return the exception that was raised: by name, or a proxy."""
        kind = raised.get("class")
        arguments = args if type(args) is list else [str(raised.get("text", ""))]
        if type(kind) is str and kind in _EXCEPTIONS:
            try:
                return _EXCEPTIONS[kind](*arguments)
            except TypeError:  # UnicodeDecodeError takes certain arguments only
                return Exception(*arguments)
        proxy_class = self.class_of(kind) if type(kind) is int else Exception
        if not issubclass(proxy_class, BaseException):
            proxy_class = type("Interrupt", (BaseException,), {})
        mro: tuple[Tree, ...] = proxy_class.__mro__
        builtin = next(base for base in mro if base.__module__ == "builtins")
        error: BaseException = builtin.__new__(proxy_class, *arguments)
        BaseException.args.__set__(error, tuple(arguments))  # type: ignore[attr-defined]
        error.__dict__[REF] = ref
        error.__dict__["_text_"] = str(raised.get("text", ""))
        return error


class Reader:
    """Reads one answer: an `Opaque` of `sandbox/protocol/encoding.py`."""

    def __init__(
        self,
        proxies: ProxyTable,
        index: int,
        answer: Answer,
        sent_nodes: Sequence[object],
        operands: Sequence[object],
    ) -> None:
        """Read the answer to the question at *index*, with which nodes and *operands* were sent."""
        self._proxies = proxies
        self._containers = list(containers_in(operands)) if "after" in answer.body else []
        self._index = index
        self._body = answer.body
        self._refs = 0
        self._nodes = list(sent_nodes)
        self._table = answer.body.get("nodes", [])

    def result(self) -> tuple[object, BaseException | None]:
        """Return the value, or the exception that was raised."""
        for name, _ in self._table[len(self._nodes) :]:
            self._nodes.append(object.__new__(self._proxies.shared[name]))
        raised = self._body.get("raised")
        if raised is None:
            return from_tree(self._body["is"], self), None
        ref = self._next_ref()
        args = from_tree(raised.get("args"), self)
        error = self._proxies.exception(raised, args, ref)
        for name, tree in raised.get("fields", []):
            error.__dict__[_field(name)] = from_tree(tree, self)
        return None, error

    def apply_changes(self) -> None:
        """Make the changes to operands that the candidate made to its copies."""
        for tree in self._body.get("after", []):
            from_tree(tree, self)
        for node, (_, fields) in zip(self._nodes, self._table, strict=False):
            vars(node).clear()
            for name, tree in fields:
                object.__setattr__(node, _field(name), from_tree(tree, self))

    def _next_ref(self) -> list[int]:
        self._refs += 1
        return [self._index, self._refs - 1]

    def to_tree(self, value: object, walk: Walk, plain: Callable[[], object] | None) -> object:
        """Raise: it only reads."""
        raise NotImplementedError

    def from_tree(self, tag: str, content: Tree, walk: Walk) -> object:
        """Read a value that is no plain data. Raises EncodingError."""
        match tag:
            case "h":
                return self._proxies.proxy(content, self._next_ref())
            case "sub":
                number, tree = content
                ref = self._next_ref()
                return self._proxies.plain_subclass(number, ref, walk(tree))
            case "n":
                return self._nodes[content]
            case "member" | "row":
                return read_shared_value(tag, content, self._proxies.shared, walk)
            case "was":
                number, tree = content
                return _refilled(self._containers[number], walk(tree))
        raise EncodingError("an unknown tag")


def _field(claimed: Tree) -> str:
    """Return the name of a field, if a class could have it. Raises EncodingError."""
    if type(claimed) is not str or claimed in (REF, "_text_"):
        raise EncodingError("no name of a field")
    return claimed


def _refilled(container: Tree, content: Tree) -> object:
    """Fill a container of the tests with the content that the candidate left in its copy."""
    if type(container) is not type(content):
        raise EncodingError("a change of type")
    if isinstance(container, list):
        container[:] = content
    elif container is not content:
        container.clear()
        container.extend(content) if isinstance(container, deque) else container.update(content)
    return container


def _texts(claimed: Tree) -> list[str]:
    return [text for text in claimed if type(text) is str] if type(claimed) is list else []
