"""A worker: one zygote, its control socket and its work directory.

In: requests to fork. Out: the packets of the zygote (`sandbox/guest/zygote.py`).
"""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import nova_code_verifier
from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.guest.work_directory import remove as remove_directory
from nova_code_verifier.sandbox.host import usage
from nova_code_verifier.sandbox.host.directory import end_processes
from nova_code_verifier.sandbox.protocol.control import DRAIN, DRAINED, PACKET_BYTES_MAX, read_ready
from nova_code_verifier.sandbox.types import IsolationLevel

# Not resolved: in a clone of the repository the folders are links, and the code has one name.
_PACKAGE = Path(nova_code_verifier.__file__).parent
_CODE_DIRECTORY = _PACKAGE.parent
_ZYGOTE = _PACKAGE / "sandbox" / "guest" / "start.py"
_START_SECONDS = 20.0
_LOOK_SECONDS = 0.25  # if this process is stopped while it waits, no more is lost
_EXIT_SECONDS = 2.0
_EXIT_OUTPUT_BYTES_MAX = 2**12

# An interpreter reads these at its start. The zygote gets no other variable of ours: the
# environment of a reward function holds credentials.
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "JOBLIB_MULTIPROCESSING": "0",  # scikit-learn would ask for semaphores, and count processors
    "LD_BIND_NOW": "1",  # otherwise each guest resolves the same symbols, and copies pages for it
    "LOGNAME": "guest",
    "MALLOC_ARENA_MAX": "1",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "NUMEXPR_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PATH": "/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONINTMAXSTRDIGITS": "0",
    "PYTHONNOUSERSITE": "1",
    "PYTHONSAFEPATH": "1",
    "TZ": "UTC",
    "USER": "guest",
}


class WorkerLostError(SandboxError):
    """The zygote has ended."""


class Worker:
    """One zygote: started by the constructor, ready when `wait_ready` returns."""

    def __init__(
        self,
        *,
        number: int,
        level: IsolationLevel,
        directory: Path,
        preloaded: tuple[str, ...] = (),
        libraries: tuple[str, ...] = (),
    ) -> None:
        """Start the zygote of worker *number*, with a work directory below *directory*.

        The zygote imports the modules *preloaded*, so that its guests find them imported; and those
        of *libraries* that are installed.
        """
        self.number = number
        self.preloaded = preloaded
        self.libraries = libraries
        self.level = level
        self.granted: dict[str, object] = {}
        self.refusal: str | None = None
        self.is_closed = False
        # A new name each time: files of a lost worker never get into another worker.
        self.directory = Path(_new_directory(directory, number))
        self.writable = work_directory, tmp_directory = (
            self.directory / "work",
            self.directory / "tmp",
        )
        try:
            self.control, zygote_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError as error:
            raise SandboxError(f"a zygote could not be started: {error}") from error
        settings = {
            "code_directory": str(_CODE_DIRECTORY),
            "control_fd": zygote_end.fileno(),
            "level": level,
            "libraries": libraries,
            "preloaded": preloaded,
            "tmp_directory": str(tmp_directory),
            "work_directory": str(work_directory),
        }
        command = [sys.executable, str(_ZYGOTE), json.dumps(settings)]
        try:
            work_directory.mkdir(0o700)
            tmp_directory.mkdir(0o700)
            self._process = _start(
                command, zygote_end, home=work_directory, tmp_directory=tmp_directory
            )
        except OSError as error:
            self.control.close()
            raise SandboxError(f"a zygote could not be started: {error}") from error
        finally:
            zygote_end.close()

    @property
    def zygote_pid(self) -> int:
        """Return the zygote's process id."""
        return self._process.pid

    @cached_property
    def held_bytes(self) -> int:
        """Return the memory that a guest holds from its start, because its zygote has loaded it."""
        is_big = self.libraries or self.preloaded
        return usage.usage(self.zygote_pid).resident_bytes if is_big else 0

    def wait_ready(self) -> bool:
        """Wait until the zygote is ready. Return False if the kernel refuses the level.

        Raises SandboxError, and closes the worker, if the zygote does not get ready.
        """
        try:
            if not self.granted and self.refusal is None:
                self.granted, self.refusal = read_ready(self._receive_in_time())
        except TimeoutError as error:
            self.close()
            raise SandboxError("a zygote did not start in time") from error
        except WorkerLostError:
            self.close()
            raise
        return self.refusal is None

    def send(self, packet: bytes, descriptors: Sequence[int] = ()) -> None:
        """Send a packet of `sandbox/protocol/control.py`, with descriptors if it is a request.

        Raises WorkerLostError.
        """
        try:
            if descriptors:
                socket.send_fds(self.control, [packet], descriptors)
            else:
                self.control.send(packet)
        except OSError as error:
            raise WorkerLostError(self._exit_output()) from error

    def begin_drain(self) -> None:
        """Ask the zygote to report when it has nothing left to do. Raises WorkerLostError."""
        self.send(DRAIN)

    def end_drain(self) -> None:
        """Discard the zygote's packets until it has nothing left to do. Raises WorkerLostError."""
        try:
            while self._receive_in_time() != DRAINED:
                pass
        except TimeoutError as error:
            raise WorkerLostError("a zygote does not answer") from error

    def _receive_in_time(self) -> bytes:
        """Return the next packet, which must come soon. Raises WorkerLostError or TimeoutError."""
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        for _ in range(round(_START_SECONDS / _LOOK_SECONDS)):
            if poll.poll(_LOOK_SECONDS * 1000):
                return self.receive()
        raise TimeoutError

    def receive(self) -> bytes:
        """Wait for the zygote's next packet and return it. Raises WorkerLostError."""
        try:
            packet = self.control.recv(PACKET_BYTES_MAX)
        except ConnectionError:
            packet = b""
        if not packet:
            raise WorkerLostError(self._exit_output())
        return packet

    def close(self) -> None:
        """End the zygote and its guest, and remove their directories."""
        self.is_closed = True
        with contextlib.suppress(OSError):
            self.control.shutdown(socket.SHUT_RDWR)  # the zygote kills its guest and exits
        self.control.close()
        try:
            self._process.wait(_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        with contextlib.suppress(OSError):
            # A guest may have outlived its zygote: not every level forbids that.
            end_processes(self.directory)
        remove_directory(str(self.directory))

    def detach(self) -> None:
        """Close our copy of a worker that belongs to the process which forked this one."""
        self.control.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.returncode = 0  # so that `subprocess` neither waits for it nor warns

    def _exit_output(self) -> str:
        self._process.kill()
        status = self._process.wait()
        assert self._process.stdout is not None  # noqa: S101  (it was opened as a pipe)
        output = os.read(self._process.stdout.fileno(), _EXIT_OUTPUT_BYTES_MAX)
        return f"a zygote ended ({status}): {output.decode('utf-8', 'replace').strip()}"


def _new_directory(directory: Path, number: int) -> str:
    try:
        return tempfile.mkdtemp(prefix=f"worker-{number}-", dir=directory)
    except OSError as error:
        raise SandboxError(f"no work directory for a guest: {error}") from error


def _start(
    command: list[str], control: socket.socket, *, home: Path, tmp_directory: Path
) -> subprocess.Popen[bytes]:
    environment = _ENVIRONMENT | {"TMPDIR": str(tmp_directory), "HOME": str(home)}
    if "LD_LIBRARY_PATH" in os.environ:  # some interpreters, Lambda's too, need it to start
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    return subprocess.Popen(  # noqa: S603  (our own interpreter, our own file)
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        pass_fds=[control.fileno()],
        cwd="/",
        start_new_session=True,
    )
