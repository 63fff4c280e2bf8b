"""The zygote: a small, warm, single-threaded process that forks a guest for every request.

Started as a script by its keeper (`sandbox.lane`), one per lane, with one argument (JSON).
It holds no secret, so that a fork of it holds none.
It alone signals and reaps guests: a pid that its parent has not reaped is never anyone
else's. Must not know: references, answers, what a question means.

Control messages, one per packet. From the keeper: a request (JSON and five descriptors:
program, stdin, stdout, stderr, channel), `kill`, `rest`. To the keeper: JSON lists
`hello`, `started`, `ended`, `resting`.
"""

import gc
import itertools
import json
import os
import select
import signal
import socket
import sys
import time
from os import pidfd_open, setsid  # by name: level `interpreter` takes them from the module
from typing import Any

CONTROL_FD = 3
_PACKET_BYTES_MAX = 2**17
_DESCRIPTORS = 5
_KILL, _REST = b"kill", b"rest"

# What most programs import; each costs a plain interpreter milliseconds, and a fork little.
_PRELOADED = (
    "bisect", "collections", "functools", "heapq", "itertools", "math", "operator", "re",
    "string", "typing",
)  # fmt: skip


def main() -> None:
    """Serve until the keeper leaves."""
    settings = json.loads(sys.argv[1])
    sys.path.insert(0, settings["code_directory"])
    from sandbox import confine, guest  # noqa: PLC0415  (the path is known only now)

    sys.path.pop(0)
    _preload()
    control = _take_control(settings["control_fd"])
    try:
        wall = confine.confine_zygote(
            level=settings["level"],
            work_directory=settings["work_directory"],
            guest_uid=settings["guest_uid"],
        )
        _try_a_guest(confine, wall)
    except OSError as error:
        _tell(control, "hello", {"refused": str(error)})
        return
    gc.collect()
    gc.freeze()
    _tell(control, "hello", wall.granted)
    _serve(control, confine, guest, wall)


def _take_control(fd: int) -> socket.socket:
    """Move the control socket to where a guest's channel replaces it: no guest keeps it."""
    if fd != CONTROL_FD:
        os.dup2(fd, CONTROL_FD, inheritable=False)
        os.close(fd)
    return socket.socket(fileno=CONTROL_FD)


def _preload() -> None:
    for name in _PRELOADED:
        __import__(name)
    # `random` reseeds itself in every fork. Without that, all guests draw the same numbers,
    # and the same program gets the same reward.
    register, os.register_at_fork = os.register_at_fork, lambda **_: None  # type: ignore[assignment]
    import random  # noqa: PLC0415

    os.register_at_fork = register
    random.seed(0)


def _try_a_guest(confine: Any, wall: Any) -> None:  # noqa: ANN401  (modules loaded late)
    """Fork one guest that only puts up its wall. Raises OSError if it cannot."""
    limits = {"cpu_seconds": 1, "memory_bytes": 2**28, "output_bytes": 2**20}
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            confine.confine_guest(wall, limits)
        except OSError as error:
            os.write(write_end, str(error).encode("utf-8", "replace"))
        os._exit(0)
    os.close(write_end)
    complaint = os.read(read_end, 2**12)
    os.close(read_end)
    _, status = os.waitpid(pid, 0)
    if complaint or status:
        raise OSError(complaint.decode("utf-8", "replace") or f"a trial guest died ({status})")


def _serve(control: socket.socket, confine: Any, guest: Any, wall: Any) -> None:  # noqa: ANN401
    while True:
        packet, descriptors = _receive(control)
        if not packet:
            return
        if packet == _REST:
            _tell(control, "resting")
        elif packet != _KILL:  # a kill that comes now was meant for a guest that has gone
            request = json.loads(packet)
            pid = os.fork()
            if pid == 0:
                _be_guest(confine, guest, wall, request, descriptors)
            for fd in descriptors:
                os.close(fd)
            _tell(control, "started", pid)
            ended = _await(control, pid)
            _sweep()
            _empty(wall.work_directory)
            _tell(control, "ended", *ended)


def _be_guest(
    confine: Any, guest: Any, wall: Any, request: dict[str, Any], descriptors: list[int]
) -> None:  # noqa: ANN401
    try:
        setsid()
        program = os.pread(descriptors[0], request["program_bytes"], 0)
        for target, fd in enumerate(descriptors[1:]):
            os.dup2(fd, target)
        os.closerange(confine.CHANNEL_FD + 1, confine.OPEN_FILES_MAX)
        confine.confine_guest(wall, request["limits"])
        guest.serve(program, run=request["run"], argv=request["argv"])
    except OSError:
        # No wall, no guest. Only our own fault brings us here, and nothing that a guest
        # could say must look like it: so the whole lane ends, and its keeper starts another.
        os.kill(os.getppid(), signal.SIGKILL)
    finally:
        os._exit(1)


def _await(control: socket.socket, pid: int) -> tuple[int, float, int]:
    """Wait for the guest's end, or end it on request: wait status, CPU seconds, peak bytes."""
    try:
        pidfd = pidfd_open(pid)
    except OSError:
        pidfd = -1  # an old kernel: look again and again
    poll = select.poll()
    poll.register(control, select.POLLIN)
    if pidfd >= 0:
        poll.register(pidfd, select.POLLIN)
    try:
        while True:
            events = dict(poll.poll(None if pidfd >= 0 else 2))
            if control.fileno() in events:
                packet, _ = _receive(control)
                os.kill(pid, signal.SIGKILL)
                if not packet:
                    os._exit(0)  # the keeper has gone, and with it everybody's reason to be
            flags = 0 if pidfd in events or control.fileno() in events else os.WNOHANG
            reaped, status, usage = os.wait4(pid, flags)
            if reaped:
                return status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
    finally:
        if pidfd >= 0:
            os.close(pidfd)


def _sweep() -> None:
    """End whatever the guest left behind: as a subreaper, this process is its parent now."""
    while True:
        try:
            reaped, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not reaped:
            for pid in _children():
                os.kill(pid, signal.SIGKILL)


def _children() -> list[int]:
    own = str(os.getpid()).encode()
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as stat:  # noqa: PTH123
                    parent = stat.read().rpartition(b")")[2].split()[1]
            except OSError:
                continue
            if parent == own:
                found.append(int(name))
    return found


def _empty(directory: str) -> None:
    """Remove all that a guest left in its work directory, however deep.

    Without recursion: a directory's entries are moved up one floor, and the directory
    removed, until there is none. A guest can nest deeper than any stack or path allows.
    """
    fresh_names = (f"{directory}/{time.monotonic_ns()}.{number}" for number in itertools.count())
    while entries := list(os.scandir(directory)):
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                os.chmod(entry.path, 0o700)  # noqa: PTH101
                for inner in os.listdir(entry.path):  # noqa: PTH208
                    os.rename(f"{entry.path}/{inner}", next(fresh_names))  # noqa: PTH104
                os.rmdir(entry.path)  # noqa: PTH106
            else:
                os.unlink(entry.path)  # noqa: PTH108


def _receive(control: socket.socket) -> tuple[bytes, list[int]]:
    packet, descriptors, _, _ = socket.recv_fds(control, _PACKET_BYTES_MAX, _DESCRIPTORS)
    return packet, descriptors


def _tell(control: socket.socket, *words: object) -> None:
    control.sendall(json.dumps(words).encode("ascii"))


if __name__ == "__main__":
    main()
