"""Fuzz the readers of what a hostile guest may send, guided by coverage.

    pip install atheris
    python tests/fuzz/fuzz_decoder.py -max_total_time=60

In: bytes that atheris generates. Out: nothing, or an exception that its reader must not raise, with
the bytes that caused it. pytest does not collect this, and `make check` does not run it, because
atheris is big and this takes minutes. Further arguments are libFuzzer's (a corpus folder, `-runs=`,
`-max_len=`).
"""

import contextlib
import io
import json
import socket
import sys
from pathlib import Path
from typing import Any, cast

import atheris  # type: ignore[import-untyped]  # no part of our environments

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.fuzz.sessions import unwrapped
from tests.fuzz.shapes import NoPage, make_tree

with atheris.instrument_imports(include=["nova_code_verifier"]):
    from nova_code_verifier.sandbox.host.answers import read_answer
    from nova_code_verifier.sandbox.protocol.encoding import (
        EncodingError,
        decode,
        encode,
        from_tree,
        load,
        to_tree,
    )
    from nova_code_verifier.sandbox.protocol.guest_messages import MessageKind, read_message
    from nova_code_verifier.sandbox.remote.frames import PayloadError, pack_frames
    from nova_code_verifier.sandbox.remote.request import read_request
    from nova_code_verifier.sandbox.remote.response import read_response
    from nova_code_verifier.sandbox.types import Call, Job, Run
    from nova_code_verifier.verifier.test_code.harness.candidates import (
        CandidateLostError,
        UncarriedError,
    )
    from nova_code_verifier.verifier.test_code.harness.session import LiveCandidate
    from nova_code_verifier.verifier.test_code.protocol import InProcessReport


def fuzz_decoder(data: bytes) -> None:
    """Read bytes as plain data, and write what was read."""
    try:
        value = decode(data)
    except EncodingError:
        return
    with contextlib.suppress(EncodingError):  # a set of lists cannot be, a deep value may not
        encode(value)


def fuzz_tree(data: bytes) -> None:
    """Read bytes as JSON, and the JSON as a tree."""
    with contextlib.suppress(ValueError, RecursionError):
        tree = json.loads(data)
        with contextlib.suppress(EncodingError):
            from_tree(tree)


def fuzz_messages(data: bytes) -> None:
    """Read bytes as a message of a guest to its keeper."""
    for payload in (data, b'["value",' + data + b"]"):
        message = read_message(payload)
        if message.kind in (MessageKind.VALUE, MessageKind.RAISED, MessageKind.UNREADABLE):
            read_answer(message)


def fuzz_payloads(data: bytes) -> None:
    """Read bytes as a payload, and, split at newlines, as the frames of one."""
    for payload in (data, pack_frames(data.split(b"\n"))):
        with contextlib.suppress(PayloadError):
            read_request(payload)
        for job in _JOBS:
            with contextlib.suppress(PayloadError):
                read_response(payload, [job])


class NoObjects:
    """An `Opaque` of a session in which there are no objects."""

    has_read_deep = False

    def to_tree(self, _value: object, _walk: Any, plain: Any) -> object:
        """Write an instance of a subclass as its base; refuse all else."""
        if plain is None:
            raise EncodingError("an object")
        return plain()

    def from_tree(self, _tag: str, _content: object, _walk: Any) -> object:
        """Refuse every tag."""
        raise EncodingError("an unknown tag")


def fuzz_library(data: bytes) -> None:
    """Read bytes as a value of a session, show it, and write it."""
    try:
        value = from_tree(load(data), NoObjects())
    except EncodingError:
        return
    with contextlib.suppress(
        ValueError, AttributeError, TypeError
    ):  # a false exception, a long int
        repr(value), str(value)
    with contextlib.suppress(EncodingError):  # a deep value may not be written
        to_tree(value, NoObjects())


def fuzz_session(data: bytes) -> None:
    """Read bytes as an answer to a request of the tests, and use the value."""
    with contextlib.suppress(EncodingError):
        body = load(data)
        if type(body) is not dict:
            return
        ours, theirs = socket.socketpair()
        with ours, theirs, unwrapped(), contextlib.redirect_stdout(io.StringIO()):
            candidate = LiveCandidate(ours.fileno(), cast("Any", NoPage()), "")
            pack_into(theirs, body)
            theirs.shutdown(socket.SHUT_WR)
            try:
                value = candidate.ask("name", "f")
                _compare(candidate, value)
            except (CandidateLostError, UncarriedError):
                pass
            except BaseException:
                if "raised" not in body:
                    raise


def pack_into(peer: socket.socket, body: dict[str, Any]) -> None:
    """Send a body as the answer to the first request of the first thread."""
    payload = json.dumps([0, 1, "a", body]).encode("ascii")
    peer.sendall(len(payload).to_bytes(4, "big") + payload)


def _compare(candidate: LiveCandidate, value: Any) -> None:
    """Compare the value with plain data, which never equals a proxy."""
    if candidate.is_stand_in(value):
        for plain in _PLAIN:
            assert not value == plain  # noqa: SIM201  (both operators are the proxy's)
            assert value != plain
            assert not plain == value  # noqa: SIM201


def fuzz_in_process(data: bytes) -> None:
    """Read bytes as the report of a process that held tests and candidate."""
    with contextlib.suppress(EncodingError):
        report = InProcessReport.parse(decode(data))
        assert report is None or all(type(item.name) is str for item in report.items)


_PLAIN: tuple[Any, ...] = (0, 1, "", "f", None, [], (), {})
_JOBS = [
    Job(program="", questions=(question, question)) for question in (Run(), Call(entry_point="f"))
]
READERS = (
    fuzz_decoder,
    fuzz_tree,
    fuzz_library,
    fuzz_messages,
    fuzz_payloads,
    fuzz_session,
    fuzz_in_process,
)

# Mutated bytes are seldom JSON, and hardly ever a tag with the right content.
_TEXT = """
    is raised after met new sync held forget around threads args text number kind instance function
    iterator coroutine module name bases specials methods fields int str list tuple dict object
    Exception ValueError SystemExit OSError UnicodeDecodeError SyntaxError ExceptionGroup start end
    JSONDecodeError json msg decimal Decimal builtins types datetime NoneType PosixPath IPv6Address
    HTTPStatus http OK RegexFlag re struct_time time os stat_result difflib Match keys values items
    Ellipsis UTC Europe/Berlin __eq__ __hash__ __len__ __iter__ __class__ _session_ loaded failed
"""
_WORDS = _TEXT.split()
_TAG_TEXT = """
    h m t l d s q i b c r D F fs so fso dd ba sub fault own member row date time datetime delta
    array Counter odict defaultdict bytearray namespace type error the slice memoryview view mapping
    alias union path address uuid moment tz zone iso enum named fields
"""
_TAGS = _TAG_TEXT.split()


def _tree(some: Any, depth: int) -> Any:
    """Make a tree: more often than not one that a guest could write."""
    return make_tree(some, _WORDS, _TAGS, depth)


def _error(some: Any) -> dict[str, Any]:
    """Make an exception of a library."""
    names = ("args", "fields", "notes", "cause", "context", "both", "suppress")
    error = {name: _tree(some, 3) for name in names if some.ConsumeBool()}
    error["class"] = ["builtins", some.PickValueInList(_WORDS)]
    if some.ConsumeBool():
        error["args"] = []
        error["fields"] = [[some.PickValueInList(_WORDS), _tree(some, 4)] for _ in range(3)]
    return {"error": error}


def _answer(some: Any) -> dict[str, Any]:
    """Make an answer with the keys that answers have."""
    answer: dict[str, Any] = {"is": _tree(some, 1)}
    if some.ConsumeBool():
        answer = {"raised": _error(some) if some.ConsumeBool() else _tree(some, 3)}
    if some.ConsumeBool():
        answer["new"] = [[some.PickValueInList(_TAGS), _tree(some, 2)] for _ in range(2)]
    if some.ConsumeBool():
        answer["sync"] = [[some.ConsumeIntInRange(-3, 3), _tree(some, 2)]]
    keys = ("kind", "class", "name", "bases", "specials", "methods", "doc", "fields", "flags")
    answer["met"] = [
        {key: _tree(some, 3) for key in keys} | {"number": number} for number in range(3)
    ]
    return answer


def fuzz_one(data: bytes) -> None:
    """Pass the input, or a tree or an answer made from it, to every reader."""
    some = atheris.FuzzedDataProvider(data[1:])
    made: object = None
    match data[0] % 4 if data else None:
        case 0:
            made = _tree(some, 0)
        case 1:
            made = _answer(some)
        case 2:
            made = _error(some)
    if made is not None:
        data = json.dumps(made).encode("ascii")
    for read in READERS:
        read(data)


if __name__ == "__main__":
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()
