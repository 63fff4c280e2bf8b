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
        own.close()
        os.close(page)
        os.waitpid(pid, 0)


def _serve(program: str, own: socket.socket, other: socket.socket) -> None:
    try:
        own.close()
        module = types.ModuleType("solution")
        sys.modules["solution"] = module
        session = LiveSession(other.fileno(), module.__dict__)
        exec(compile(program, "solution.py", "exec"), module.__dict__)
        session.serve_tests()
    finally:
        os._exit(0)
