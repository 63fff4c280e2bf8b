"""Runs of tests, as jobs: without a candidate, beside one, or in one process with it.

In: compiled tests, and the program of a candidate. Out: jobs, and their executions. A session's job
holds both, and the sandbox keeps them in two guests. Only if the dataset or the operator asks for
one process does a job have a guest that holds both.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from typing import NamedTuple

from nova_code_verifier.sandbox.types import (
    NO_TOTAL_SECONDS,
    Call,
    Execution,
    Executor,
    Job,
    JobRunner,
    Limits,
    Session,
)
from nova_code_verifier.verifier.checking.answers import with_value
from nova_code_verifier.verifier.test_code.protocol import CompiledTests, pack_tests
from nova_code_verifier.verifier.types import CodePlan, TestCode

HARNESS_MODULES = (
    "nova_code_verifier.verifier.test_code.harness.runner",
    "nova_code_verifier.verifier.test_code.harness.session",
    "nova_code_verifier.verifier.test_code.harness.surroundings",
    "nova_code_verifier.verifier.test_code.harness.in_process",
    "nova_code_verifier.verifier.test_code.harness.unittest_suite",
)
"""The modules that zygotes of harnesses load before they are confined."""
PYTEST_MODULES = (*HARNESS_MODULES, "nova_code_verifier.verifier.test_code.harness.pytest_suite")
"""The same for tests that are written for pytest, which is too big for the other zygotes."""

# A candidate may answer with an integer whose digits take minutes to read or to write.
_HARNESS = """\
import sys; sys.set_int_max_str_digits(50_000)
from nova_code_verifier.verifier.test_code.harness.runner import {function}
"""
_SESSION = """\
run_session({packed!r}, {lost!r}, {most}, PEER_FD, PAGE_FD, CANDIDATE_PID)
"""
_ALONE = """\
{entry_point} = {function}({packed!r})
"""
_IN_PROCESS = "from nova_code_verifier.verifier.test_code.harness.in_process import run_in_process"
_IN_PROCESS_CPU_FACTOR = 3
# A run with pytest takes much longer than one of the same tests without it.
GUESSES_MAX, _GUESSES_OF_PYTEST_MAX = 32, 8
_SOURCES_MAX = 8
HARNESS_LIMITS = Limits(
    cpu_seconds=30.0,
    wall_seconds=60.0,
    memory_bytes=2**30,
    output_bytes=2**24,
    total_cpu_seconds=NO_TOTAL_SECONDS,
    total_wall_seconds=NO_TOTAL_SECONDS,
)
# Some guess may let the tests loop without end.
_GUESS_LIMITS = replace(HARNESS_LIMITS, cpu_seconds=2.0)


class HarnessJob(NamedTuple):
    """A job, and the modules that its harness needs."""

    job: Job
    modules: tuple[str, ...]


def run_harness_jobs(
    jobs: Sequence[HarnessJob], executor: Executor
) -> Iterator[tuple[int, tuple[Execution, ...]]]:
    """Run jobs that are no sessions; yield the index of each with its executions."""
    return _run(jobs, executor.with_preloaded)


def run_sessions(
    jobs: Sequence[HarnessJob], executor: Executor
) -> Iterator[tuple[int, tuple[Execution, ...]]]:
    """Run jobs of sessions; yield the index of each with its executions."""
    return _run(jobs, executor.with_sessions)


def _run(
    jobs: Sequence[HarnessJob], runner_with: Callable[[tuple[str, ...]], JobRunner]
) -> Iterator[tuple[int, tuple[Execution, ...]]]:
    for modules in (HARNESS_MODULES, PYTEST_MODULES):
        indexes = [index for index, job in enumerate(jobs) if job.modules is modules]
        if indexes:
            runner = runner_with(modules)
            for number, executions in runner.run([jobs[index].job for index in indexes]):
                yield indexes[number], tuple(map(with_value, executions))


def discovery_job(test_code: TestCode, compiled: CompiledTests | None) -> HarnessJob:
    """Run the tests once without a candidate."""
    program = _alone("load_tests", "run_tests", pack_tests(asdict(test_code), compiled))
    questions = (Call(entry_point="run_tests"),)
    return HarnessJob(
        Job(program=program, questions=questions, limits=HARNESS_LIMITS), _modules(compiled)
    )


def baseline_job(test_code: TestCode, compiled: CompiledTests) -> HarnessJob:
    """Count the items that each guess passes.

    All guesses share a guest, even if the tests may leave a trace there: no candidate follows them.
    """
    most = _GUESSES_OF_PYTEST_MAX if compiled.style == "pytest" else GUESSES_MAX
    indexes = range(len(compiled.guesses[:most]))
    job = Job(
        program=_alone("load_guesses", "guess", pack_tests(asdict(test_code), compiled)),
        questions=tuple(Call(entry_point="guess", arguments=(index,)) for index in indexes),
        limits=_GUESS_LIMITS,
    )
    return HarnessJob(job, _modules(compiled))


def session_job(
    program: str,
    plan: CodePlan,
    compiled: CompiledTests,
    items: Collection[str],
    lost_items: Sequence[str] = (),
    *,
    prelude: str = "",
    limits: Limits,
) -> HarnessJob:
    """Run the tests beside a candidate, except the *lost_items*; *items* are all that there are.

    *limits* are those of the candidate.
    """
    packed = pack_tests(asdict(plan.test_code), compiled)
    session = Session(
        harness=_session_source(packed, tuple(lost_items), limits.output_bytes),
        harness_limits=HARNESS_LIMITS,
        items_max=max(1, len(items)),
    )
    job = Job(program=program, prelude=prelude, questions=(session,), limits=limits)
    return HarnessJob(job, _modules(compiled))


def in_process_job(
    program: str, plan: CodePlan, compiled: CompiledTests, *, prelude: str = ""
) -> HarnessJob:
    """Run tests and candidate in one guest, with the candidate's limits."""
    packed = pack_tests(asdict(plan.test_code), compiled)
    limits = plan.limits
    job = Job(
        program=_IN_PROCESS,
        questions=(Call(entry_point="run_in_process", arguments=(packed, program, prelude)),),
        limits=replace(limits, cpu_seconds=limits.cpu_seconds * _IN_PROCESS_CPU_FACTOR),
    )
    return HarnessJob(job, _modules(compiled))


def _alone(function: str, entry_point: str, packed: bytes) -> str:
    """Return the program of a harness without a candidate."""
    call = _ALONE.format(entry_point=entry_point, function=function, packed=packed)
    return _HARNESS.format(function=function) + call


@lru_cache(maxsize=_SOURCES_MAX)
def _session_source(packed: bytes, lost_items: tuple[str, ...], answer_bytes_max: int) -> str:
    """Return the program of a session's harness: one text for all candidates of one prompt."""
    call = _SESSION.format(packed=packed, lost=[*lost_items], most=answer_bytes_max)
    return _HARNESS.format(function="run_session") + call


def _modules(compiled: CompiledTests | None) -> tuple[str, ...]:
    return PYTEST_MODULES if compiled and compiled.style == "pytest" else HARNESS_MODULES
