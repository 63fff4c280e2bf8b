"""The list: every behaviour by its name. SECURITY.md refers to these names."""

from nova_code_verifier.sandbox.types import Call, Ending, Execution, IsolationLevel, Limits
from nova_code_verifier.verifier.checking.answers import with_value
from tests.conformance.behaviours import endings, isolation, limits
from tests.conformance.behaviours.behaviour import (
    ISOLATED,
    MEMORY,
    OUTPUT,
    Behaviour,
    Variant,
    all_must,
    ends,
    never_prints,
    prints,
)

# Only one of the two can end a program, so that the limits are told apart.
_BUSY = Limits(cpu_seconds=0.1, wall_seconds=20, memory_bytes=MEMORY, output_bytes=OUTPUT)
_SLEEPY = Limits(cpu_seconds=10, wall_seconds=0.25, memory_bytes=MEMORY, output_bytes=OUTPUT)
_TOTAL = Limits(total_cpu_seconds=0.1, total_wall_seconds=0.25)
_TIGHT = Limits(cpu_seconds=0.4, wall_seconds=0.8, memory_bytes=MEMORY, output_bytes=OUTPUT)
_ATTACK = Limits(cpu_seconds=2, wall_seconds=2)
# Long enough for the keeper to look, however busy the machine.
_FILLED = "\nimport time; time.sleep(2); print('FILLED')"


def _is_out_of_memory(execution: Execution) -> bool:
    return execution.ending is Ending.OUT_OF_MEMORY and execution.memory_bytes < 10 * MEMORY


def _is_too_much_output(execution: Execution) -> bool:
    is_bounded = len(execution.stdout) <= OUTPUT + 2**16
    return execution.ending is Ending.TOO_MUCH_OUTPUT and is_bounded


def _has_crashed(execution: Execution) -> bool:
    return execution.ending is Ending.CRASHED and bool(execution.signal)


def _starts_no_process(execution: Execution) -> bool:
    """Return whether the filter ended it, or there was no native code, which is an exception."""
    return execution.ending is Ending.FORBIDDEN or execution.exit_status == 1


def _was_run(execution: Execution) -> bool:
    return execution.ending is not Ending.NOT_RUN


def _call_ends(ending: Ending) -> Variant:
    return Variant(program="", expected=lambda execution: with_value(execution).ending is ending)


def _calls() -> dict[str, Variant]:
    return {
        name: Variant(program=program, expected=_call_ends(ending).expected)
        for name, (program, ending) in limits.CALLS.items()
    }


def _attacks(programs: dict[str, str]) -> Behaviour:
    return Behaviour(
        variants=all_must(never_prints(b"BREACH"), programs),
        limits=_ATTACK,
        levels=ISOLATED,
        is_attack=True,
    )


BEHAVIOURS: dict[str, Behaviour] = {
    # Limits: each is bitten by what it counts, and by nothing else.
    "cpu_limit": Behaviour(variants=all_must(ends(Ending.OUT_OF_TIME), limits.BUSY), limits=_BUSY),
    "wall_limit": Behaviour(
        variants=all_must(ends(Ending.OUT_OF_TIME), limits.SLEEPING), limits=_SLEEPY
    ),
    "total_limit": Behaviour(
        variants=all_must(
            ends(Ending.OUT_OF_TIME, Ending.SKIPPED),
            {"sleep": limits.SLEEPING["sleep"], "loop": limits.BUSY["loop"]},
        ),
        limits=_TOTAL,
        count=2,
        everywhere=("sleep", "loop"),
    ),
    "memory_limit": Behaviour(variants=all_must(_is_out_of_memory, limits.BIG)),
    "output_limit": Behaviour(variants=all_must(_is_too_much_output, limits.LOUD)),
    "file_limit": Behaviour(variants=all_must(_is_too_much_output, limits.FULL)),
    "other_limits": Behaviour(
        variants=all_must(
            never_prints(b"FILLED"),
            {name: program + _FILLED for name, program in limits.UNSEEN.items()},
        ),
        everywhere=("threads",),
    ),
    "within_limits": Behaviour(variants=all_must(prints(b"enough\n"), limits.QUIET)),
    # Endings.
    "exit_status": Behaviour(variants=endings.EXITS, everywhere=tuple(endings.EXITS)),
    "crash": Behaviour(variants=all_must(_has_crashed, limits.CRASHES)),
    "call_ending": Behaviour(
        variants=_calls(),
        question=Call(entry_point="f"),
        limits=_TIGHT,
        everywhere=(
            "never",
            "infinite iterator",
            "iterator that raises",
            "giant text",
            "exits",
            "aborts",
            "answers early",
            "answers in part",
            "endless frame",
            "failed by its own word",
            "closes all",
            "is not there",
            "is no program",
            "fails to load",
        ),
    ),
    # Processes.
    "new_process": Behaviour(
        variants=all_must(ends(Ending.FORBIDDEN), limits.MANY), levels=ISOLATED
    ),
    "new_native_process": Behaviour(
        variants=all_must(_starts_no_process, limits.NATIVE_MANY), levels=ISOLATED
    ),
    "process_in_passing": Behaviour(
        variants=all_must(
            prints(b"went on\n"),
            {name: text + "\nprint('went on')" for name, text in limits.UNNECESSARY.items()},
        ),
        levels=ISOLATED,
    ),
    "process_left": Behaviour(
        variants=all_must(ends(Ending.FINISHED, Ending.OUT_OF_TIME), endings.FORKS),
        levels=frozenset({IsolationLevel.NONE}),
        everywhere=tuple(endings.FORKS),
    ),
    # What stays for the next guest.
    "files_left": Behaviour(variants=all_must(_was_run, limits.LITTER)),
    "state_left": Behaviour(
        variants=all_must(never_prints(b"True", b"planted"), endings.PLANTING),
        count=3,
        everywhere=tuple(endings.PLANTING),
    ),
    # What a guest must not reach.
    "foreign_files": _attacks(isolation.FILES),
    "foreign_writes": _attacks(isolation.WRITES),
    "foreign_processes": _attacks(isolation.PROCESSES),
    "network": _attacks(isolation.SOCKETS),
    "zygote_requests": _attacks(isolation.REQUESTS),
    "audit_hook": _attacks(isolation.HOOKS),
    "native_code": _attacks(isolation.NATIVE),
    "secrets": _attacks(isolation.OTHERS),
}
