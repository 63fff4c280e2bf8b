"""The process that owns the sandboxes: one for each host, user and configuration.

In: entries from the processes of a trainer, over a socket. Out: their grades. A client starts it
(`client.py`), and it ends a few seconds after its last client.

A trainer has many processes, threads and event loops, and forks as it likes. So none of them owns
zygotes; and a trainer that is busy cannot delay the thread that watches the guests.

One thread serves the connections. Others grade what waits, in batches (`handlers/gathering`).
"""

import asyncio
import faulthandler
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from threading import Thread
from typing import NoReturn

from nova_code_verifier.adapters.grade import grade_of
from nova_code_verifier.adapters.meeting_point import (
    REFUSED_STATUS,
    MeetingPoint,
    name_for,
    require_same_user,
)
from nova_code_verifier.adapters.messages import grade_frame, read_entry, read_frame
from nova_code_verifier.handlers.executors import start_executor
from nova_code_verifier.handlers.gathering.batches import Gatherer, Graders, Inbox, Waiting
from nova_code_verifier.handlers.gathering.shared_executor import SharedExecutor
from nova_code_verifier.handlers.service import Outcome, Service
from nova_code_verifier.handlers.settings import Settings, read_settings
from nova_code_verifier.sandbox.errors import (
    InvocationError,
    IsolationRefusedError,
    SandboxError,
)
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.verifier.rubric import OutagePolicy

_WAITING_BYTES_MAX = 256 * 2**20


class _Connection:
    """One client: where the grades of its entries go."""

    def __init__(self, writer: asyncio.StreamWriter, loop: asyncio.AbstractEventLoop) -> None:
        self._writer = writer
        self._loop = loop

    def is_open(self) -> bool:
        """Return whether a client still waits for grades."""
        return not self._writer.is_closing()

    def send_grade(self, number: int, outcome: Outcome) -> None:
        """Send the grade of the entry *number*. Called by a grading thread."""
        frame = grade_frame(number, grade_of(outcome))
        with suppress(RuntimeError):  # the loop has ended: so has the client
            self._loop.call_soon_threadsafe(self._write, frame)

    def _write(self, frame: bytes) -> None:
        if self.is_open():
            self._writer.write(frame)


class _Reception:
    """Serves the connections, in a thread of its own."""

    def __init__(
        self,
        listener: socket.socket,
        inbox: Inbox,
        *,
        linger_seconds: float,
        has_waiting_jobs: Callable[[], bool],
    ) -> None:
        """Prepare to serve. *has_waiting_jobs* returns whether all workers are busy."""
        self._listener = listener
        self._inbox = inbox
        self._gatherer = Gatherer(inbox, has_waiting_jobs=has_waiting_jobs)
        self._linger_seconds = linger_seconds
        self._clients = 0
        self._idle_since = time.monotonic()

    def run(self) -> None:
        """Serve until no client has been there for a while."""
        try:
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(self._serve())
        finally:
            self._inbox.close()

    async def _serve(self) -> None:
        server = await asyncio.start_unix_server(self._on_client, sock=self._listener)
        async with server:
            while self._clients or time.monotonic() - self._idle_since < self._linger_seconds:
                await asyncio.sleep(min(1.0, self._linger_seconds))

    async def _on_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(writer, asyncio.get_running_loop())
        self._clients += 1
        try:
            require_same_user(writer.get_extra_info("socket"))
            while True:
                frame = await read_frame(reader)
                number, entry = read_entry(frame)
                waiting = Waiting(
                    entry=entry,
                    deliver=partial(connection.send_grade, number),
                    is_wanted=connection.is_open,
                    size_bytes=len(frame),
                )
                self._gatherer.add(waiting)
                while self._gatherer.waiting_bytes > _WAITING_BYTES_MAX:
                    await asyncio.sleep(0.01)
        except ConnectionError:
            pass
        except (EncodingError, SandboxError) as error:
            _log(str(error))
        finally:
            writer.close()
            self._clients -= 1
            self._idle_since = time.monotonic()


def main(name: str, lock: int, linger_seconds: float) -> None:
    """Start an owner in the background, and return when it listens.

    *lock* is the descriptor of the lock, which the owner holds until it ends. If it cannot start,
    print the reason and exit: with `REFUSED_STATUS` if it may not run programs here.
    """
    settings = replace(read_settings(), on_outage=OutagePolicy.NONE)
    if name_for(settings) != name:
        sys.exit("the files of the settings, or of this package, have just changed")
    ready, report = os.pipe()
    # A grandchild: some trainers (Ray) kill the children of a worker that ends.
    if os.fork():
        os.close(report)
        os.close(lock)
        status, _, problem = os.read(ready, 2**16).decode("utf-8", "replace").partition(" ")
        sys.stdout.write(problem or "the owner of the sandboxes ended at its start")
        sys.exit(int(status or 1))
    os.close(ready)
    _be_owner(name, settings, report, linger_seconds)


def _be_owner(name: str, settings: Settings, report: int, linger_seconds: float) -> NoReturn:
    os.setsid()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    faulthandler.register(signal.SIGUSR1)  # writes the stacks of all threads to the log
    try:
        point = MeetingPoint(name)
        _detach(point)
        point.remove_leftovers()
        with closing(start_executor(settings)) as executor:
            with suppress(InvocationError):  # an executor function that is out of reach now
                _ = executor.level
            shared = SharedExecutor(executor) if isinstance(executor, LocalExecutor) else None
            service = Service(
                shared or executor,
                settings,
                on_bug=lambda _index: traceback.print_exc(),
                on_misjudged=_log,
            )
            inbox = Inbox()
            listener = point.listen()
            reception = _Reception(
                listener,
                inbox,
                linger_seconds=linger_seconds,
                has_waiting_jobs=lambda: shared is not None and shared.has_waiting_jobs,
            )
            Thread(target=reception.run, name="reception", daemon=True).start()
            Graders(inbox, service, shared).start()
            os.write(report, b"0 ready")
            os.close(report)
            inbox.wait_until_closed()
            point.stop_listening()
    except SandboxError as error:
        status = REFUSED_STATUS if isinstance(error, IsolationRefusedError) else 1
        os.write(report, f"{status} {error}".encode("utf-8", "backslashreplace"))
    sys.exit()


def _log(problem: str) -> None:
    sys.stderr.write(f"{problem}\n")


def _detach(point: MeetingPoint) -> None:
    """Leave the files and the directory of the process that started this one."""
    os.chdir("/")
    nothing, log = os.open(os.devnull, os.O_RDONLY), point.open_log()
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(nothing)
    os.close(log)
