"""The sandbox's words: what goes in, what comes out.

In: a `Job`, a program and the questions to put to it. Out: an `Execution` for each
question, what happened. What must stay outside: expected answers. There is no field for
one: a secret cannot leak through a door that does not exist.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class IsolationLevel(StrEnum):
    """How strong the wall around a guest is (`verifier doctor` explains each).

    Levels compare by strength: `IsolationLevel.KERNEL > IsolationLevel.NONE`.
    """

    # Strongest first.
    KERNEL = "kernel"
    INTERPRETER = "interpreter"
    NONE = "none"

    # All four, because a `str` has all four, and compares as text.
    def __lt__(self, other: str) -> bool:
        """Return whether this level is weaker than *other*."""
        return _weakness(self) > _weakness(other)

    def __le__(self, other: str) -> bool:
        """Return whether this level is at most as strong as *other*."""
        return _weakness(self) >= _weakness(other)

    def __gt__(self, other: str) -> bool:
        """Return whether this level is stronger than *other*."""
        return _weakness(self) < _weakness(other)

    def __ge__(self, other: str) -> bool:
        """Return whether this level is at least as strong as *other*."""
        return _weakness(self) <= _weakness(other)


def _weakness(level: str) -> int:
    return list(IsolationLevel).index(IsolationLevel(level))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one question may cost the guest that answers it.

    `cpu_seconds` is the guest's own CPU time. `wall_seconds` is for sleepers: time in
    which the guest neither ran nor waited for a busy processor. `memory_bytes` bounds
    resident memory; `output_bytes` bounds stdout, stderr, the answers of a guest and each file.
    """

    cpu_seconds: float = 10.0
    wall_seconds: float = 30.0
    memory_bytes: int = 512 * 2**20
    output_bytes: int = 16 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A question to a whole program: run as `__main__`, given this standard input."""

    stdin: bytes = b""
    argv: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A question to one function: what it returns for these arguments.

    `entry_point` is `f` or `Solution().f`; a bare `f` is also found as a method of a
    class `Solution`. `arguments` are plain data (see `sandbox.protocol.encoding`).
    """

    entry_point: str
    arguments: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A question in the course of a conversation, about what its earlier steps came to.

    `instruction` is what `sandbox.guest.object_session` reads. The answer, in an execution's
    `value`, is bytes that nobody has read yet.
    """

    instruction: bytes


Question = Run | Call | Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One program and the questions put to it, all of one kind.

    Every `Run` gets a guest of its own. The calls of a job share a guest, in order, as
    long as it lives; after a crash or a time-out the next call gets a fresh one. Steps all
    belong to one guest: with it they end, and the rest is `SKIPPED`. Once `give_up_after`
    questions (two or more: a lone one is asked again) ran out of time, the later ones are
    not asked (`SKIPPED`).
    """

    program: str
    questions: tuple[Question, ...]
    limits: Limits = Limits()
    give_up_after: int = 3

    def __post_init__(self) -> None:
        """Refuse to give up after a time-out that might not be confirmed."""
        if self.give_up_after < 2:  # noqa: PLR2004
            raise ValueError(f"give_up_after: expected 2 or more, found {self.give_up_after}")

    @property
    def is_divisible(self) -> bool:
        """Whether each question has a guest of its own. Not asked of a job without questions."""
        return isinstance(self.questions[0], Run)


class Ending(StrEnum):
    """How a question ended. A fact; what it means is judged elsewhere."""

    FINISHED = "finished"  # the program left by itself, or the call returned a value
    RAISED = "raised"  # the call raised an exception
    UNREADABLE = "unreadable"  # the call's answer is no plain data, or no proper message
    CRASHED = "crashed"  # a signal that we did not send, or gone in the middle of a call
    OUT_OF_TIME = "out_of_time"
    OUT_OF_MEMORY = "out_of_memory"
    TOO_MUCH_OUTPUT = "too_much_output"
    FORBIDDEN = "forbidden"  # the guest tried what the sandbox refuses; `detail` names it
    NOT_COMPILED = "not_compiled"
    NOT_LOADED = "not_loaded"  # it failed, or left, before its entry point could be called
    NO_ENTRY_POINT = "no_entry_point"
    SKIPPED = "skipped"  # not asked, as earlier questions ran out of time, or ended the guest
    UNSENDABLE = "unsendable"  # not asked, as it is nothing that can be sent; `detail` says why
    NOT_RUN = "not_run"  # not asked, through our own fault; `detail` says which


class Cause(StrEnum):
    """Why a question ended as it did, where code must know more than the `Ending`."""

    NONE = "none"
    CPU_TIME = "cpu_time"  # OUT_OF_TIME by the guest's own clock, which noise may cause
    DEADLINE = "deadline"  # NOT_RUN because the executor's deadline passed


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedError:
    """An exception, in the guest's own words: to be shown, not to be believed."""

    type_name: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What happened to one question.

    `exit_status` and `signal` are set for a `Run` that ended by itself; `value` holds
    what a finished `Call` returned, as plain data, or a `Operation`'s answer, as bytes, and
    `value_bytes` its encoded size. `detail` is text for people; code branches on `cause`.
    Times are in seconds; `memory_bytes` is the peak resident memory of the guest.
    """

    ending: Ending
    exit_status: int | None = None
    signal: int | None = None
    value: object = None
    value_bytes: int = 0
    stdout: bytes = b""
    stderr: bytes = b""
    error: RaisedError | None = None
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    memory_bytes: int = 0
    detail: str = ""
    cause: Cause = Cause.NONE


class Executor(Protocol):
    """Whoever runs jobs: workers on this machine, a container, another function."""

    @property
    def level(self) -> IsolationLevel:
        """How strong the wall around every guest is."""

    @property
    def isolates_trusted_code(self) -> bool:
        """Whether guests are elsewhere than trusted programs: then none may hold both."""

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Yield, for each job as it ends, its place in *jobs* and its executions."""

    def with_preloaded(self, modules: tuple[str, ...]) -> "Executor":
        """Return the executor of trusted programs, whose guests find *modules* loaded."""


class TimedExecutor(Executor, Protocol):
    """An executor that can be told to stop."""

    def with_deadline(self, deadline: float) -> Executor:
        """Be an executor that stops at *deadline*, in seconds of `time.monotonic`."""
