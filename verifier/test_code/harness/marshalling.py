"""Write the operands of a question, and read its answer, which is not believed.

In: operands of the tests; a candidate's answer. Out: the operands as trees; the value or exception
in the answer, and the changes that the candidate made to operands in place.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from nova_code_verifier.sandbox.protocol.encoding import EncodingError, Walk, from_tree, to_tree
from nova_code_verifier.sandbox.protocol.shared_types import (
    containers_in,
    read_shared_value,
    write_shared_value,
)
from nova_code_verifier.verifier.test_code.harness.callables import Sources
from nova_code_verifier.verifier.test_code.harness.proxies import REF, MethodProxy, ref_of
from nova_code_verifier.verifier.test_code.harness.proxy_table import ProxyTable
from nova_code_verifier.verifier.test_code.harness.transcript import Answer, UnsendableError
from nova_code_verifier.verifier.test_code.protocol import Tree


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
                return {"n": self._index_of(value)}
        if plain is not None:
            return plain()
        sent = self._sources.send(value, walk)
        if sent is None:
            raise UnsendableError(f"a {kind.__module__}.{kind.__qualname__}")
        return sent

    def from_tree(self, tag: str, content: object, walk: Walk) -> object:
        """Raise: it only writes."""
        raise NotImplementedError

    def _index_of(self, node: object) -> int:
        if id(node) not in self._indexes:
            self._indexes[id(node)] = len(self.nodes)
            self.nodes.append(node)
        return self._indexes[id(node)]

    def table(self) -> list[list[Tree]]:
        """Write all nodes; writing their fields may add more."""
        table: list[list[Tree]] = []
        while len(table) < len(self.nodes):
            node = self.nodes[len(table)]
            fields = [[name, self.send(field)] for name, field in vars(node).items()]
            table.append([type(node).__name__, fields])
        return table


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
        args = raised.get("args")
        args = None if args is None else from_tree(args, self)
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
