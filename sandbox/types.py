"""The types of the sandbox's interface.

In: a `Job`, which is a program and questions about it. Out: an `Execution` for each question. A
`Job` has no field for an expected answer, so that none can leak to a guest.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple, Protocol


class IsolationLevel(StrEnum):
    """How strongly a guest is isolated (`verifier doctor` explains each level).

    Levels compare by strength: `IsolationLevel.KERNEL > IsolationLevel.NONE`.
    """

    # Strongest first.
    KERNEL = "kernel"
    INTERPRETER = "interpreter"
    NONE = "none"

    # Define all four: those of `str` compare as text.
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
    """What a guest may use for one question, or in a session for one test item.

    `cpu_seconds` is the guest's own CPU time. `wall_seconds` limits sleep: time in which the
    guest neither ran nor waited for a busy processor. `memory_bytes` bounds resident memory;
    `output_bytes` bounds stdout, stderr, the answers of a guest together, and each file.
    `total_cpu_seconds` and `total_wall_seconds` bound the same times of all questions of a job, or
    all test items of a session, together.
    """

    cpu_seconds: float = 10.0
    wall_seconds: float = 30.0
    memory_bytes: int = 512 * 2**20
    output_bytes: int = 16 * 2**20
    total_cpu_seconds: float = 120.0
    total_wall_seconds: float = 180.0


class Used(NamedTuple):
    """What executions have used of the totals of limits."""

    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0

    def excess(self, limits: Limits) -> str:
        """Return which total of *limits* this exceeds; "" if none."""
        if self.cpu_seconds > limits.total_cpu_seconds:
            return "total cpu"
        return "total wall" if self.wall_seconds > limits.total_wall_seconds else ""

    def plus(self, other: "Used") -> "Used":
        """Return the sum."""
        cpu_seconds = self.cpu_seconds + other.cpu_seconds
        return Used(cpu_seconds, self.wall_seconds + other.wall_seconds)

    def left_of(self, limits: Limits) -> Limits:
        """Return *limits*, with what is left of their totals."""
        return replace(
            limits,
            total_cpu_seconds=max(0.0, limits.total_cpu_seconds - self.cpu_seconds),
            total_wall_seconds=max(0.0, limits.total_wall_seconds - self.wall_seconds),
        )


NOTHING_USED = Used()
NO_TOTAL_SECONDS = 1e9
"""The total of trusted programs: their data set decides how long they take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Run the program as `__main__`, with this standard input."""

    stdin: bytes = b""
    argv: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Call one function of the program with these arguments.

    `entry_point` is `f`, or `Name().f` for a method of a new `Name`; a bare `f` is also found as a
    method of a class `Solution`. `arguments` are plain data (see `sandbox/protocol/encoding.py`).
    """

    entry_point: str
    arguments: tuple[object, ...] = ()


class Substitute(StrEnum):
    """What stands for an answer that is not exactly plain data."""

    NOTHING = "nothing"  # it is unreadable
    BASE = "base"  # it, as if each class in it were the plain one that it derives from
    TRUTH = "truth"  # whether it is true


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactCall(Call):
    """A call as tests would make it.

    `f` is only a name of the program. `keywords` are arguments with a name. An answer is unreadable
    unless all its types are exactly those of plain data, or it has a `substitute`. If it *keeps its
    object*, the function, or the method of one `Name()`, is looked up once for all calls of the
    entry point.
    """

    keywords: tuple[tuple[str, object], ...] = ()
    keeps_object: bool = False
    substitute: Substitute = Substitute.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Run a trusted harness beside the program, in a second guest, for as long as it takes.

    `harness` is Python, which runs as a program of its own and reaches the candidate over a socket
    (`sandbox/guest/main.py`). Only zygotes that have the harness's modules loaded can run one. The
    limits of the job are those of the candidate for each test item of the harness, of which there
    are at most `items_max`; `harness_limits` are those of the harness for each item.

    The execution's `value` is what the harness reported: a tuple of messages, each of bytes. Its
    `ending` says how the candidate ended, and FINISHED if it lived longer than the harness;
    `harness_ending` says how the harness did.
    """

    harness: str
    harness_limits: Limits
    items_max: int = 1


Question = Run | Call | Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One program and questions about it, all of one kind.

    `prelude` is Python that runs in the program's namespace before the program. It is compiled on
    its own, so that it changes no line number. If it raises, the program counts as not loaded.

    Every `Run` gets a guest of its own. The calls of a job share a guest, in order; after a crash
    or a time-out the next call gets a new one. When `give_up_after` questions ran out of time, the
    later ones are `SKIPPED`. It is two or more, because a single time-out is asked again.
    A question at which all together exceed a total of the limits is OUT_OF_TIME, and the later ones
    are `SKIPPED`.

    If it *needs all*, the executions are of no use unless one guest has answered every question: a
    guest that is lost is not replaced, and no question is asked again.
    """

    program: str
    questions: tuple[Question, ...]
    limits: Limits = Limits()
    give_up_after: int = 3
    prelude: str = ""
    needs_all: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError if one time-out, which may be noise, would end the job."""
        if self.give_up_after < 2:  # noqa: PLR2004
            raise ValueError(f"give_up_after: expected 2 or more, found {self.give_up_after}")

    @property
    def is_divisible(self) -> bool:
        """Whether each question has a guest of its own. The job must have questions."""
        return isinstance(self.questions[0], Run)


class Ending(StrEnum):
    """How a question ended. This is a fact; the verifier decides what it means."""

    FINISHED = "finished"  # the program exited, or the call returned a value
    RAISED = "raised"  # the call raised an exception
    UNREADABLE = "unreadable"  # the call's answer is not plain data, or not a message
    CRASHED = "crashed"  # a signal that we did not send, or the guest exited during a call
    OUT_OF_TIME = "out_of_time"
    OUT_OF_MEMORY = "out_of_memory"
    TOO_MUCH_OUTPUT = "too_much_output"
    FORBIDDEN = "forbidden"  # the guest tried what the sandbox forbids; `detail` names it
    NOT_COMPILED = "not_compiled"
    NOT_LOADED = "not_loaded"  # it raised, or exited, before its entry point could be called
    NO_ENTRY_POINT = "no_entry_point"
    SKIPPED = "skipped"  # not asked: earlier questions ran out of time, or ended the guest
    UNSENDABLE = "unsendable"  # not asked: it cannot be sent; `detail` says why
    NOT_RUN = "not_run"  # not asked, through our own fault; `detail` says why


class Cause(StrEnum):
    """Why a question ended, where code has to branch on more than the `Ending`."""

    NONE = "none"
    CPU_TIME = "cpu_time"  # OUT_OF_TIME by the guest's own clock, which noise may cause
    TOTAL_TIME = "total_time"  # OUT_OF_TIME: this question and those before it, together
    DEADLINE = "deadline"  # NOT_RUN because the executor's deadline passed
    KILLED = "killed"  # by a SIGKILL that we did not send, within the guest's limits
    FULL_DISK = "full_disk"  # NOT_RUN because the disk of the guests' directories was full
    NO_ROOM = "no_room"  # NOT_RUN because its limits do not fit the memory of the machine


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedError:
    """An exception as the guest reported it. Show it, but do not believe it."""

    type_name: str
    message: str


@dataclass(frozen=True, slots=True)
class EncodedValue:
    """The value of a call, as its guest encoded it. Nobody has decoded it yet.

    Decoding may take 70 times its size in memory (`sandbox/protocol/encoding.py`).
    """

    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What happened to one question.

    `exit_status` and `signal` are set for a `Run` that ended by itself. `value` is what a
    finished `Call` returned, as an `EncodedValue`, or the messages of a `Session`'s harness;
    `value_bytes` is its encoded size. `detail` is text for people; code reads `cause`.
    Times are in seconds; `own_seconds` is the part of the wall time in which the guest certainly
    did not wait, neither for a processor nor for us. `memory_bytes` is the peak resident memory of
    the guest. If it *is confirmed*, the question ran out of CPU time before, and was asked again:
    that may be noise.
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
    own_seconds: float = 0.0
    memory_bytes: int = 0
    detail: str = ""
    cause: Cause = Cause.NONE
    harness_ending: Ending = Ending.FINISHED
    is_confirmed: bool = False


class JobRunner(Protocol):
    """Runs jobs."""

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Yield, for each job as it ends, its index in *jobs* and its executions."""


class Company(Protocol):
    """Decides about the runs of jobs that an executor tries in one guest, one after the other.

    *job* and *question* are indices.
    """

    def may_share_guest(self, job: int) -> bool:
        """Return whether each run behaves as in a process of its own: the program leaves no trace.

        Asked of jobs with several `Run`s only.
        """

    def accepts(self, job: int, question: int, execution: Execution) -> bool:
        """Return whether an execution is right.

        Asked when all runs of the job have ended in one guest.
        """


class Executor(JobRunner, Protocol):
    """Runs jobs: with workers on this machine, in a container, or in another function."""

    def run(
        self, jobs: Iterable[Job], *, company: Company | None = None
    ) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Yield, for each job as it ends, its index in *jobs* and its executions.

        With *company*, an executor may first try all runs of a job in one guest. The executions
        count if all are accepted, or if one of the others is the same alone in a guest, apart from
        what is measured. Otherwise the job runs as without.
        """

    @property
    def level(self) -> IsolationLevel:
        """How strongly every guest is isolated."""

    @property
    def isolates_trusted_code(self) -> bool:
        """Whether trusted programs run elsewhere than candidates. Then no guest may hold both."""

    @property
    def environment(self) -> str:
        """What programs find installed, as an opaque name; "" if that is unknown."""

    @property
    def fast_paths(self) -> bool:
        """Whether to try cheaper ways to accept a sample first. They change no verdict."""

    def with_preloaded(self, modules: tuple[str, ...]) -> "Executor":
        """Return the executor for trusted programs, whose guests find *modules* imported."""

    def with_sessions(self, modules: tuple[str, ...]) -> JobRunner:
        """Return what runs sessions: candidates, and harnesses that find *modules* imported.

        Where tests must not be on the machine of the candidates, each session ends as
        `UNSENDABLE`; its `detail` says why.
        """


class TimedExecutor(Executor, Protocol):
    """An executor that can stop at a deadline."""

    def with_deadline(self, deadline: float) -> Executor:
        """Return a view of this executor that stops at *deadline* (`time.monotonic` seconds)."""
