"""The zygote: a small, warm, single-threaded process that forks a guest for every request.

Started as a script by its keeper (`sandbox.host.worker`), one per worker, with one argument (JSON).
It holds no secret, so that a fork of it holds none. It alone signals and reaps guests: a
pid that its parent has not reaped is never anyone else's. Must not know: references,
answers, what a question means.
"""

import gc
import json
import os
import select
import signal
import socket
import struct
import sys
from os import pidfd_open, setsid  # by name: level `interpreter` takes them from the module

# A script's directory is not searched for modules here (nor should a guest's be), so:
sys.path.insert(0, json.loads(sys.argv[1])["code_directory"])
from nova_code_verifier.sandbox.confinement import confine
from nova_code_verifier.sandbox.confinement.processes import process_ids, stat_fields
from nova_code_verifier.sandbox.guest import work_directory
from nova_code_verifier.sandbox.guest.main import serve
from nova_code_verifier.sandbox.protocol import control

sys.path.pop(0)

Request = tuple[bytes, tuple[int, ...]]
RunRequest = tuple[bytes, int, list[str], bool]

_SETTINGS = json.loads(sys.argv[1])
CONTROL_FD = 3
_OWN_PACKAGE = "nova_code_verifier"
_UNANNOUNCED_MS = 2
_BLIND_MS = 5  # between two looks, where the kernel cannot say that a guest has ended
_DESCRIPTORS = struct.Struct(f"={control.DESCRIPTORS}i")
_ANCILLARY_BYTES = socket.CMSG_SPACE(_DESCRIPTORS.size)

# What most programs import; each costs a plain interpreter milliseconds, and a fork little.
_PRELOADED = (
    "bisect", "collections", "functools", "heapq", "itertools", "math", "operator", "re",
    "string", "typing",
)  # fmt: skip


def main() -> RunRequest | None:
    """Serve until the keeper leaves. In a guest: return what it is to do."""
    keeper = _take_control(_SETTINGS["control_fd"])
    confine.leave_project_out()
    _preload()
    gc.collect()
    gc.freeze()
    try:
        wall = confine.confine_zygote(
            level=_SETTINGS["level"],
            work_directory=_SETTINGS["work_directory"],
            guest_uid=_SETTINGS["guest_uid"],
        )
        _try_a_guest(wall)
    except OSError as error:
        keeper.sendall(json.dumps({"refused": str(error)}).encode("ascii"))
        return None
    keeper.sendall(json.dumps(wall.granted).encode("ascii"))
    _unload_own_modules(native_code=wall.has_tools_to_lose)
    gc.collect()
    if not wall.has_tools_to_lose:
        gc.freeze()
    request = _serve(keeper, _SETTINGS["work_directory"])
    return None if request is None else _become_guest(wall, *request)


def _take_control(fd: int) -> socket.socket:
    """Move the control socket to where a guest's channel replaces it: no guest keeps it."""
    if fd != CONTROL_FD:
        os.dup2(fd, CONTROL_FD, inheritable=False)
        os.close(fd)
    return socket.socket(fileno=CONTROL_FD)


def _preload() -> None:
    # `random` reseeds itself in every fork. Without that, all guests draw the same numbers,
    # and the same program gets the same reward.
    register, os.register_at_fork = os.register_at_fork, lambda **_: None
    import random  # noqa: PLC0415

    os.register_at_fork = register
    random.seed(0)
    sys.path.insert(0, _SETTINGS["code_directory"])
    for name in (*_PRELOADED, *_SETTINGS["preloaded"]):
        __import__(name)
    sys.path.pop(0)


def _unload_own_modules(*, native_code: bool) -> None:
    """Leave guests the modules that a plain interpreter would have, or fewer."""
    unloaded = ("ctypes", "_ctypes") if native_code else ()
    for name in list(sys.modules):
        if name.partition(".")[0] in unloaded or _is_unloaded(name):
            del sys.modules[name]


def _is_unloaded(module_name: str) -> bool:
    """Tell whether a module is ours and guests do not need it: a harness keeps its own."""
    package = _OWN_PACKAGE
    if any(name.startswith(f"{package}.") for name in _SETTINGS["preloaded"]):
        package = f"{package}.sandbox"
    return module_name == package or module_name.startswith(f"{package}.")


def _try_a_guest(wall: confine.Confinement) -> None:
    """Fork one guest that only puts up its wall. Raises OSError if it cannot."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            confine.confine_guest(wall, cpu_seconds=1, memory_bytes=2**28, output_bytes=2**20)
        except OSError as error:
            os.write(write_end, str(error).encode("utf-8", "replace"))
        os._exit(0)
    os.close(write_end)
    complaint = os.read(read_end, 2**12)
    os.close(read_end)
    _, status = os.waitpid(pid, 0)
    if complaint or status:
        raise OSError(complaint.decode("utf-8", "replace") or f"a trial guest died ({status})")


def _serve(keeper: socket.socket, directory: str) -> Request | None:
    """Fork guests until the keeper leaves; in a guest, return what was requested."""
    poll = select.poll()
    poll.register(keeper, select.POLLIN)
    while True:
        packet, descriptors = _receive(keeper)
        if not packet:
            return None
        if packet == control.REST:
            keeper.send(control.RESTING)
        elif packet != control.KILL:  # a kill that comes now was meant for one that has gone
            pid = os.fork()
            if pid == 0:
                keeper.detach()  # its descriptor is about to be the guest's channel
                return packet, descriptors
            for fd in descriptors:
                os.close(fd)
            if not control.is_run(packet):
                keeper.send(control.pack_started(pid))  # whose clock is read at each answer
            keeper.send(_await(keeper, poll, pid, announced=not control.is_run(packet)))
            # While the keeper reads what this guest left; the next one waits for us.
            _sweep()
            work_directory.empty(directory)


def _become_guest(
    wall: confine.Confinement, packet: bytes, descriptors: tuple[int, ...]
) -> RunRequest:
    try:
        request, argv = control.read_request(packet)
        calls, cpu_seconds, memory_bytes, output_bytes, program_bytes = request
        setsid()
        program = os.pread(descriptors[0], program_bytes, 0)
        for target, fd in enumerate(descriptors[1:]):
            os.dup2(fd, target)
        os.closerange(confine.CHANNEL_FD + 1, confine.OPEN_FILES_MAX)
        confine.confine_guest(
            wall, cpu_seconds=cpu_seconds, memory_bytes=memory_bytes, output_bytes=output_bytes
        )
    except OSError:
        # No wall, no guest. Only our own fault brings us here, and nothing that a guest
        # could say must look like it: so the whole worker ends, and its keeper starts another.
        os.kill(os.getppid(), signal.SIGKILL)
        os._exit(1)
    return program, calls, argv, wall.has_tools_to_lose


def _await(keeper: socket.socket, poll: select.poll, pid: int, *, announced: bool) -> bytes:
    """Wait for the guest's end, or end it when the keeper says so.

    Most programs have ended before anybody had to look at them: those are not announced.
    """
    pidfd = _open_pidfd(pid)
    if pidfd >= 0:
        poll.register(pidfd, select.POLLIN)
    try:
        while True:
            pause = (None if pidfd >= 0 else _BLIND_MS) if announced else _UNANNOUNCED_MS
            ready = [fd for fd, _ in poll.poll(pause)]
            if not ready and not announced:
                keeper.send(control.pack_started(pid))
                announced = True
            if CONTROL_FD in ready:
                packet, _ = _receive(keeper)
                os.kill(pid, signal.SIGKILL)
                if not packet:
                    os._exit(0)  # the keeper has gone, and with it everybody's reason to be
            reaped, status, usage = os.wait4(pid, 0 if ready else os.WNOHANG)
            if reaped:
                cpu_seconds = usage.ru_utime + usage.ru_stime
                return control.pack_ended(status, cpu_seconds, usage.ru_maxrss * 1024)
    finally:
        if pidfd >= 0:
            poll.unregister(pidfd)
            os.close(pidfd)


def _open_pidfd(pid: int) -> int:
    try:
        return pidfd_open(pid)
    except OSError:
        return -1  # an old kernel: look again and again


def _sweep() -> None:
    """End whatever the guest left behind: as a subreaper, this process is its parent now."""
    while True:
        try:
            reaped, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not reaped:
            for pid in process_ids():
                if _parent_of(pid) == os.getpid():
                    os.kill(pid, signal.SIGKILL)


def _parent_of(pid: int) -> int | None:
    try:
        return int(stat_fields(pid)[1])
    except OSError:
        return None  # it has just ended


def _receive(keeper: socket.socket) -> tuple[bytes, tuple[int, ...]]:
    packet, ancillary, _, _ = keeper.recvmsg(control.PACKET_BYTES_MAX, _ANCILLARY_BYTES)
    if not ancillary:
        return packet, ()
    return packet, _DESCRIPTORS.unpack(ancillary[0][2])


if __name__ == "__main__":
    order = main()
    if order is not None:
        # From here on this stack is the candidate's to walk. Of what built the wall, no
        # frame is on it any more, and this module lets go of it.
        del confine, control, main, work_directory
        program, calls, argv, has_tools_to_lose = order
        if has_tools_to_lose:
            gc.collect()  # from Python 3.13 on, nothing of ctypes is left after this
        serve(program, calls, argv)
