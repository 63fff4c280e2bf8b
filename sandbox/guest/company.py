"""Run a program several times in one guest, each time as if it were the first.

Only for programs that leave no trace (`verifier/program/traces.py`): what such a program can change
is renewed here for each run. A run that fails prints and reports the same as in a guest of its own.
The keeper (`sandbox/host/company_keeper.py`) sends the descriptors of the next run after the end of
the one before.
"""

import gc
import marshal
import os
import socket
import sys
import warnings
from io import BufferedReader, BufferedWriter, FileIO, TextIOWrapper
from typing import Any

from nova_code_verifier.sandbox.confinement.confine import CHANNEL_FD
from nova_code_verifier.sandbox.guest.main import PROGRAM_NAME, Guest, run_program
from nova_code_verifier.sandbox.protocol.channel import send
from nova_code_verifier.sandbox.protocol.guest_messages import MessageKind, write_message

_DESCRIPTORS = 2  # stdin and stdout
_SPACE = socket.CMSG_SPACE(_DESCRIPTORS * 4)


def serve_runs(guest: Guest, prelude: bytes, program: bytes) -> None:
    """Run the program as often as the guest has to. Never returns."""
    _serve(prelude, program, guest.request.runs)


def _serve(prelude: bytes, program: bytes, runs: int) -> None:
    try:
        with warnings.catch_warnings():
            # A guest of its own prints a warning for each run. This one would print a single one.
            warnings.simplefilter("error", SyntaxWarning)
            code = marshal.dumps(compile(program, PROGRAM_NAME, "exec", dont_inherit=True))
    except BaseException:  # noqa: BLE001  (the candidate's: another guest will report it)
        os._exit(1)
    state = _State(program + prelude)
    keeper = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=CHANNEL_FD)
    for number in range(runs):
        if number:
            state.release()
            _receive_descriptors(keeper)
        state.renew()
        # As deep in the stack as in `sandbox/guest/main.py`, and with code that has never run: how
        # deep a program can recurse depends on what the interpreter has specialised.
        run_program.__code__ = run_program.__code__.replace()
        status = run_program(prelude, program, marshal.loads(code), is_last=False)  # noqa: S302
        if status and state.has_short_stack:
            # From Python 3.13 on, whether there is room to load `traceback` depends on the runs
            # before, and so does the text of a traceback.
            os._exit(1)
        send(CHANNEL_FD, write_message(MessageKind.ENDED, str(status)))
    os._exit(0)


def _receive_descriptors(keeper: socket.socket) -> None:
    _, ancillary, _, _ = keeper.recvmsg(1, _SPACE)
    if not ancillary:
        os._exit(1)  # the keeper has ended
    for target, fd in enumerate(memoryview(ancillary[0][2]).cast("i")):
        if fd != target:
            os.dup2(fd, target)
            os.close(fd)


class _State:
    """What programs may change although they leave no trace."""

    def __init__(self, text: bytes) -> None:
        """Remember the state; *text* says which parts of it the program can change at all."""
        self._recursion_limit = sys.getrecursionlimit()
        self._digits = sys.get_int_max_str_digits()
        # Loaded already, and by the zygote alone: it must not reseed itself in guests.
        self._random = sys.modules["random"]
        self._drawn = self._random.getstate() if b"random" in text else None
        self._has_decimal = b"decimal" in text
        # Such a program cannot reach stderr.
        self._streams: dict[str, Any] = {name: getattr(sys, name) for name in ("stdin", "stdout")}

    @property
    def has_short_stack(self) -> bool:
        """Whether the program has lowered the recursion limit."""
        return sys.getrecursionlimit() < self._recursion_limit

    def release(self) -> None:
        """Free the objects of the last run.

        A file of `open(0)` that is freed later would close the descriptor of the next run.
        """
        sys.argv = []
        for name in self._streams:
            setattr(sys, name, None)
            setattr(sys, f"__{name}__", None)
        gc.collect()

    def renew(self) -> None:
        """Restore the state as it was before the first run."""
        for fd, (name, first) in enumerate(self._streams.items()):
            stream = _new_stream(fd, first)
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
        sys.setrecursionlimit(self._recursion_limit)
        sys.set_int_max_str_digits(self._digits)
        if self._drawn:
            self._random.setstate(self._drawn)
        if self._has_decimal and (decimal := sys.modules.get("decimal")):
            decimal.setcontext(decimal.DefaultContext)  # a copy of it


def _new_stream(fd: int, like: Any) -> TextIOWrapper:  # noqa: ANN401  (the interpreter's stream)
    """Return a standard stream as the interpreter makes it."""
    raw = FileIO(fd, "wb" if fd else "rb", closefd=False)
    raw.name = like.name
    stream = TextIOWrapper(
        BufferedWriter(raw) if fd else BufferedReader(raw),
        like.encoding,
        like.errors,
        newline="\n",
        line_buffering=like.line_buffering,
    )
    stream.mode = like.mode  # type: ignore[misc]
    return stream
