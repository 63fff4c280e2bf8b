"""What attacks are aimed at: a file, a directory and a server that only the sandbox protects."""

import contextlib
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.behaviours.isolation import HELPERS, build_library
from tests.paths import REPOSITORY

_SECRET = "the-answer-is-42"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A file with a *secret* in it, in a directory; and a port at which somebody listens."""

    marker: str
    outside: str
    secret: str
    port: int
    listener: socket.socket | None = None

    def prelude(self, *, workers: tuple[str, ...], is_strict: bool) -> str:
        """Return the beginning of an attack. *workers* are directories of other guests."""
        facts = {
            "MARKER": self.marker,
            "OUTSIDE": self.outside,
            "PORT": self.port,
            "THIS_FILE": __file__,
            "SANDBOX": str(REPOSITORY / "sandbox"),
            "WORKERS": workers,
            "STRICT": is_strict,
            "LIBRARY": build_library(self.marker),
        }
        return "".join(f"{name} = {fact!r}\n" for name, fact in facts.items()) + HELPERS

    def was_called(self) -> bool:
        """Return whether something has connected to the port."""
        with contextlib.suppress(BlockingIOError):
            if self.listener:
                self.listener.accept()[0].close()
                return True
        return False

    def state(self) -> list[tuple[str, int, int, int]]:
        """Return everything here that a guest could have changed."""
        made = [
            path
            for tree in (sys.prefix, "/tmp", "/dev/shm")
            for path in Path(tree).glob("made-by-*")
        ]
        files = sorted([*Path(self.outside).rglob("*"), *made]) if self.listener else made
        return [
            (str(file), (status := file.stat()).st_size, status.st_mode, status.st_mtime_ns)
            for file in files
        ]


@contextmanager
def target_here() -> Iterator[Target]:
    """Make a target on this machine, which every user may read and write."""
    with (
        tempfile.TemporaryDirectory(prefix="outside-") as name,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        listener.settimeout(0)
        folder = Path(name)
        (folder / "usr" / "lib").mkdir(parents=True)
        for file in ("marker", "usr/lib/marker"):
            (folder / file).write_text(_SECRET)
        for file in ("marker.py", "outsider.py"):
            (folder / file).write_text("")
        folder.chmod(0o777)
        (folder / "marker").chmod(0o666)
        yield Target(
            marker=str(folder / "marker"),
            outside=name,
            secret=_SECRET,
            port=listener.getsockname()[1],
            listener=listener,
        )
