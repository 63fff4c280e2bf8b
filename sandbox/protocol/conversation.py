"""A conversation about objects, one side of it: requests, answers, and the values in them.

A request has the fields `op`, an operation; `on`, its operands; `kw`, its keywords. An answer has
`is`, the result, or `raised`, an exception. Both may have what `sandbox/protocol/mirrors.py` adds;
`met`, descriptions of objects that are mentioned for the first time; `around`, what happened around
the call (streams, log records, environment); and `threads`, if other threads may send requests.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.sandbox.protocol.mirrors import Mirrors, Tree
from nova_code_verifier.sandbox.protocol.peer import Body, Peer

_Thread, _active_count = threading.Thread, threading.active_count  # tests may patch them


class Request:
    """A request that was read. Its operands can be taken once, so that nothing else keeps them."""

    __slots__ = ("around", "keywords", "operands", "operation", "seen")

    def __init__(self, operation: str, operands: list[Any], keywords: dict[str, Any]) -> None:
        """Hold an operation and its operands."""
        self.operation = operation
        self.operands = operands
        self.keywords = keywords
        self.seen: Sequence[Any] = ()
        self.around: Tree = None

    def take(self) -> tuple[list[Any], dict[str, Any]]:
        """Return the operands and keywords, and forget them."""
        operands, keywords = self.operands, self.keywords
        self.operands, self.keywords = [], {}
        return operands, keywords


class Answer:
    """An answer that was read: a value, or an exception."""

    __slots__ = ("around", "error", "has_nan", "value")

    def __init__(self, value: object, error: BaseException | None) -> None:
        """Hold the result of an operation."""
        self.value = value
        self.error = error
        self.around: Tree = None
        self.has_nan = False


class Side:
    """What both sides of a conversation have in common. Each reads and writes its own objects."""

    peer: Peer
    mirrors: Mirrors
    has_read_deep = False
    _is_listening = False

    def ask(
        self, operation: str, operands: Sequence[object], keywords: Mapping[str, object]
    ) -> Answer:
        """Send a request, and wait for its answer. Raises PeerLostError and EncodingError."""

        def write() -> Body:
            fields = self.begin_message()
            values = [*operands, *keywords.values()]
            trees = self.mirrors.write_message(fields, values)
            self.mirrors.asked.note_operands(values, trees)
            fields["op"], fields["on"] = operation, trees[: len(operands)]
            if keywords:
                fields["kw"] = [*map(list, zip(keywords, trees[len(operands) :], strict=True))]
            return self._end_message(fields)

        answer: Answer = self.peer.request(write)
        return answer

    def read(self, body: Body, payload: bytes) -> Request | Answer:
        """Read the body of a message."""
        self.read_descriptions(body.get("met", []))
        self.mirrors.read_message(body)
        read, served = self.mirrors.read, self.mirrors.served
        message: Request | Answer
        if "op" in body:
            operation, operands, keywords = body["op"], body["on"], body.get("kw", [])
            if type(operation) is not str or type(operands) is not list:
                raise EncodingError("no operation")
            values = [read(tree) for tree in operands]
            named = {}
            for name, tree in keywords:
                if type(name) is not str:
                    raise EncodingError("no name of a keyword")
                named[name] = read(tree)
            served.note_operands(values, operands)
            served.note_operands([*named.values()], [tree for _, tree in keywords])
            message = Request(operation, values, named)
            message.seen = self.mirrors.take_touched()
        elif "raised" in body:
            error = read(body["raised"])
            if not isinstance(error, BaseException):
                raise EncodingError("no exception")
            message = Answer(None, error)
        else:
            message = Answer(self.mirrors.asked.read_answer(body["is"], read), None)
        message.around = body.get("around")
        if body.get("threads") is True and not self._is_listening:
            self._is_listening = True
            _Thread(target=self.peer.listen, daemon=True).start()
        self.note_message(message, body, payload)
        return message

    def serve(self, request: Request) -> Callable[[], Body]:
        """Perform a request, and return what writes the answer."""
        self.enter(request)
        operands, keywords = request.take()
        error: BaseException | None = None
        result: object = None
        try:
            result = self.perform(request.operation, operands, keywords)
        except BaseException as raised:  # noqa: BLE001  (the other side's to handle)
            error = raised
        del operands, keywords

        def write() -> Body:
            fields = self.begin_message()
            self.add_held(fields, request.seen, id(result))
            name, value = ("is", result) if error is None else ("raised", error)
            (tree,) = self.mirrors.write_message(fields, [value], request.seen)
            if error is None:
                tree = self.mirrors.served.write_answer(value, tree)
            fields[name] = tree
            return self._end_message(fields)

        return write

    def _end_message(self, fields: Body) -> Body:
        """Say whether other threads of this side may ask, too."""
        if _active_count() > 1:
            fields["threads"] = True
        return self.end_message(fields)

    # -- what differs ------------------------------------------------------------------

    def perform(self, operation: str, operands: list[Any], keywords: dict[str, Any]) -> object:
        """Perform an operation that the other side requests; raise what it raises."""
        raise NotImplementedError

    def begin_message(self) -> Body:
        """Return the fields with which a message begins."""
        return {}

    def end_message(self, fields: Body) -> Body:
        """Add what is known once all values are written."""
        return fields

    def enter(self, request: Request) -> None:
        """Prepare to perform a request."""

    def add_held(self, fields: Body, seen: Sequence[Any], result_id: int) -> None:
        """Say which containers this side holds, if the other wants to know."""

    def note_message(self, message: Request | Answer, body: Body, payload: bytes) -> None:
        """Note what else a message says."""

    def read_descriptions(self, descriptions: Tree) -> None:
        """Read what the other side says of objects that it mentions for the first time."""
