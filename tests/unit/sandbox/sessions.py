"""Sessions for tests: a candidate that does what it is asked, and a harness that asks.

The zygotes of these executors load this module, so that harnesses find it.
"""

import os
import sys
from collections.abc import Iterable
from importlib.util import find_spec

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.protocol import channel
from nova_code_verifier.sandbox.protocol.progress import ProgressPage
from nova_code_verifier.sandbox.types import Execution, IsolationLevel, Job, Limits, Session

_pytest = find_spec("pytest")
# Zygotes find it in the interpreter's own tree alone: `tests/other_kernels.py` has it elsewhere.
HAS_PYTEST = _pytest is not None and str(_pytest.origin).startswith(sys.prefix + "/")
PRELOADED = ("pytest", __name__) if HAS_PYTEST else (__name__,)

# It runs each request as Python, and returns what this calls `answer`. It serves while it loads: so
# these tests need no other protocol.
OBEDIENT = """
import os
def serve():
    while request := os.read(5, 2**16):
        names = {"answer": ""}
        exec(request, names)
        os.write(5, repr(names["answer"]).encode() + b"\\n")
serve()
"""
_HARNESS = f"""
from {__name__} import Harness
harness = Harness(PEER_FD, PAGE_FD, CANDIDATE_PID, CHANNEL_FD)
ask, begin, report = harness.ask, harness.begin, harness.report
"""


class Harness:
    """What the program of a harness uses."""

    def __init__(self, peer_fd: int, page_fd: int, candidate_pid: int, channel_fd: int) -> None:
        """Map the page."""
        self._peer, self._channel = peer_fd, channel_fd
        self._page = ProgressPage(page_fd, candidate_pid)

    def begin(self) -> None:
        """Begin a test item."""
        self._page.begin_item()

    def ask(self, code: str) -> str:
        """Ask the candidate to run this; return its answer, or "lost" if it has ended."""
        self._page.begin_wait()
        try:
            os.write(self._peer, code.encode())
            answer = b""
            while not answer.endswith(b"\n"):
                piece = os.read(self._peer, 2**16)
                if not piece:
                    return "lost"
                answer += piece
        except ConnectionError:
            return "lost"
        finally:
            self._page.end_wait()
        return answer.decode().rstrip("\n")

    def report(self, message: object) -> None:
        """Send a message to the keeper."""
        channel.send(self._channel, str(message).encode())


def session_job(
    harness: str,
    *,
    program: str = OBEDIENT,
    limits: Limits = Limits(),
    harness_limits: Limits = Limits(),
    items_max: int = 9,
) -> Job:
    """Return the job of a session; *harness* can use `begin`, `ask` and `report`."""
    session = Session(
        harness=_HARNESS + harness, harness_limits=harness_limits, items_max=items_max
    )
    return Job(program=program, questions=(session,), limits=limits)


def start_executor(level: IsolationLevel, *, workers: int = 1) -> LocalExecutor:
    """Start an executor that can run sessions."""
    return LocalExecutor(workers=workers, level=level, preloaded=PRELOADED)


def only(results: Iterable[tuple[int, tuple[Execution, ...]]]) -> Execution:
    """Return the only execution of the only job."""
    [(_, (execution,))] = results
    return execution


def messages(execution: Execution) -> list[str]:
    """Return what the harness reported."""
    assert isinstance(execution.value, tuple)
    return [message.decode() for message in execution.value]
