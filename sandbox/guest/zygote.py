"""The zygote: a small, warm, single-threaded process that forks a guest for every request.

`sandbox/host/worker.py` starts one per worker, as a script with one argument (JSON). It holds no
secret, so a fork of it holds none. Only the zygote signals and reaps guests: the kernel does not
reuse a pid before the parent has reaped it, so no signal can reach another process.
"""

import gc
import json
import os
import select
import signal
import socket
import struct
import sys

# By name: level `interpreter` removes some from the module, and guests have a substitute for fork.
from os import fork, pidfd_open, setsid
from typing import NamedTuple

# PYTHONSAFEPATH keeps a script's directory, and so a guest's, off the path. So add ours here:
sys.path.insert(0, json.loads(sys.argv[1])["code_directory"])
from nova_code_verifier.sandbox.confinement import confine
from nova_code_verifier.sandbox.confinement.processes import process_ids, stat_fields
from nova_code_verifier.sandbox.guest import libraries, substitutes, work_directory
from nova_code_verifier.sandbox.guest.main import serve
from nova_code_verifier.sandbox.guest.own_files import REQUESTS_FD, answer_request
from nova_code_verifier.sandbox.protocol import control

sys.path.pop(0)

_SETTINGS = json.loads(sys.argv[1])
CONTROL_FD = 3
_WRITABLE = (_SETTINGS["work_directory"], _SETTINGS["tmp_directory"])
_OWN_FILES = tuple(directory + "/" for directory in _WRITABLE)
_UNANNOUNCED_MS = 2
_POLL_MS = 5  # between two looks, where the kernel cannot report that a guest has ended
_DESCRIPTORS = struct.Struct(f"={control.DESCRIPTORS}i")
_ANCILLARY_BYTES = socket.CMSG_SPACE(_DESCRIPTORS.size)

# Most programs import these. Each costs a plain interpreter milliseconds, and a fork little.
_PRELOADED = (
    "bisect", "collections", "functools", "heapq", "itertools", "math", "operator", "re",
    "string", "typing",
)  # fmt: skip


class GuestProgram(NamedTuple):
    """What a guest has to do. With no calls, it runs the program."""

    prelude: bytes
    text: bytes
    calls: int
    argv: tuple[str, ...]
    must_drop_ctypes: bool


def main() -> GuestProgram | None:
    """Serve until the keeper closes the socket. In a guest: return what it has to do."""
    keeper = _take_control(_SETTINGS["control_fd"])
    confine.restrict_sys_path()
    _preload()
    gc.collect()
    gc.freeze()
    try:
        confinement = confine.confine_zygote(
            level=_SETTINGS["level"],
            writable=_WRITABLE,
            guest_uid=_SETTINGS["guest_uid"],
        )
        _fork_trial_guest(confinement)
    except OSError as error:
        keeper.sendall(control.pack_ready({}, str(error)))
        return None
    keeper.sendall(control.pack_ready(confinement.granted))
    if _SETTINGS["level"] != "none":
        exempt = (*_WRITABLE, *confine.readable_trees())
        substitutes.install(tmp_directory=_SETTINGS["tmp_directory"], exempt=exempt)
    _unload_own_modules(drop_ctypes=confinement.must_drop_ctypes)
    gc.collect()
    if not confinement.must_drop_ctypes:
        gc.freeze()
    request = _serve(keeper)
    return None if request is None else _become_guest(confinement, *request)


def _take_control(fd: int) -> socket.socket:
    """Move the control socket to the descriptor of a guest's channel, so that no guest keeps it."""
    if fd != CONTROL_FD:
        os.dup2(fd, CONTROL_FD, inheritable=False)
        os.close(fd)
    return socket.socket(fileno=CONTROL_FD)


def _preload() -> None:
    # `random` reseeds itself in every fork. Prevent that: all guests draw the same numbers, so
    # the same program gets the same reward.
    register, os.register_at_fork = os.register_at_fork, lambda **_: None
    import random  # noqa: PLC0415

    os.register_at_fork = register
    random.seed(0)
    sys.path.insert(0, _SETTINGS["code_directory"])
    for name in (*_PRELOADED, *_SETTINGS["preloaded"]):
        __import__(name)
    sys.path.pop(0)
    libraries.load(_SETTINGS["libraries"])


def _unload_own_modules(*, drop_ctypes: bool) -> None:
    """Unload our modules: a guest finds what a plain interpreter has loaded, or less."""
    own = "nova_code_verifier"
    if any(name.startswith(f"{own}.") for name in _SETTINGS["preloaded"]):
        own = f"{own}.sandbox"  # this is a zygote of harnesses, which need their other modules
    packages = (own, "ctypes", "_ctypes") if drop_ctypes else (own,)
    prefixes = tuple(f"{package}." for package in packages)
    for name in list(sys.modules):
        if f"{name}.".startswith(prefixes):
            module = sys.modules.pop(name)
            if hasattr(module, "__path__") and f"{name}.".startswith(f"{own}."):
                # A package refers to its modules. One that defines functions is a cycle, which
                # `gc.freeze` has kept from the collector, and would keep ctypes alive.
                vars(module).clear()


def _fork_trial_guest(confinement: confine.Confinement) -> None:
    """Fork one guest that only confines itself. Raises OSError if it cannot."""
    read_end, write_end = os.pipe()
    pid = fork()
    if pid == 0:
        try:
            confine.confine_guest(
                confinement, cpu_seconds=1, memory_bytes=2**28, output_bytes=2**20
            )
        except OSError as error:
            os.write(write_end, str(error).encode("utf-8", "replace"))
        os._exit(0)
    os.close(write_end)
    problem = os.read(read_end, 2**12)
    os.close(read_end)
    _, status = os.waitpid(pid, 0)
    if problem or status:
        raise OSError(problem.decode("utf-8", "replace") or f"a trial guest died ({status})")


def _serve(keeper: socket.socket) -> tuple[bytes, tuple[int, ...]] | None:
    """Fork guests until the keeper closes the socket. In a guest, return the request.

    That is a packet, and the descriptors that came with it; the last is for requests to us.
    """
    while True:
        packet, descriptors = _receive(keeper)
        if not packet:
            return None
        if packet == control.DRAIN:
            keeper.send(control.DRAINED)
        elif packet != control.KILL:  # a kill that comes now was for a guest that has ended
            requests, guest_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            pid = fork()
            if pid == 0:
                requests.close()
                keeper.detach()  # its descriptor becomes the guest's channel
                return packet, (*descriptors, guest_end.detach())
            guest_end.close()
            for fd in descriptors:
                os.close(fd)
            if not control.is_run(packet):
                keeper.send(control.pack_started(pid))  # the keeper reads its clock at each answer
            with requests:
                ended, last = _await(keeper, requests, pid, announced=not control.is_run(packet))
            keeper.send(ended)
            # Clean up while the keeper reads this guest's output. The next request waits.
            _kill_descendants()
            for directory in _WRITABLE:
                work_directory.empty(directory)
            if last == control.DRAIN:
                keeper.send(control.DRAINED)


def _become_guest(
    confinement: confine.Confinement, packet: bytes, descriptors: tuple[int, ...]
) -> GuestProgram:
    try:
        request = control.read_request(packet)
        setsid()
        prelude = os.pread(descriptors[0], request.prelude_bytes, 0)
        program = os.pread(descriptors[0], request.program_bytes, request.prelude_bytes)
        for target, fd in enumerate(descriptors[1:]):
            os.dup2(fd, target)
        os.closerange(REQUESTS_FD + 1, confine.OPEN_FILES_MAX)
        confine.confine_guest(
            confinement,
            cpu_seconds=request.cpu_seconds,
            memory_bytes=request.memory_bytes,
            output_bytes=request.output_bytes,
        )
    except OSError:
        # Never run a program without its confinement. Only our own fault leads here, and no
        # message of a guest may look like it: so end the whole worker. The host starts another.
        os.kill(os.getppid(), signal.SIGKILL)
        os._exit(1)
    return GuestProgram(prelude, program, request.calls, request.argv, confinement.must_drop_ctypes)


def _await(
    keeper: socket.socket, requests: socket.socket, pid: int, *, announced: bool
) -> tuple[bytes, bytes]:
    """Wait until the guest ends. Return the `ended` packet, and the keeper's last packet.

    Any packet of the keeper kills the guest: `kill`, or `drain` if an exception, such as Ctrl-C,
    came between the request and the keeper's record of it. A guest that ends at once, as most do,
    is not announced by a `started` packet. Until it ends, answer its requests.
    """
    poll, pidfd, requests_fd = select.poll(), _open_pidfd(pid), requests.fileno()
    packet = b""
    for fd in (CONTROL_FD, pidfd, requests_fd):
        if fd >= 0:
            poll.register(fd, select.POLLIN)
    try:
        while True:
            pause = (None if pidfd >= 0 else _POLL_MS) if announced else _UNANNOUNCED_MS
            ready = {fd for fd, _ in poll.poll(pause)}
            if not announced and (not ready or requests_fd in ready):
                keeper.send(control.pack_started(pid))
                announced = True
            if requests_fd in ready:
                ready.remove(requests_fd)
                _answer(poll, requests)
            if CONTROL_FD in ready:
                packet, _ = _receive(keeper)
                os.kill(pid, signal.SIGKILL)
                if not packet:
                    os._exit(0)  # the keeper has ended: nobody needs this worker
            reaped, status, usage = os.wait4(pid, 0 if ready else os.WNOHANG)
            if reaped:
                cpu_seconds = usage.ru_utime + usage.ru_stime
                return control.pack_ended(status, cpu_seconds, usage.ru_maxrss * 1024), packet
    finally:
        if pidfd >= 0:
            os.close(pidfd)


def _answer(poll: select.poll, requests: socket.socket) -> None:
    if not answer_request(requests, _OWN_FILES):
        poll.unregister(requests)  # the guest has closed it, or sent nonsense


def _open_pidfd(pid: int) -> int:
    try:
        return pidfd_open(pid)
    except OSError:
        return -1  # an old kernel: poll


def _kill_descendants() -> None:
    """Kill the processes that the guest left: this process, a subreaper, is their parent now."""
    while True:
        try:
            reaped, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not reaped:
            for pid in process_ids():
                try:
                    parent = int(stat_fields(pid)[1])
                except OSError:
                    continue  # another process has just ended
                if parent == os.getpid():
                    os.kill(pid, signal.SIGKILL)


def _receive(keeper: socket.socket) -> tuple[bytes, tuple[int, ...]]:
    packet, ancillary, _, _ = keeper.recvmsg(control.PACKET_BYTES_MAX, _ANCILLARY_BYTES)
    if not ancillary:
        return packet, ()
    return packet, _DESCRIPTORS.unpack(ancillary[0][2])


if __name__ == "__main__":
    program = main()
    if program is not None:
        # The candidate can inspect this stack. No frame of the confinement is on it any more;
        # drop this module's references to the confinement, too.
        del answer_request, confine, control, libraries, main, substitutes, work_directory
        if program.must_drop_ctypes:
            gc.collect()  # from Python 3.13 on, this frees all of ctypes
        serve(program.prelude, program.text, program.calls, program.argv)
