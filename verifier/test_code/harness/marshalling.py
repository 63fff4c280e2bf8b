"""What is written into a question, and read out of an answer.

In: operands of the tests', and a candidate's answer, which is not believed. Out: the operands as
they are sent, and the value or exception that came back, with what changed in place. Must not
know: why it is asked, and how a stand-in behaves.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from nova_code_verifier.sandbox.guest.object_session import containers_in
from nova_code_verifier.sandbox.protocol.encoding import EncodingError, Walk, from_tree, to_tree
from nova_code_verifier.sandbox.protocol.shared_types import read_shared_value, write_shared_value
from nova_code_verifier.verifier.test_code.harness.proxies import REF, Method, ref_of
from nova_code_verifier.verifier.test_code.harness.transcript import Answer, UnsendableError


class Writer:
    """Writes the operands of one question: `sandbox.protocol.encoding.Opaque`."""

    def __init__(self, cast: Any) -> None:
        """Write for *cast*."""
        self._cast = cast
        self.nodes: list[Any] = []
        self._places: dict[int, int] = {}

    def send(self, operand: Any) -> Any:
        """Write one operand. Raises UnsendableError."""
        try:
            return to_tree(operand, self)
        except EncodingError as error:
            raise UnsendableError(str(error)) from None

    def to_tree(self, value: Any, walk: Walk, plain: Callable[[], object] | None) -> object:
        """Write what is no plain data: stand-ins by what leads to the candidate's objects."""
        kind = type(value)
        if kind is Method:
            return walk(value._itself_())
        ref = ref_of(value)
        if ref is not None:
            return {"at": ref}
        if self._cast.shared.get(kind.__name__) is kind:
            tree = write_shared_value(value, walk)
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
        """Read nothing: it only writes."""
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


class Reader:
    """Reads one answer: `sandbox.protocol.encoding.Opaque`."""

    def __init__(
        self,
        cast: Any,
        place: int,
        answer: Answer,
        sent_nodes: list[Any],
        handed_over: list[Any],
    ) -> None:
        """Read the answer to the question at *place*, with which these nodes were sent."""
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
        """Write nothing: it only reads."""
        raise NotImplementedError

    def from_tree(self, tag: str, content: Any, walk: Walk) -> object:
        """Read what is no plain data. Raises EncodingError."""
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
                return read_shared_value(tag, content, self._cast.shared, walk)
            case "was":
                number, tree = content
                return _refilled(self._containers[number], walk(tree))
        raise EncodingError("an unknown tag")


def _field(claimed: Any) -> str:
    """Take a field's name, if it is one that a class could have."""
    if type(claimed) is not str or claimed in (REF, "_text_"):
        raise EncodingError("no name of a field")
    return claimed


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
