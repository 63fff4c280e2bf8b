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
import sys
from pathlib import Path
from typing import Any

import atheris  # type: ignore[import-untyped]  # no part of our environments

sys.path.insert(0, str(Path(__file__).parents[2]))
with atheris.instrument_imports(include=["nova_code_verifier"]):
    from nova_code_verifier.sandbox.host.answers import read_answer
    from nova_code_verifier.sandbox.protocol.encoding import (
        EncodingError,
        decode,
        encode,
        from_tree,
    )
    from nova_code_verifier.sandbox.protocol.guest_messages import MessageKind, read_message
    from nova_code_verifier.sandbox.remote.frames import PayloadError, pack_frames
    from nova_code_verifier.sandbox.remote.request import read_request
    from nova_code_verifier.sandbox.remote.response import read_response
    from nova_code_verifier.sandbox.types import Call, Job, Operation, Run
    from nova_code_verifier.verifier.test_code.harness.callables import Sources
    from nova_code_verifier.verifier.test_code.harness.session import ProxySession
    from nova_code_verifier.verifier.test_code.harness.transcript import (
        Answer,
        AskedQuestion,
        CandidateLostError,
        Transcript,
    )
    from nova_code_verifier.verifier.test_code.protocol import InProcessReport, Question


class Node:
    """A class that tests and candidate share."""


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
            read_answer(message, Call(entry_point="f"))


def fuzz_payloads(data: bytes) -> None:
    """Read bytes as a payload, and, split at newlines, as the frames of one."""
    for payload in (data, pack_frames(data.split(b"\n"))):
        with contextlib.suppress(PayloadError):
            read_request(payload)
        for job in _JOBS:
            with contextlib.suppress(PayloadError):
                read_response(payload, [job])


def fuzz_session(data: bytes) -> None:
    """Read bytes as a candidate's answer to a question of the tests, and use the value."""
    text = data.decode("utf-8", "replace")
    answer = Answer.read("finished", text, "")
    question = Question(item="", operation="name", operands=["f"])
    transcript = Transcript([AskedQuestion(question, answer)])
    session = ProxySession(transcript, Sources(""), {"Node": Node})
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            value = session.ask("name", "f")
        except CandidateLostError:
            assert transcript.item.ending == "unreadable"
        except BaseException:
            if "raised" not in answer.body:
                raise
        else:
            _compare(session, value)


def _compare(session: ProxySession, value: Any) -> None:
    """Compare the value with plain data, which never equals a proxy."""
    if session.is_proxy(value):
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
    Job(program="", questions=(question, question))
    for question in (Run(), Call(entry_point="f"), Operation(instruction=b""))
]
READERS = (fuzz_decoder, fuzz_tree, fuzz_messages, fuzz_payloads, fuzz_session, fuzz_in_process)

# Mutated bytes are seldom JSON, and hardly ever a tag with the right content.
_TEXT = """
    is raised after met nodes class args text h sub n at number kind instance function iterator
    coroutine module name bases specials methods int str list tuple dict object Exception
    ValueError SystemExit __eq__ __hash__ __len__ __iter__ __class__ _session_ Node next t d s fs i
    b
    c r q D F datetime date time delta array Counter odict defaultdict value loaded failed
"""
_WORDS = _TEXT.split()
_TAGS = [word for word in _WORDS if len(word) <= 2] + _WORDS[-9:-3] + ["sub", "date", "delta"]
_DEPTH_MAX = 6


_ATOMS = [None, True, False, 0.5, 2**70, "", "\ud800", "2024-01-01", "1E9", -1, 0, 1, 2]


def _tree(some: Any, depth: int) -> Any:
    """Make a tree from *some* bytes: more often than not one that a guest could write."""
    kind = some.ConsumeIntInRange(0, 5 if depth < _DEPTH_MAX else 2)
    if kind < 3:
        return some.PickValueInList([_ATOMS, _WORDS, [some.ConsumeUnicode(4)]][kind])
    inside = [_tree(some, depth + 1) for _ in range(some.ConsumeIntInRange(0, 4))]
    match kind:
        case 3:
            return inside
        case 4:
            return {some.PickValueInList(_TAGS): inside}
    return {some.PickValueInList(_WORDS): part for part in inside}


def _answer(some: Any) -> dict[str, Any]:
    """Make an answer with the keys that answers have."""
    answer: dict[str, Any] = {"is": _tree(some, 1)}
    if some.ConsumeBool():
        raised = {key: _tree(some, 3) for key in ("class", "args", "text", "h")}
        answer["raised"] = raised if some.ConsumeBool() else _tree(some, 3)
    if some.ConsumeBool():
        answer["nodes"] = [["Node", {"next": _tree(some, 2)}]]
    keys = ("number", "kind", "class", "name", "bases", "specials", "methods")
    answer["met"] = [
        {key: _tree(some, 3) for key in keys} | {"number": number} for number in range(3)
    ]
    return answer


def fuzz_one(data: bytes) -> None:
    """Pass the input, or a tree or an answer made from it, to every reader."""
    some = atheris.FuzzedDataProvider(data[1:])
    make = {0: _tree, 1: _answer}.get(data[0] % 4) if data else None
    if make is not None:
        made = _answer(some) if make is _answer else _tree(some, 0)
        data = json.dumps(made).encode("ascii")
    for read in READERS:
        read(data)


if __name__ == "__main__":
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()
