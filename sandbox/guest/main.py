"""What a guest does: run a program, or load it and answer calls or a harness.

Candidate code shares this process, so the keeper believes nothing that is sent from here: a false
message can only be a wrong answer, or give another reason for a failure.
"""

import atexit
import builtins
import contextlib
import gc
import os
import sys
import types
from collections.abc import Callable
from functools import cache, partial
from signal import pause
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn

from nova_code_verifier.sandbox.confinement.confine import CHANNEL_FD
from nova_code_verifier.sandbox.guest.own_files import REQUESTS_FD
from nova_code_verifier.sandbox.protocol import guest_messages
from nova_code_verifier.sandbox.protocol.channel import receive, send
from nova_code_verifier.sandbox.protocol.control import GuestRequest
from nova_code_verifier.sandbox.protocol.encoding import (
    EncodingError,
    decode,
    encode,
    encode_as_base,
    encode_exactly,
)
from nova_code_verifier.sandbox.protocol.guest_messages import TEXT_MAX, Failure, MessageKind

if TYPE_CHECKING:
    from nova_code_verifier.sandbox.guest.live import LiveSession

PROGRAM_NAME = "solution.py"
PRELUDE_NAME = "<prelude>"
HARNESS_NAME = "<harness>"
PEER_FD = REQUESTS_FD + 1
"""In a guest of a pair, the socket to the other guest."""
PAGE_FD = PEER_FD + 1
"""In a harness, the page of `sandbox/protocol/progress.py`."""
_FRAMES_OF_SESSION = 2
_prepared: "list[tuple[types.ModuleType, LiveSession]]" = []


Role = Literal["plain", "candidate", "harness"]
"""What a guest is: one alone, or one of a session. (An `Enum` would cost each guest some pages.)"""


class Guest(NamedTuple):
    """What a guest is. Its zygote makes this before the fork.

    *descriptors* become 0, 1, 2 and so on; all others are closed.
    """

    role: Role
    request: GuestRequest
    program_fd: int
    descriptors: tuple[int, ...]
    candidate_pid: int = 0


def run(guest: Guest, prelude: bytes, program: bytes) -> None:
    """Do what this guest has to do. Never returns."""
    # Unpacked: to look up a field by name touches more memory, and each page is copied.
    role, (calls, *_, argv, _), *_, candidate_pid = guest
    if role == "harness":
        serve_harness(program, candidate_pid)
    elif role == "candidate":
        serve_session(prelude, program)
    else:
        serve(prelude, program, calls, argv)


def serve(prelude: bytes, program: bytes, calls: int, argv: tuple[str, ...]) -> None:
    """Run the program, or load it and answer *calls* questions. Never returns.

    The *prelude* runs before the program, in the same namespace.
    """
    code = _compile(program)
    if calls:
        names = new_module("solution", program).__dict__
        _load(prelude, code, names)
        _report(MessageKind.LOADED)
        _answer_calls(names, calls)
    else:
        os._exit(run_program(prelude, program, code, argv))


def serve_session(prelude: bytes, program: bytes) -> None:
    """Load the program, and serve its harness until that closes its socket. Never returns.

    The zygote kills a candidate when its harness ends. If it exited here, it would often end first,
    like a candidate that leaves its harness.
    """
    code = _compile(program)
    module, session = _prepared.pop()
    sys.modules["solution"] = module
    names = module.__dict__
    names["__loader__"] = _Loader(program)
    session.begin()
    _load(prelude, code, names)
    try:
        session.serve_tests()
    except BaseException as error:  # noqa: BLE001  (the candidate may have changed anything)
        _print_traceback(error)
        os._exit(1)
    while True:
        pause()


def serve_harness(program: bytes, candidate_pid: int) -> None:
    """Run the program of a harness, which is trusted. Never returns.

    Its names PEER_FD, PAGE_FD and CHANNEL_FD are descriptors; CANDIDATE_PID is a process.
    """
    main = new_module("__main__", program)
    main.__dict__.update(
        PEER_FD=PEER_FD, PAGE_FD=PAGE_FD, CHANNEL_FD=CHANNEL_FD, CANDIDATE_PID=candidate_pid
    )
    status = 0
    try:
        exec(compile(program, HARNESS_NAME, "exec", dont_inherit=True), main.__dict__)  # noqa: S102  (ours)
    except BaseException as error:  # noqa: BLE001  (it is printed, and the status reports it)
        status = 1
        _print_traceback(error)
    _flush(sys.stdout, sys.stderr)
    os._exit(status)


@cache
def load_live() -> "type[LiveSession]":
    """Return the candidate's side of a session. The first call loads it, in the zygote."""
    from nova_code_verifier.sandbox.guest.live import LiveSession  # noqa: PLC0415
    from nova_code_verifier.sandbox.protocol import encoding, library_types  # noqa: PLC0415

    encoding.load_exact()
    library_types.see_loaded()
    return LiveSession


def prepare_session() -> None:
    """Prepare, in the zygote, an empty module and its session, for a candidate beside a harness.

    To build them in each guest would take longer than to fork it.
    """
    module = new_module("solution", b"")
    del sys.modules["solution"]
    _prepared.append((module, load_live()(PEER_FD, module.__dict__)))


def _compile(program: bytes) -> types.CodeType:
    try:
        return compile(program, PROGRAM_NAME, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        _fail(Failure.NOT_COMPILED, error)


def _load(prelude: bytes, code: types.CodeType, names: dict[str, Any]) -> None:
    """Run a program that is then called."""
    try:
        if prelude:
            _run_prelude(prelude, names)
        exec(code, names)  # noqa: S102  (this is what a guest is for)
    except BaseException as error:  # noqa: BLE001  (the candidate's: it is reported)
        _fail(Failure.NOT_LOADED, error)


def _fail(failure: Failure, error: BaseException) -> NoReturn:
    _report(MessageKind.FAILED, failure, *_describe(error))
    os._exit(1)


class _Loader:
    """Returns the program's text to `inspect` and tracebacks: there is no file."""

    def __init__(self, program: bytes) -> None:
        self._program = program

    def get_source(self, _name: str) -> str:
        return self._program.decode("utf-8", "replace")


def new_module(name: str, program: bytes) -> types.ModuleType:
    """Return the empty module in which a program runs, and register it."""
    module = types.ModuleType(name)
    module.__dict__.update(
        __builtins__=builtins,
        __file__=PROGRAM_NAME,
        __cached__=None,
        __loader__=_Loader(program),
        __annotations__={},
    )
    sys.modules[name] = module
    return module


def _run_prelude(prelude: bytes, names: dict[str, Any]) -> None:
    exec(_compile_prelude(prelude), names)  # noqa: S102  (a row's, or our imports)
    names["__doc__"] = None  # it is the program's to set


@cache
def _compile_prelude(prelude: bytes) -> types.CodeType:
    return compile(prelude, PRELUDE_NAME, "exec", dont_inherit=True)


def run_program(
    prelude: bytes,
    program: bytes,
    code: types.CodeType,
    argv: tuple[str, ...] = (),
    *,
    is_last: bool = True,
) -> int:
    """Run the program as `python3 solution.py` does, from the first line to the last flush.

    Return its exit status. Only the last run of a process runs the handlers of its exit.
    """
    main = new_module("__main__", program)
    sys.argv = [PROGRAM_NAME, *argv]
    status = 0
    try:
        if prelude:
            _run_prelude(prelude, main.__dict__)
        exec(code, main.__dict__)  # noqa: S102  (this is what a guest is for)
    except SystemExit as exit_request:
        status = _exit_status(exit_request)
    except BaseException as error:  # noqa: BLE001  (the candidate's: it is reported)
        _report(MessageKind.RAISED, *_describe(error))
        status = 130 if isinstance(error, KeyboardInterrupt) else 1
        _print_traceback(error)
    if is_last:
        _run_exit_handlers()
    return _finish(main, program, status)


def _exit_status(exit_request: SystemExit) -> int:
    """Return the status with which the interpreter exits for this exception."""
    if exit_request.code is None:
        return 0
    if isinstance(exit_request.code, int):
        return exit_request.code & 0xFF if -(2**63) <= exit_request.code < 2**63 else 0xFF
    print(exit_request.code, file=sys.stderr)  # noqa: T201  (so does the interpreter)
    return 1


def _print_traceback(error: BaseException) -> None:
    with contextlib.suppress(BaseException):  # the candidate's own hook may do anything
        own = error.__traceback__
        error.__traceback__ = own.tb_next if own else None  # leave out our frame
        sys.excepthook(type(error), error, error.__traceback__)


def _run_exit_handlers() -> None:
    try:
        threading = sys.modules.get("threading")
        if threading is not None:
            threading._shutdown()  # noqa: SLF001  (what the interpreter itself calls here)
        atexit._run_exitfuncs()  # noqa: SLF001
    except BaseException:  # noqa: BLE001, S110  (the candidate's handlers may do anything)
        pass


def _finish(main: types.ModuleType, program: bytes, status: int) -> int:
    """Return the exit status of a program. It must have no threads and exit handlers any more.

    This is the interpreter's order: streams, globals, streams. Do not let the interpreter do it: to
    destroy the zygote's modules would cost several times as much as the guest itself.
    """
    flushed = _flush(sys.stdout, sys.stderr)
    try:
        for name in list(main.__dict__):  # in order, so that finalisers run
            if name != "__builtins__":
                main.__dict__[name] = None
        if b"__del__" in program:
            gc.collect()
    except BaseException:  # noqa: BLE001, S110  (the candidate's finalisers may do anything)
        pass
    # At this point the interpreter has restored its own streams.
    return status if flushed & _flush(sys.__stdout__, sys.__stderr__) else 120


def _flush(*streams: Any) -> bool:  # noqa: ANN401  (whatever the candidate put there)
    flushed = True
    for stream in streams:
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except BaseException:  # noqa: BLE001  (the candidate's stream may do anything)
            flushed = False
    return flushed


def _answer_calls(names: dict[str, Any], calls: int) -> None:
    for _ in range(calls):
        question = receive(CHANNEL_FD)
        if question is None:
            break
        call: Any = decode(question)
        _answer_call(names, *call)
    os._exit(0)


def _answer_call(  # noqa: PLR0917  (as they are sent)
    names: dict[str, Any],
    entry_point: str,
    arguments: list[object],
    keywords: dict[str, object] | None = None,
    keeps_object: bool = False,  # noqa: FBT001, FBT002  (as it is sent)
    substitute: str = "nothing",
) -> None:
    """Answer a `Call`: an `ExactCall` if it has *keywords*."""
    if keywords is None:
        target = _find_target(names, entry_point)
    else:
        target = _find_exact_target(names, entry_point, keeps_object=keeps_object)
    if target is None:
        problem = f"the program defines no {entry_point}"
        _report(MessageKind.FAILED, Failure.NO_ENTRY_POINT, "LookupError", problem)
        os._exit(1)
    if keywords is None:
        _answer(lambda: encode(target()(*arguments)))
    else:
        compute = partial(_called_below, _FRAMES_OF_SESSION, target, arguments, keywords)
        _answer(lambda: _encode_or_substitute(compute(), substitute))


def _encode_or_substitute(value: object, substitute: str) -> bytes:
    """Encode an answer, or its substitute (`sandbox.types.Substitute`) if it is no plain data."""
    try:
        return encode_exactly(value)
    except EncodingError:
        if substitute == "base":
            return encode_as_base(value)
        if substitute == "truth":
            return encode(bool(value))
        raise


def _called_below(
    frames: int, target: Callable[[], Any], arguments: list[object], keywords: dict[str, object]
) -> object:
    """Call the target as deep in the stack as it is in a session, or a little deeper."""
    if frames:
        return _called_below(frames - 1, target, arguments, keywords)
    return target()(*arguments, **keywords)


def _answer(compute: Callable[[], bytes]) -> None:
    try:
        payload = guest_messages.write_value(compute())
    except EncodingError as error:
        payload = guest_messages.write_message(MessageKind.UNREADABLE, str(error)[:TEXT_MAX])
    except BaseException as error:  # noqa: BLE001  (the candidate's: it is reported)
        payload = guest_messages.write_message(MessageKind.RAISED, *_describe(error))
    _flush(sys.stdout, sys.stderr)
    send(CHANNEL_FD, payload)


def _find_target(names: dict[str, Any], entry_point: str) -> Callable[[], Any] | None:
    """Return a function that returns what to call. A method gets a new object for each call."""
    class_name, _, name = entry_point.rpartition("().")
    of_class = names.get(class_name or "Solution")
    if isinstance(of_class, type) and hasattr(of_class, name):
        return lambda: getattr(of_class(), name)
    if not class_name and callable(names.get(name)):
        return lambda: names[name]
    return None


def _find_exact_target(
    names: dict[str, Any], entry_point: str, *, keeps_object: bool
) -> Callable[[], Any] | None:
    """Return a function that returns what to call: `f`, or `Name().f`, as Python reads it."""
    if keeps_object and entry_point in _kept:
        return lambda: _kept[entry_point]
    class_name, _, name = entry_point.rpartition("().")
    named = names.get(class_name or name)
    if not callable(named) or _first.setdefault(class_name or name, named) is not named:
        return None  # if it has got another meaning, a session has to decide what the tests mean

    def find() -> Any:  # noqa: ANN401  (a function of the candidate's)
        found = getattr(names[class_name](), name) if class_name else names[name]
        return _kept.setdefault(entry_point, found) if keeps_object else found

    return find


_kept: dict[str, Any] = {}
_first: dict[str, Any] = {}


def _describe(error: BaseException) -> tuple[str, str]:
    try:
        return type(error).__name__[:TEXT_MAX], str(error)[:TEXT_MAX]
    except BaseException:  # noqa: BLE001  (the candidate's exception may do anything)
        return "Exception", ""


def _report(kind: MessageKind, *texts: str) -> None:
    with contextlib.suppress(OSError):  # the candidate may have closed the channel
        send(CHANNEL_FD, guest_messages.write_message(kind, *texts))
