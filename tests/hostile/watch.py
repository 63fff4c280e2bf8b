"""Look at the machine from outside of the sandbox: find what was not there before.

In: an executor, and what a hostile program was told (`Target`). Out: a `State`. Two states of an
executor at rest are equal, unless a program has left or changed something.
"""

import contextlib
import ctypes
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nova_code_verifier.sandbox.host.local import LocalExecutor
from tests.paths import REPOSITORY

_LIBRARY = Path(os.__file__).parent
_SECRETS: list[str] = []


def new_secret() -> str:
    """Return a text that no hostile program may ever print. All look alike: `sesame-` and hex."""
    _SECRETS.append("sesame-" + secrets.token_hex(8))
    return _SECRETS[-1]


def secrets_in(text: str) -> list[str]:
    """Return the secrets that a text contains."""
    return [secret for secret in _SECRETS if secret in text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What hostile programs attack: a directory, sockets that listen, a name of their own."""

    outside: Path
    tcp: socket.socket
    local: socket.socket
    abstract: socket.socket
    made: str

    def facts(self, executor: LocalExecutor) -> str:
        """Return Python that defines what every hostile program knows."""
        facts = {
            "SECRET_FILE": str(self.outside / "secret"),
            "OUTSIDE": str(self.outside),
            "MADE": self.made,
            "PORT": self.tcp.getsockname()[1],
            "SOCKET": str(self.outside / "socket"),
            "ABSTRACT": "\0" + self.made + "-abstract",
            "HOST_PID": os.getpid(),
            "WORKERS": executor.work_directories,
            "CODE": str(REPOSITORY),
        }
        return "".join(f"{name} = {fact!r}\n" for name, fact in facts.items())

    def was_called(self) -> bool:
        """Return whether something has connected."""
        for listener in (self.tcp, self.local, self.abstract):
            with contextlib.suppress(BlockingIOError):
                listener.accept()[0].close()
                return True
        return False


@contextmanager
def target() -> Iterator[Target]:
    """Make a directory that every user may read and write: only the sandbox protects it."""
    made = f"made-by-guest-{os.getpid()}"
    with (
        tempfile.TemporaryDirectory(prefix="outside-") as name,
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as local,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        outside = Path(name)
        local.bind(str(outside / "socket"))
        abstract.bind("\0" + made + "-abstract")
        for listener in (tcp, local, abstract):
            listener.listen()
            listener.settimeout(0)
        (outside / "secret").write_text(new_secret())
        (outside / "outsider.py").write_text(f"print({new_secret()!r})")
        for path in (outside, *outside.iterdir()):
            path.chmod(0o777)
        yield Target(outside=outside, tcp=tcp, local=local, abstract=abstract, made=made)


State = dict[str, object]


def state_of(executor: LocalExecutor, attacked: Target) -> State:
    """Return all that a guest could have left or changed, by name."""
    return {
        "processes": _processes_of(executor),
        "zygotes": {pid: _portrait(pid) for pid in executor.zygote_pids},
        "our own process": _portrait(os.getpid()),
        "descriptors": [_descriptors(pid) for pid in (os.getpid(), *executor.zygote_pids)],
        "files of the workers": sorted(map(str, executor._directory.rglob("*"))),
        "files outside": [_describe(path) for path in (attacked.outside, *_all(attacked.outside))],
        "files by name": _made(attacked.made),
        "objects of System V": [
            Path("/proc/sysvipc", kind).read_text() for kind in ("msg", "sem", "shm")
        ],
        "message queue": _queue_exists(attacked.made),
        "keys": [line for line in _lines("/proc/keys") if attacked.made in line],
        "sockets": sum(attacked.made in line for line in _lines("/proc/net/unix")),
        "mounts": sum(
            str(folder) in line
            for line in _lines("/proc/self/mountinfo")
            for folder in (executor._directory, attacked.outside)
        ),
        "called": attacked.was_called(),
    }


def _processes_of(executor: LocalExecutor) -> set[int]:
    """Return all processes that come from an executor, by what they cannot all change at once."""
    found, mark = set(), os.fsencode(executor._directory)
    for folder in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                if mark in (folder / name).read_bytes():
                    found.add(int(folder.name))
        with contextlib.suppress(OSError):
            if os.fsencode((folder / "cwd").readlink()).startswith(mark):
                found.add(int(folder.name))
    return found


_STATUS = (
    "Umask", "PPid", "Uid", "Gid", "Groups", "SigIgn", "SigCgt", "SigBlk", "CapEff",
    "NoNewPrivs", "Seccomp", "Cpus_allowed",
)  # fmt: skip


def _portrait(pid: int) -> tuple[object, ...]:
    """Return what a foreign process can change of a process."""
    folder = Path("/proc", str(pid))
    status = dict(line.split(":\t", 1) for line in (folder / "status").read_text().splitlines())
    return (
        tuple(status[name] for name in _STATUS if name in status),
        (folder / "limits").read_text(),
        (folder / "oom_score_adj").read_text(),
        os.getpriority(os.PRIO_PROCESS, pid),
        os.sched_getscheduler(pid),
    )


def _descriptors(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except PermissionError:
        return -1  # the kernel hides it from us, too


def _all(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def _describe(path: Path) -> tuple[object, ...]:
    status = path.lstat()
    content = path.read_bytes() if path.is_file() else b""
    return str(path), status.st_mode, status.st_uid, status.st_gid, status.st_nlink, content


def _made(name: str) -> list[str]:
    folders = [*map(Path, ("/", "/tmp", "/var/tmp", "/dev/shm", "/dev", sys.prefix)), _LIBRARY]
    return [str(path) for folder in folders for path in folder.glob(f"*{name}*")]


def _queue_exists(name: str) -> bool:
    return bool(ctypes.CDLL(None).mq_unlink(b"/" + name.encode()) == 0)


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
