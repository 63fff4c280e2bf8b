"""One behaviour of every executor: programs that would break it, and how their questions must end.

The list is in `table.py`. `tests/conformance/test_behaviours.py` runs it on executors of this
machine, and on one over an executor function; `tests/container/test_behaviours.py` in containers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nova_code_verifier.sandbox.types import (
    Ending,
    Execution,
    IsolationLevel,
    Limits,
    Question,
    Run,
)

MEMORY, OUTPUT = 60 * 2**20, 2 * 2**20
# To fill memory, or to make many files, takes its time.
PATIENT = Limits(cpu_seconds=10, wall_seconds=20, memory_bytes=MEMORY, output_bytes=OUTPUT)

_WHOLE_PROGRAM = Run()
EVERY_LEVEL = frozenset(IsolationLevel)
ISOLATED = EVERY_LEVEL - {IsolationLevel.NONE}

Expected = Callable[[Execution], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One program that would break a behaviour, and whether an execution of it keeps that."""

    program: str
    expected: Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What every executor does, shown by programs, which are its *variants*.

    All variants run on this machine at the levels `kernel` and `interpreter`; on other executors,
    those that are named in *everywhere*, or the first alone. It holds at these *levels*. An
    *attack* knows its target (`target.py`). A program is asked *count* times, each time in a guest
    of its own.
    """

    variants: Mapping[str, Variant]
    levels: frozenset[IsolationLevel] = EVERY_LEVEL
    question: Question = _WHOLE_PROGRAM
    limits: Limits = PATIENT
    count: int = 1
    is_attack: bool = False
    everywhere: tuple[str, ...] = ()

    @property
    def chosen(self) -> tuple[str, ...]:
        """Return the names of the variants that run on every executor."""
        return self.everywhere or tuple(self.variants)[:1]


def all_must(expected: Expected, programs: Mapping[str, str]) -> dict[str, Variant]:
    """Return variants that all must end in the same way."""
    return {name: Variant(program=program, expected=expected) for name, program in programs.items()}


def ends(*endings: Ending) -> Expected:
    """Expect one of these endings."""
    return lambda execution: execution.ending in endings


def prints(output: bytes) -> Expected:
    """Expect a program that ends by itself, with exactly this output."""
    return lambda execution: (execution.ending, execution.stdout) == (Ending.FINISHED, output)


def exits(status: int, *, error: str = "") -> Expected:
    """Expect a program that ends with this status, and with an exception of this type, if any."""

    def expected(execution: Execution) -> bool:
        found = execution.error.type_name if execution.error else ""
        return (execution.ending, execution.exit_status, found) == (Ending.FINISHED, status, error)

    return expected


def never_prints(*words: bytes) -> Expected:
    """Expect that none of these words is in the output, however the program ends."""
    return lambda execution: not any(word in execution.stdout for word in words)
