"""The processes of the service: one that supervises, and several that serve.

    verifier serve ─┬─ process 1: event loop, queue, grading threads, sandboxes
                    ├─ process 2: the same
                    └─ …

The supervisor holds a listening socket for each process, and nothing else: no sandbox, no thread.
It starts a process again that died, on the same socket. It kills one that hangs: whose event loop
did not change a byte of shared memory for five minutes. The requests of a process that died are
lost: their callers see a closed connection, never a reward. Connections that it had not accepted
wait in the socket for its successor. The kernel spreads new connections over the sockets.

At SIGTERM, SIGINT or SIGHUP, no connection is accepted any more, and each process answers the
requests that it has; the last of them is due at its deadline. Then it ends its sandboxes.
"""

import gc
import mmap
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from nova_code_verifier.handlers.http_service.settings import (
    BACKLOG,
    REFUSED_STATUS,
    ServiceSettings,
)
from nova_code_verifier.sandbox.confinement.kernel import hide_from_peers
from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.host.directory import new_directory

_METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_METRICS_BYTES = 2**18
_LIVED_SECONDS = 30.0  # a process that dies sooner is started again after a pause
_PAUSE_SECONDS_MAX = 30.0
_LOOK_SECONDS = 0.5
_SILENT_LOOKS_MAX = 600  # looks, not seconds: after a pause of the whole machine, all is well

RunProcess = Callable[[socket.socket, int, mmap.mmap], None]
"""Serves on a listening socket, until a descriptor is closed at its other end, or SIGTERM.

It changes the first byte of a shared memory again and again, and never to 0.
"""


def address_of(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """Return the family and the address of *host*, IPv4 if it has both. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = min(found, key=lambda each: each[0])
    return family, (str(address[0]), int(address[1]))


def listen(
    family: socket.AddressFamily, address: tuple[str, int], count: int
) -> list[socket.socket]:
    """Return so many sockets that listen on the same address. Raises OSError."""
    # Alone, it notices that another program listens there. The others could share its port.
    with _bound(socket.socket(family), address) as first:
        first.listen(1)
        address = first.getsockname()
    listeners: list[socket.socket] = []
    for _ in range(count):
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _bound(listener, address).listen(BACKLOG)
        listeners.append(listener)
    return listeners


def _bound(listener: socket.socket, address: tuple[str, int]) -> socket.socket:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    return listener


def serve(
    settings: ServiceSettings,
    listeners: Sequence[socket.socket],
    *,
    on_start: Callable[[], None],
) -> bool:
    """Serve with one process for each of *listeners*, until a signal asks to end.

    *on_start* is called before the first process starts. Return whether every accepted request was
    answered. The caller must have no other thread. Raises SandboxError if there is no disk for the
    metrics.
    """
    hide_from_peers()  # this memory holds the token, and later references
    with _metrics_directory() as directory:
        # Now: prometheus_client looks for the directory when it is imported.
        from nova_code_verifier.handlers.http_service.process import run_process  # noqa: PLC0415

        on_start()
        gc.freeze()  # the processes share what was loaded

        def run(listener: socket.socket, parent: int, heartbeat: mmap.mmap) -> None:
            try:
                _reserve_disk(directory)
            except OSError as error:
                _report(f"no process can start: {error.strerror} ({directory})")
                sys.exit(1)
            run_process(settings, listener, parent, heartbeat)

        return _Supervisor(listeners, run).run()


@contextmanager
def _metrics_directory() -> Iterator[Path]:
    """Make a directory in which all processes count.

    If all of them are killed, the next executor on this machine removes it.
    """
    try:
        directory, lock = new_directory()
    except OSError as error:
        raise _no_room(error) from None
    os.fchmod(lock, 0o700)
    os.environ[_METRICS_VARIABLE] = str(directory)
    try:
        try:
            _reserve_disk(directory)
        except OSError as error:
            raise _no_room(error) from None
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        os.close(lock)


def _no_room(error: OSError) -> SandboxError:
    return SandboxError(f"no disk for metrics in {tempfile.gettempdir()}: {error.strerror}")


def _reserve_disk(directory: Path) -> None:
    """Reserve the disk for the metrics of this process. Raises OSError.

    prometheus_client maps files with holes: a count would kill the process where the disk is full.
    """
    for kind in ("counter", "histogram", "gauge_livesum"):
        with (directory / f"{kind}_{os.getpid()}.db").open("ab") as file:
            os.posix_fallocate(file.fileno(), 0, _METRICS_BYTES)


@dataclass(slots=True, kw_only=True)
class _Slot:
    """A listening socket, and the process that serves it now, if one does."""

    listener: socket.socket
    pid: int = 0
    started_at: float = 0.0
    due_at: float = 0.0
    deaths: int = 0
    heartbeat: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, 1))
    seen: int = 0
    silent_looks: int = 0


class _Supervisor:
    """Keeps a process on each socket."""

    def __init__(self, listeners: Sequence[socket.socket], run: RunProcess) -> None:
        self._slots = [_Slot(listener=listener) for listener in listeners]
        self._run_process = run
        self._is_stopping = False
        self._is_clean = True
        self._alive, self._parent = os.pipe()
        self._signals = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT}
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as `nohup` asks
            self._signals.add(signal.SIGHUP)

    def run(self) -> bool:
        """Supervise until the end; return whether nothing was lost at the end."""
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, self._signals)
        try:
            while self._start_due() or any(slot.pid for slot in self._slots):
                received = signal.sigtimedwait(self._signals, _LOOK_SECONDS)
                if not received:
                    self._kill_silent()
                elif received.si_signo != signal.SIGCHLD:
                    if self._is_stopping:  # the second one: do not wait for the answers
                        self._is_clean = False
                        self._kill(signal.SIGKILL)
                    self._stop()
                self._reap()
        finally:
            self._kill(signal.SIGKILL)
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        return self._is_clean

    def _start_due(self) -> bool:
        """Start the processes that are due. Return whether any may be started, now or later."""
        for slot in self._slots:
            if not (self._is_stopping or slot.pid) and time.monotonic() >= slot.due_at:
                self._start(slot)
        return not self._is_stopping

    def _start(self, slot: _Slot) -> None:
        slot.started_at = time.monotonic()
        slot.heartbeat[0] = 0  # it is starting
        try:
            slot.pid = os.fork()
        except OSError as error:  # this machine has too little now
            self._plan_restart(slot)
            _report(f"no new process: {error}")
            return
        if slot.pid:
            return
        status = 1
        try:
            os.setpgid(0, 0)  # Ctrl-C in a terminal reaches the supervisor alone
            for number in self._signals:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
            os.close(self._parent)
            for other in self._slots:
                if other is not slot:
                    other.listener.close()
            self._run_process(slot.listener, self._alive, slot.heartbeat)
            status = 0
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else 1
        except BaseException:  # noqa: BLE001  (this process must not go on as a copy of its parent)
            sys.excepthook(*sys.exc_info())
        finally:
            with suppress(Exception):
                sys.stderr.flush()
            os._exit(status)

    def _kill_silent(self) -> None:
        """Kill the processes that hang, or were stopped: their callers would wait without end."""
        for slot in self._slots:
            beat = slot.heartbeat[0]
            slot.silent_looks = slot.silent_looks + 1 if 0 < beat == slot.seen else 0
            slot.seen = beat
            if slot.pid and slot.silent_looks > _SILENT_LOOKS_MAX:
                slot.silent_looks = 0
                _report(f"process {slot.pid} hangs: it is killed")
                os.kill(slot.pid, signal.SIGKILL)

    def _reap(self) -> None:
        """Take note of processes that have ended."""
        from nova_code_verifier.handlers.http_service import metrics  # noqa: PLC0415  (see `serve`)

        by_pid = {slot.pid: slot for slot in self._slots if slot.pid}
        for pid, code in _ended_children():
            slot = by_pid.get(pid)
            if slot is None:
                continue  # in a container, we may be the parent of all orphans
            slot.pid = 0
            metrics.forget_process(pid)
            if code == REFUSED_STATUS:
                self._is_clean = False
                self._stop()
            elif self._is_stopping:
                self._is_clean &= code in (0, -signal.SIGTERM)  # before it accepted anything
            else:
                self._plan_restart(slot)
                metrics.RESTARTS.inc()
                _report(f"process {pid} ended with {_ending(code)}; its requests are lost")

    @staticmethod
    def _plan_restart(slot: _Slot) -> None:
        now = time.monotonic()
        slot.deaths = 0 if now - slot.started_at > _LIVED_SECONDS else slot.deaths + 1
        pause = min(2.0**slot.deaths / 2, _PAUSE_SECONDS_MAX) if slot.deaths > 1 else 0.0
        slot.due_at = now + pause

    def _stop(self) -> None:
        """Accept no connection any more, and let every process finish."""
        if not self._is_stopping:
            self._is_stopping = True
            for slot in self._slots:
                slot.listener.close()
            self._kill(signal.SIGTERM)

    def _kill(self, number: int) -> None:
        for slot in self._slots:
            if slot.pid:
                os.kill(slot.pid, number)


def _ended_children() -> Iterator[tuple[int, int]]:
    """Yield the ids and the exit codes of all children that have ended."""
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            yield pid, os.waitstatus_to_exitcode(status)


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def _report(problem: str) -> None:
    with suppress(OSError):
        sys.stderr.write(f"verifier: {problem}\n")
        sys.stderr.flush()
