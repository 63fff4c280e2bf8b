"""The process that owns the sandboxes: one for each host, user and configuration.

In: entries from the processes of a trainer, over a socket. Out: their grades. A client starts it
(`client.py`), and it ends a few seconds after its last client.

A trainer has many processes, threads and event loops, and forks as it likes. So none of them owns
zygotes; and a trainer that is busy cannot delay the thread that watches the guests.

One thread serves the connections. Several threads each grade all that waits as one batch, again and
again, on one executor (`shared_executor.py`): callers join the next batch, and wait neither in line
nor for the slowest program of another batch.
"""

import asyncio
import faulthandler
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import NoReturn

from nova_code_verifier.adapters.grade import Grade, grade_of, outage
from nova_code_verifier.adapters.meeting_point import (
    REFUSED_STATUS,
    MeetingPoint,
    name_for,
    require_same_user,
)
from nova_code_verifier.adapters.messages import grade_frame, read_entry, read_frame
from nova_code_verifier.handlers.executors import start_executor
from nova_code_verifier.handlers.service import Service
from nova_code_verifier.handlers.settings import Settings, read_settings
from nova_code_verifier.handlers.shared_executor import SharedExecutor
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.errors import (
    InvocationError,
    IsolationRefusedError,
    SandboxError,
)
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.verifier.rubric import OutagePolicy

_THREADS = 16
_GATHER_SECONDS = 0.003
_GATHER_ATTEMPTS = 5  # no caller waits for the end of another one's slow programs
_ATTEMPTS = 3
_PAUSE_SECONDS = 0.5
_WAITING_BYTES_MAX = 256 * 2**20


class _Connection:
    """One client: where the grades of its entries go."""

    def __init__(self, writer: asyncio.StreamWriter, loop: asyncio.AbstractEventLoop) -> None:
        self._writer = writer
        self._loop = loop

    @property
    def is_open(self) -> bool:
        """Return whether a client still waits for grades."""
        return not self._writer.is_closing()

    def send(self, frame: bytes) -> None:
        """Send a frame. Called by the grading thread."""
        with suppress(RuntimeError):  # the loop has ended: so has the client
            self._loop.call_soon_threadsafe(self._write, frame)

    def _write(self, frame: bytes) -> None:
        if self.is_open:
            self._writer.write(frame)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """An entry that waits, its number at its client, and how many bytes it was sent in."""

    connection: _Connection
    number: int
    entry: Entry
    size_bytes: int
    attempts: int = 0


class _Inbox:
    """The queue of batches: connections fill it, and grading threads empty it."""

    def __init__(self) -> None:
        self._batches: SimpleQueue[list[_Waiting]] = SimpleQueue()
        self._lock = Lock()
        self._closed = Event()
        self.waiting_bytes = 0

    @property
    def is_closed(self) -> bool:
        """Return whether no client is left."""
        return self._closed.is_set()

    def put(self, batch: list[_Waiting]) -> None:
        """Add entries."""
        self._count(batch, 1)
        self._batches.put(batch)

    def take(self) -> list[_Waiting]:
        """Wait for entries and take all of them; none when the inbox is closed."""
        taken = self._batches.get()
        with suppress(Empty):
            while True:
                taken += self._batches.get_nowait()
        self._count(taken, -1)
        if self.is_closed:
            self._batches.put([])  # for the next thread
        return taken

    def close(self) -> None:
        """End all waiting."""
        self._closed.set()
        self._batches.put([])

    def wait_until_closed(self) -> None:
        """Wait for the end."""
        self._closed.wait()

    def _count(self, batch: list[_Waiting], sign: int) -> None:
        with self._lock:
            self.waiting_bytes += sign * sum(one.size_bytes for one in batch)


class _Reception:
    """Serves the connections, in a thread of its own."""

    def __init__(
        self,
        listener: socket.socket,
        inbox: _Inbox,
        *,
        linger_seconds: float,
        has_waiting_jobs: Callable[[], bool],
    ) -> None:
        """Prepare to serve. *has_waiting_jobs* returns whether all workers are busy."""
        self._has_waiting_jobs = has_waiting_jobs
        self._listener = listener
        self._inbox = inbox
        self._linger_seconds = linger_seconds
        self._clients = 0
        self._gathered: list[_Waiting] = []
        self._gathered_bytes = 0
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
                size = len(frame)
                waiting = _Waiting(
                    connection=connection, number=number, entry=entry, size_bytes=size
                )
                self._gather(waiting)
                while self._inbox.waiting_bytes + self._gathered_bytes > _WAITING_BYTES_MAX:
                    await asyncio.sleep(0.01)
        except ConnectionError:
            pass
        except (EncodingError, SandboxError) as error:
            _log(str(error))
        finally:
            writer.close()
            self._clients -= 1
            self._idle_since = time.monotonic()

    def _gather(self, waiting: _Waiting) -> None:
        """Wait a moment for more: equal programs of a batch are judged once.

        This timer wakes only the thread that serves the connections, and not one for each entry.
        """
        if not self._gathered:
            asyncio.get_running_loop().call_later(_GATHER_SECONDS, self._hand_over)
        self._gathered.append(waiting)
        self._gathered_bytes += waiting.size_bytes

    def _hand_over(self, attempts: int = 1) -> None:
        """Hand the entries to a grading thread; later, while jobs wait for a worker anyway."""
        if self._has_waiting_jobs() and attempts < _GATHER_ATTEMPTS:
            later = asyncio.get_running_loop().call_later
            later(_GATHER_SECONDS, self._hand_over, attempts + 1)
            return
        batch, self._gathered, self._gathered_bytes = self._gathered, [], 0
        self._inbox.put(batch)


class _Grading:
    """Grades what waits, until the inbox is closed."""

    def __init__(self, inbox: _Inbox, service: Service, settings: Settings) -> None:
        self._inbox = inbox
        self._service = service
        self._rubric = settings.rubric

    def run(self) -> None:
        """Grade batch after batch."""
        while not self._inbox.is_closed:
            batch = self._inbox.take()
            again = self._grade([one for one in batch if one.connection.is_open])
            if again:
                time.sleep(_PAUSE_SECONDS)
                self._inbox.put(again)

    def _grade(self, batch: Sequence[_Waiting]) -> list[_Waiting]:
        """Grade a batch; return what has to be graded again. The last attempt grades one by one.

        So a bug that ends a whole batch costs no other sample its reward.
        """
        last = [one for one in batch if one.attempts == _ATTEMPTS - 1]
        again = self._score([one for one in batch if one.attempts < _ATTEMPTS - 1])
        for one in last:
            self._score([one])
        return again

    def _score(self, batch: Sequence[_Waiting]) -> list[_Waiting]:
        entries = [one.entry for one in batch]
        left = dict(enumerate(batch))
        again = []
        problem = "the batch was not graded to its end"
        try:
            for outcome in self._service.score(entries) if entries else ():
                again += self._finish(left.pop(outcome.index), grade_of(outcome))
                if self._inbox.is_closed:
                    return []
        except SandboxError as error:
            problem = str(error)
        except Exception:  # noqa: BLE001  (the entry point: a bug must not end the owner)
            traceback.print_exc()
            problem = "a bug of the verifier's own; see the owner's log"
        for one in left.values():
            again += self._finish(one, outage(problem, self._rubric))
        return again

    def _finish(self, one: _Waiting, grade: Grade) -> list[_Waiting]:
        """Send the grade, or return the entry if an outage may have passed the next time."""
        if grade.is_outage and one.attempts < _ATTEMPTS - 1:
            return [replace(one, attempts=one.attempts + 1)]
        one.connection.send(grade_frame(one.number, grade))
        return []


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
            inbox = _Inbox()
            listener = point.listen()
            reception = _Reception(
                listener,
                inbox,
                linger_seconds=linger_seconds,
                has_waiting_jobs=lambda: shared is not None and shared.has_waiting_jobs,
            )
            Thread(target=reception.run, name="reception", daemon=True).start()
            grading = _Grading(inbox, service, settings)
            for number in range(_THREADS if shared else 1):
                Thread(target=grading.run, name=f"grading-{number}", daemon=True).start()
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
