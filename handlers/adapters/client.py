"""The client of the process that owns the sandboxes: one in each process of a trainer.

In: entries, from any thread. Out: futures of their grades. A background thread holds the
connection; it starts the owner if there is none, and again if the owner is lost. An entry that
cannot be graded after several attempts is ungraded, as an outage.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from contextlib import closing, suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from weakref import WeakSet

from nova_code_verifier.adapters.grade import Grade, outage
from nova_code_verifier.adapters.meeting_point import REFUSED_STATUS, MeetingPoint, name_for
from nova_code_verifier.adapters.messages import entry_frame, read_frame, read_grade
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.errors import IsolationRefusedError, SandboxError
from nova_code_verifier.sandbox.protocol.encoding import EncodingError

LINGER_SECONDS = 10.0
"""So long an owner without clients waits for others, such as the next worker of a pool."""

_ATTEMPTS = 4
_PAUSE_SECONDS = 0.2
_START_SECONDS = 120.0
_POLL_SECONDS = 0.02
_EXIT_SECONDS = 2.0
_OWNER = (
    "import json, sys; given = json.loads(sys.argv[1]); sys.path[:] = given.pop('import_path'); "
    "from nova_code_verifier.adapters.owner import main; main(**given)"
)


class Client:
    """Grades entries in the process that owns the sandboxes. Safe to share between threads.

    A process that is forked from this one gets a connection of its own.
    """

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        """Prepare a client. *environment* is what the owner reads the *settings* from."""
        self._settings = settings
        self._environment = dict(environment)
        self._inherited: list[object] = []  # of the parent: never used, and never freed
        self._lock = Lock()
        self._link: _Link | None = None
        _CLIENTS.add(self)

    def submit(self, entry: Entry) -> Future[Grade]:
        """Send an entry, and return the future of its grade.

        The future raises IsolationRefusedError if programs may not run here.
        """
        with self._lock:
            if self._link is None:
                try:
                    self._link = _Link(self._settings, self._environment)
                except (OSError, RuntimeError) as error:  # no descriptor or thread is left
                    failed: Future[Grade] = Future()
                    failed.set_result(outage(f"no connection: {error}", self._settings.rubric))
                    return failed
            return self._link.start(self._link.grade(entry))

    def close(self) -> None:
        """Close the connection. Entries without a grade are cancelled."""
        with self._lock:
            link, self._link = self._link, None
        if link:
            link.close()

    def after_fork(self) -> None:
        """Leave the connection to the parent: its thread does not exist here."""
        if self._link:
            self._link.leave_to_parent()
            self._inherited.append(self._link)
        self._lock, self._link = Lock(), None


class _Link:
    """The background thread, its event loop and its connection."""

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        self._settings = settings
        self._environment = environment
        self._loop = asyncio.SelectorEventLoop()
        self._opening = asyncio.Lock()
        self._peer: _Peer | None = None
        self._thread = Thread(target=self._run, name="verifier-client", daemon=True)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, Grade]) -> Future[Grade]:
        """Run *work* in the background."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def grade(self, entry: Entry) -> Grade:
        """Send an entry and return its grade; try again if the owner is lost."""
        problem = ""
        for attempt in range(_ATTEMPTS):
            try:
                return await (await self._connected()).ask(entry)
            except EncodingError as error:
                entry = Entry(id=entry.id, problem=f"reference: not plain data ({error})")
            except IsolationRefusedError:
                raise
            except (OSError, SandboxError) as error:
                problem = str(error)
            await asyncio.sleep(attempt * _PAUSE_SECONDS)
        return outage(f"the owner of the sandboxes was lost: {problem}", self._settings.rubric)

    def close(self) -> None:
        """End the thread, which closes everything."""
        with suppress(RuntimeError):  # it has ended
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_EXIT_SECONDS)

    def leave_to_parent(self) -> None:
        """Close our copy of the socket, so that the owner notices the end of the parent."""
        if self._peer:
            self._peer.leave_to_parent()

    async def _connected(self) -> "_Peer":
        async with self._opening:
            if self._peer is None or self._peer.is_lost:
                connected = connect(self._settings, self._environment)
                self._peer = await _Peer.open(connected)
            return self._peer

    def _run(self) -> None:
        try:
            self._loop.run_forever()
        finally:
            tasks = asyncio.all_tasks(self._loop)
            for task in tasks:
                task.cancel()
            if self._peer:
                self._peer.close()
            if tasks:
                self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self._loop.close()


class _Peer:
    """A connection to an owner."""

    def __init__(
        self, connected: socket.socket, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._socket = connected
        self._reader = reader
        self._writer = writer
        self._sending = asyncio.Lock()
        self._count = 0
        self._waiting: dict[int, asyncio.Future[Grade]] = {}
        self._reading = asyncio.ensure_future(self._read())

    @classmethod
    async def open(cls, connected: socket.socket) -> "_Peer":
        """Return the connection over a socket."""
        reader, writer = await asyncio.open_unix_connection(sock=connected)
        return cls(connected, reader, writer)

    @property
    def is_lost(self) -> bool:
        """Return whether the owner has ended."""
        return self._reading.done()

    async def ask(self, entry: Entry) -> Grade:
        """Send an entry and return its grade.

        Raises ConnectionError, and EncodingError for an entry that is no plain data.
        """
        number = self._count = self._count + 1
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            async with self._sending:
                if self.is_lost:
                    raise ConnectionError("the connection was closed")
                self._writer.write(entry_frame(number, entry))
                await self._writer.drain()
            grade: Grade = await answer
        finally:
            del self._waiting[number]
        return grade

    def close(self) -> None:
        """Close the connection."""
        self._reading.cancel()
        self._writer.close()

    def leave_to_parent(self) -> None:
        """Close our copy of the socket."""
        with suppress(OSError):
            os.close(self._socket.detach())

    async def _read(self) -> None:
        problem = "the connection was closed"
        try:
            while True:
                number, grade = read_grade(await read_frame(self._reader))
                answer = self._waiting.get(number)
                if answer and not answer.done():
                    answer.set_result(grade)
        except (OSError, EncodingError) as error:
            problem = str(error)
        finally:
            self._writer.close()
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(ConnectionError(problem))


def connect(settings: Settings, environment: Mapping[str, str]) -> socket.socket:
    """Connect to the owner; start one if there is none.

    Raises SandboxError if it does not start, and IsolationRefusedError if it never will.
    """
    name = name_for(settings)
    with closing(MeetingPoint(name)) as point:
        waits = round(_START_SECONDS / _POLL_SECONDS)
        for _ in range(waits):
            if connected := point.connect():
                return connected
            lock = point.lock()
            if lock is None:  # another process starts an owner, or an old owner ends
                time.sleep(_POLL_SECONDS)
                continue
            try:
                if connected := point.connect():
                    return connected
                _start_owner(name, lock, environment)
            finally:
                point.leave_lock(lock)
        raise SandboxError(f"no owner within {_START_SECONDS:g} s; see {point.log_path}")


def _start_owner(name: str, lock: int, environment: Mapping[str, str]) -> None:
    given = {
        "import_path": list(filter(None, map(_absolute, sys.path))),
        "linger_seconds": LINGER_SECONDS,
        "lock": lock,
        "name": name,
    }
    try:
        started = subprocess.run(  # noqa: S603  (our own interpreter, our own module)
            # -P: or a json.py in the trainer's directory is imported in place of Python's own.
            [sys.executable, "-P", "-c", _OWNER, json.dumps(given)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=dict(environment),
            pass_fds=[lock],
            timeout=_START_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxError(f"the owner of the sandboxes does not start: {error}") from None
    problem = (started.stderr + started.stdout).decode("utf-8", "replace").strip()
    if started.returncode == REFUSED_STATUS:
        raise IsolationRefusedError(problem)
    if started.returncode:
        raise SandboxError(f"the owner of the sandboxes does not start: {problem}")


def _absolute(path: str) -> str | None:
    """Return the absolute path; None if it is in a current directory that was removed."""
    try:
        return str(Path(path).absolute())
    except FileNotFoundError:
        return None


_CLIENTS: WeakSet[Client] = WeakSet()


def _after_fork() -> None:
    for client in list(_CLIENTS):
        client.after_fork()


os.register_at_fork(after_in_child=_after_fork)
