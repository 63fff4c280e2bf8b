"""The zygote: a small, warm, single-threaded process that forks a guest for every request.

`sandbox/host/worker.py` starts one per worker, by `sandbox/guest/start.py`. It holds no
secret, so a fork of it holds none. For a session it forks two guests: a candidate, and the harness
that uses it. A pair of sockets connects them.
"""

import gc
import json
import os
import posix
import signal
import socket
import sys
import types
from collections.abc import Callable
from contextlib import suppress

# By name: level `interpreter` removes some from the module, and guests have a substitute for fork.
from os import fork, sched_getaffinity, sched_setaffinity, setsid
from typing import NamedTuple

from nova_code_verifier.sandbox.confinement import confine
from nova_code_verifier.sandbox.confinement.processes import process_ids, stat_fields
from nova_code_verifier.sandbox.guest import libraries, substitutes, waiting, work_directory
from nova_code_verifier.sandbox.guest.main import (
    PROGRAM_NAME,
    GuestProgram,
    Role,
    load_live,
    prepare_session,
)
from nova_code_verifier.sandbox.protocol import control

_SETTINGS = json.loads(sys.argv[1])
CONTROL_FD = 3
_WRITABLE = (_SETTINGS["work_directory"], _SETTINGS["tmp_directory"])
_OWN_FILES = tuple(directory + "/" for directory in _WRITABLE)
_SANDBOX = "nova_code_verifier.sandbox"
_TMP_NAME = "/tmp"  # noqa: S108  (what guests call their own temporary directory)

# Most programs import these. Each costs a plain interpreter milliseconds, and a fork little.
_PRELOADED = (
    "bisect", "collections", "functools", "heapq", "itertools", "math", "operator", "re",
    "string", "typing",
)  # fmt: skip


class _Fork(NamedTuple):
    """A new guest, which still has all rights of its zygote.

    *descriptors* become 0, 1, 2 and so on; all others are closed.
    """

    role: Role
    request: control.GuestRequest
    program: int
    descriptors: tuple[int, ...]
    candidate_pid: int = 0


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
    _hide_own_names()
    if _SETTINGS["level"] != "none":
        exempt = (*_WRITABLE, *confine.readable_trees())
        substitutes.install(tmp_directory=_SETTINGS["tmp_directory"], exempt=exempt)
    if _SETTINGS["preloaded"]:
        prepare_session()
        for name in _SETTINGS["preloaded"]:
            getattr(sys.modules[name], "prepare_guests", _do_nothing)()
        _hide_foreign_modules()
    _unload_own_modules(drop_ctypes=confinement.must_drop_ctypes)
    gc.collect()
    if not confinement.must_drop_ctypes:
        gc.freeze()
    guest = _serve(keeper)
    return None if guest is None else _become_guest(confinement, guest)


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

    random.seed(0)
    # `threading` and `logging` renew their locks in every fork. A zygote has one thread, which
    # holds none of them, and these hooks cost a guest as much as the fork itself.
    os.register_at_fork = _for_guests(register)
    sys.path.insert(0, _SETTINGS["code_directory"])
    for name in (*_PRELOADED, *_SETTINGS["preloaded"]):
        __import__(name)
    if _SETTINGS["preloaded"]:
        load_live()  # into zygotes of harnesses only: others stay smaller
        _note_foreign_modules()
    sys.path.pop(0)
    sys.path_importer_cache.pop(_SETTINGS["code_directory"], None)
    os.register_at_fork = register
    libraries.load(_SETTINGS["libraries"])


def _for_guests(register: Callable[..., None]) -> Callable[..., None]:
    """Return a function that registers hooks for the forks of guests, and not of the zygote."""
    is_zygote = _is_zygote

    def register_for_guests(**hooks: Callable[[], object]) -> None:
        register(**{when: lambda hook=hook: is_zygote or hook() for when, hook in hooks.items()})

    return register_for_guests


def _do_nothing() -> None:
    pass


_USABLE = sched_getaffinity(0)
_processor = [-1]
_is_zygote = [True]  # empty in a guest

# The modules of a harness, of which the candidate beside it must find none.
_foreign: dict[str, types.ModuleType] = {}


def _note_foreign_modules() -> None:
    """Note the modules that are not of the standard library, before libraries are loaded."""
    known = sys.stdlib_module_names | {"__main__"}
    _foreign.update(
        (name, module)
        for name, module in sys.modules.items()
        if name.partition(".")[0] not in known and not name.startswith(_SANDBOX)
    )


def _hide_foreign_modules() -> None:
    """Remove them from `sys.modules`: all guests but candidates put them back."""
    for name in _foreign:
        del sys.modules[name]


def _hide_own_names() -> None:
    """Show programs the arguments and the environment of a plain interpreter."""
    sys.argv = [PROGRAM_NAME]
    sys.orig_argv = [sys.executable, PROGRAM_NAME]
    if _SETTINGS["level"] != "none":
        # Only Python's own view: `PrivateTmp` does not translate the names that native code reads.
        posix.environ.update(dict.fromkeys((b"HOME", b"TMPDIR"), os.fsencode(_TMP_NAME)))


def _unload_own_modules(*, drop_ctypes: bool) -> None:
    """Unload our modules: a guest finds what a plain interpreter has loaded, or less."""
    own = _SANDBOX.partition(".")[0]
    if any(name.startswith(f"{own}.") for name in _SETTINGS["preloaded"]):
        own = _SANDBOX  # this is a zygote of harnesses, which need their other modules
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


def _serve(keeper: socket.socket) -> _Fork | None:
    """Fork guests until the keeper closes the socket. In a guest, return what it is."""
    while True:
        packet, descriptors = waiting.receive(keeper)
        if not packet:
            return None
        if packet == control.DRAIN:
            keeper.send(control.DRAINED)
        elif descriptors:  # a kill that comes now was for a guest that has ended
            run = _run_pair if control.is_pair(packet) else _run_guest
            last = run(keeper, packet, descriptors)
            if isinstance(last, _Fork):
                return last
            # Clean up while the keeper reads this guest's output. The next request waits.
            _kill_descendants()
            for directory in _WRITABLE:
                work_directory.empty(directory)
            if last == control.DRAIN:
                keeper.send(control.DRAINED)


def _run_guest(keeper: socket.socket, packet: bytes, descriptors: tuple[int, ...]) -> bytes | _Fork:
    """Fork a guest, wait until it has ended, and return the keeper's last packet."""
    _move_to(-1)
    # Here, and not in the guest: the kernel copies each page of memory that a guest touches.
    request = control.read_request(packet)
    own_end, guest_end = _descriptors(socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
    program, *others = descriptors
    guest = _Fork("plain", request, program, (*others, guest_end))
    pid = fork()
    if pid == 0:
        keeper.detach()  # its descriptor becomes the guest's channel
        return guest
    for fd in (*descriptors, guest_end):
        os.close(fd)
    is_run = control.is_run(packet)
    if not is_run:
        keeper.send(control.pack_started(pid))  # the keeper reads its clock at each answer
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, fileno=own_end) as requests:
        ended, last = waiting.await_guest(keeper, requests, pid, _OWN_FILES, announced=not is_run)
    keeper.send(ended)
    return last


def _run_pair(keeper: socket.socket, packet: bytes, descriptors: tuple[int, ...]) -> bytes | _Fork:
    """Fork a candidate and then its harness; wait for both, and return the keeper's last packet."""
    program, *streams, harness_program, output, channel, page = descriptors
    of_peers = _descriptors(socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM))
    requests = [
        _descriptors(socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)) for _ in range(2)
    ]
    pair = control.read_pair(packet)
    of_candidate = (*streams, requests[0][1], of_peers[1])
    of_harness = (0, output, output, channel, requests[1][1], of_peers[0], page)
    _move_to(pair.processor)
    guest = _Fork("candidate", pair.candidate, program, of_candidate)
    candidate_pid = fork()
    if candidate_pid == 0:
        keeper.detach()
        return guest
    guest = _Fork("harness", pair.harness, harness_program, of_harness, candidate_pid)
    harness_pid = fork()
    if harness_pid == 0:
        keeper.detach()
        return guest
    for fd in (*descriptors, of_peers[1], requests[0][1], requests[1][1]):
        os.close(fd)
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, fileno=requests[0][0]) as first,
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, fileno=requests[1][0]) as second,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=of_peers[0]) as peer,
    ):
        candidate = waiting.Child(candidate_pid, first, is_harness=False)
        harness = waiting.Child(harness_pid, second, is_harness=True)
        return waiting.await_pair(keeper, candidate, harness, peer.fileno(), _OWN_FILES)


def _move_to(processor: int) -> None:
    """Run on *processor* from now on, or on any if it is -1. Guests inherit that.

    To move each guest, after the fork, takes longer than to fork it.
    """
    if processor != _processor[0]:
        with suppress(OSError):  # it is not usable any more: a session only becomes slower
            sched_setaffinity(0, {processor} if processor >= 0 else _USABLE)
        _processor[0] = processor


def _descriptors(pair: tuple[socket.socket, socket.socket]) -> tuple[int, int]:
    """Return bare descriptors: a guest closes those that it has no use for, whatever they are."""
    return pair[0].detach(), pair[1].detach()


def _become_guest(confinement: confine.Confinement, guest: _Fork) -> GuestProgram:
    try:
        request = guest.request
        _is_zygote.clear()
        setsid()
        prelude = os.pread(guest.program, request.prelude_bytes, 0)
        program = os.pread(guest.program, request.program_bytes, request.prelude_bytes)
        for target, fd in enumerate(guest.descriptors):
            os.dup2(fd, target)
        os.closerange(len(guest.descriptors), confine.OPEN_FILES_MAX)
        if guest.role != "candidate":
            sys.modules.update(_foreign)
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
    return GuestProgram(
        guest.role,
        prelude,
        program,
        request.calls,
        request.runs,
        request.argv,
        guest.candidate_pid,
        confinement.must_drop_ctypes,
    )


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
