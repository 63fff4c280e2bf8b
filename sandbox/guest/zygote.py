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
import sys
import types

# By name, and not through `socket`: its classes are written in Python, and each guest would copy
# the pages of what they use.
from _socket import AF_UNIX, SOCK_SEQPACKET, SOCK_STREAM, socket, socketpair
from collections.abc import Callable
from contextlib import suppress
from functools import partial

# By name: level `interpreter` removes some from the module, and guests have a substitute for fork.
from os import (
    close,
    closerange,
    dup2,
    fork,
    pread,
    sched_getaffinity,
    sched_setaffinity,
    setsid,
)
from typing import NoReturn

from nova_code_verifier.sandbox.confinement import confine
from nova_code_verifier.sandbox.confinement.processes import process_ids, stat_fields
from nova_code_verifier.sandbox.errors import SHORTAGES
from nova_code_verifier.sandbox.guest import libraries, substitutes, waiting
from nova_code_verifier.sandbox.guest.company import serve_runs
from nova_code_verifier.sandbox.guest.main import (
    PROGRAM_NAME,
    Guest,
    load_live,
    prepare_session,
    run,
)
from nova_code_verifier.sandbox.guest.work_directory import WorkDirectories
from nova_code_verifier.sandbox.protocol import control

_SETTINGS = json.loads(sys.argv[1])
CONTROL_FD = 3
_WRITABLE = (_SETTINGS["work_directory"], _SETTINGS["tmp_directory"])
_OWN_FILES = tuple(directory + "/" for directory in _WRITABLE)
_SANDBOX = "nova_code_verifier.sandbox"
_IGNORED_BY_PYTHON = {signal.SIGPIPE, signal.SIGXFSZ}
_TMP_NAME = "/tmp"  # noqa: S108  (what guests call their own temporary directory)

# Most programs import these. Each costs a plain interpreter milliseconds, and a fork little.
_PRELOADED = (
    "bisect", "collections", "functools", "heapq", "itertools", "math", "operator", "re",
    "string", "typing",
)  # fmt: skip


def main() -> tuple[Callable[[], None] | None, bool]:
    """Serve until the keeper closes the socket.

    In a guest: return what it has to do, and whether it must drop ctypes before.
    """
    _reset_signals()
    keeper = _take_control(_SETTINGS["control_fd"])
    confine.restrict_sys_path()
    _preload()
    gc.collect()
    gc.freeze()
    _be_killed_first()
    try:
        confinement = confine.confine_zygote(level=_SETTINGS["level"], writable=_WRITABLE)
        _fork_trial_guest(confinement)
    except OSError as error:
        if error.errno in SHORTAGES:  # another zygote may get what this one did not
            _end(error)
        keeper.sendall(control.pack_ready({}, str(error)))
        return None, False
    keeper.sendall(control.pack_ready(confinement.granted))
    _hide_own_names()
    if _SETTINGS["level"] != "none":
        exempt = (*_WRITABLE, *confine.readable_trees())
        substitutes.install(
            tmp_directory=_SETTINGS["tmp_directory"], exempt=exempt, strict=confinement.is_strict
        )
    if _SETTINGS["preloaded"]:
        prepare_session()
        for name in _SETTINGS["preloaded"]:
            getattr(sys.modules[name], "prepare_guests", _do_nothing)()
        _hide_foreign_modules()
    if not confinement.is_strict:
        _keep_alive(keeper, confinement, list(sys.modules.values()))
    _unload_own_modules(drop_ctypes=confinement.must_drop_ctypes)
    gc.collect()
    if not confinement.must_drop_ctypes:
        gc.freeze()
    try:
        guest = _serve(keeper)
    except OSError as error:  # such as a fork that fails: the host starts another zygote
        _end(error)
    work = None if guest is None else _become_guest(confinement, guest)
    return work, confinement.must_drop_ctypes


def _reset_signals() -> None:
    """Undo what our parent blocks or ignores (nohup, Ray): programs would notice."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in signal.valid_signals() - _IGNORED_BY_PYTHON:
        if signal.getsignal(number) is signal.SIG_IGN:
            is_interrupt = number == signal.SIGINT
            signal.signal(number, signal.default_int_handler if is_interrupt else signal.SIG_DFL)


def _end(error: OSError) -> NoReturn:
    """Write *error* for the host, and end before it sees the end of the control socket."""
    os.write(2, str(error).encode("utf-8", "replace"))
    os._exit(1)


def _be_killed_first() -> None:
    """Where memory is short, the kernel kills guests, and not the process that judges them."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("1000")


def _take_control(fd: int) -> socket:
    """Move the control socket to the descriptor of a guest's channel, so that no guest keeps it."""
    if fd != CONTROL_FD:
        os.dup2(fd, CONTROL_FD, inheritable=False)
        os.close(fd)
    return socket(fileno=CONTROL_FD)


def _preload() -> None:
    # `random` reseeds itself in every fork. Prevent that: all guests draw the same numbers, so
    # the same program gets the same reward.
    register, os.register_at_fork = os.register_at_fork, lambda **_: None
    import random  # noqa: PLC0415

    random.seed(0)
    # `threading` and `logging` renew their locks in every fork. A zygote has one thread, which
    # holds none of them, and these hooks cost a guest as much as the fork itself. Only at level
    # `none` can guests fork.
    if _SETTINGS["level"] == "none":
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


_kept: list[object] = []


def _keep_alive(*objects: object) -> None:
    """Keep objects for as long as the process lives, without a name by which a program finds them.

    Otherwise each guest would free them before its program, and copy their memory for it.
    """
    _kept.append((_kept, objects))  # frozen, this cycle is never collected
    del globals()["_kept"]


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
    limits = {"cpu_seconds": 1, "memory_bytes": 2**28, "output_bytes": 2**20}
    confine.try_in_child(partial(confine.confine_guest, confinement, **limits))


def _serve(keeper: socket) -> Guest | None:
    """Fork guests until the keeper closes the socket. In a guest, return what it is."""
    directories = WorkDirectories(_WRITABLE)
    while True:
        packet, descriptors = waiting.receive(keeper)
        if not packet:
            return None
        if packet == control.DRAIN:
            keeper.send(control.DRAINED)
        elif descriptors:  # a kill that comes now was for a guest that has ended
            run = _run_pair if control.is_pair(packet) else _run_guest
            last = run(keeper, packet, descriptors)
            if not isinstance(last, bytes):
                return last
            # Clean up while the keeper reads this guest's output. The next request waits.
            _kill_descendants()
            directories.renew()
            if last == control.DRAIN:
                keeper.send(control.DRAINED)


def _run_guest(keeper: socket, packet: bytes, descriptors: tuple[int, ...]) -> bytes | Guest:
    """Fork a guest, wait until it has ended, and return the keeper's last packet."""
    _move_to(-1)
    # Here, and not in the guest: the kernel copies each page of memory that a guest touches.
    request = control.read_request(packet)
    requests, guest_end = _descriptors(SOCK_SEQPACKET)
    program, *others = descriptors
    guest = Guest("plain", request, program, (*others, guest_end))
    pid = fork()
    if pid == 0:
        keeper.detach()  # its descriptor becomes the guest's channel
        return guest
    for fd in (*descriptors, guest_end):
        close(fd)
    is_run = control.is_run(packet)
    if not is_run:
        keeper.send(control.pack_started(pid))  # the keeper reads its clock at each answer
    ended, last = waiting.await_guest(keeper, requests, pid, _OWN_FILES, announced=not is_run)
    close(requests)
    keeper.send(ended)
    return last


def _run_pair(keeper: socket, packet: bytes, descriptors: tuple[int, ...]) -> bytes | Guest:
    """Fork a candidate and then its harness; wait for both, and return the keeper's last packet."""
    program, *streams, harness_program, output, channel, page = descriptors
    of_peers = _descriptors(SOCK_STREAM)
    requests = [_descriptors(SOCK_SEQPACKET) for _ in range(2)]
    pair = control.read_pair(packet)
    of_candidate = (*streams, requests[0][1], of_peers[1])
    of_harness = (0, output, output, channel, requests[1][1], of_peers[0], page)
    _move_to(pair.processor)
    guest = Guest("candidate", pair.candidate, program, of_candidate)
    candidate_pid = fork()
    if candidate_pid == 0:
        keeper.detach()
        return guest
    guest = Guest("harness", pair.harness, harness_program, of_harness, candidate_pid)
    harness_pid = fork()
    if harness_pid == 0:
        keeper.detach()
        return guest
    for fd in (*descriptors, of_peers[1], requests[0][1], requests[1][1]):
        close(fd)
    candidate = waiting.Child(candidate_pid, requests[0][0], is_harness=False)
    harness = waiting.Child(harness_pid, requests[1][0], is_harness=True)
    last = waiting.await_pair(keeper, candidate, harness, of_peers[0], _OWN_FILES)
    for fd in (requests[0][0], requests[1][0], of_peers[0]):
        close(fd)
    return last


def _move_to(processor: int) -> None:
    """Run on *processor* from now on, or on any if it is -1. Guests inherit that.

    To move each guest, after the fork, takes longer than to fork it.
    """
    if processor != _processor[0]:
        with suppress(OSError):  # it is not usable any more: a session only becomes slower
            sched_setaffinity(0, {processor} if processor >= 0 else _USABLE)
        _processor[0] = processor


def _descriptors(kind: int) -> tuple[int, int]:
    """Return a pair of bare descriptors: a guest closes those that it has no use for."""
    first, second = socketpair(AF_UNIX, kind)
    return first.detach(), second.detach()


def _become_guest(confinement: confine.Confinement, guest: Guest) -> Callable[[], None]:
    try:
        role, request, program_fd, descriptors, _ = guest
        _, cpu_seconds, memory_bytes, output_bytes, prelude_bytes, size, _, runs = request
        _is_zygote.clear()
        setsid()
        prelude = pread(program_fd, prelude_bytes, 0) if prelude_bytes else b""
        program = pread(program_fd, size, prelude_bytes)
        for target, fd in enumerate(descriptors):
            dup2(fd, target)
        closerange(len(descriptors), confine.OPEN_FILES_MAX)
        if role != "candidate" and _foreign:
            sys.modules.update(_foreign)
        confine.confine_guest(
            confinement,
            cpu_seconds=cpu_seconds,
            memory_bytes=memory_bytes,
            output_bytes=output_bytes,
        )
    except OSError:
        # Never run a program without its confinement. Only our own fault leads here, and no
        # message of a guest may look like it: so end the whole worker. The host starts another.
        os.kill(os.getppid(), signal.SIGKILL)
        os._exit(1)
    return partial(serve_runs if runs > 1 else run, guest, prelude, program)


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
