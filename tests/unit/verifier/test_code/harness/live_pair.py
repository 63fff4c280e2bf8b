"""A live candidate in a process of its own, without a sandbox."""

import os
import socket
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager

from nova_code_verifier.sandbox.guest.live import LiveSession
from nova_code_verifier.sandbox.protocol.progress import PAGE_BYTES, ProgressPage
from nova_code_verifier.verifier.test_code.harness.session import LiveCandidate


@contextmanager
def live(program: str, *classes: str, source: str = "") -> Iterator[LiveCandidate]:
    """Run *program* beside this process. The tests treat the names *classes* as classes."""
    own, other = socket.socketpair()
    page = os.memfd_create("page")
    os.ftruncate(page, PAGE_BYTES)
    pid = os.fork()
    if pid == 0:
        _serve(program, own, other)
    other.close()
    candidate = LiveCandidate(own.fileno(), ProgressPage(page, pid), source, frozenset(classes))
    try:
        yield candidate
    finally:
        own.shutdown(socket.SHUT_RDWR)  # a thread may still be reading
        own.close()
        os.close(page)
        os.waitpid(pid, 0)


class _Loader:
    def __init__(self, program: str) -> None:
        self._program = program

    def get_source(self, _name: str) -> str:
        return self._program


def _serve(program: str, own: socket.socket, other: socket.socket) -> None:
    try:
        own.close()
        module = types.ModuleType("solution")
        module.__dict__["__loader__"] = _Loader(program)
        sys.modules["solution"] = module
        session = LiveSession(other.fileno(), module.__dict__)
        session.begin()
        exec(compile(program, "solution.py", "exec"), module.__dict__)
        session.serve_tests()
    finally:
        os._exit(0)
