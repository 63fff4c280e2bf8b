"""Runs of tests, as jobs for harness processes; and questions, as jobs for candidates' guests.

In: compiled tests, questions, and the candidates' answers. Out: jobs, and their executions. No job
of a harness contains a candidate's program, unless the dataset asks for tests and candidate in one
process. No job of a candidate contains tests.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import NamedTuple

from nova_code_verifier.sandbox.types import Call, Execution, Executor, Job, Limits, Operation
from nova_code_verifier.verifier.checking.answers import with_value
from nova_code_verifier.verifier.test_code.protocol import (
    CandidateAnswers,
    CompiledTests,
    Question,
    pack_tests,
)
from nova_code_verifier.verifier.types import CodePlan, TestCode

HARNESS_MODULES = (
    "nova_code_verifier.verifier.test_code.harness.runner",
    "nova_code_verifier.verifier.test_code.harness.in_process",
    "nova_code_verifier.verifier.test_code.harness.unittest_suite",
)
"""The modules that zygotes of harnesses load before they are confined."""
PYTEST_MODULES = (*HARNESS_MODULES, "nova_code_verifier.verifier.test_code.harness.pytest_suite")
"""The same for tests that are written for pytest, which is too big for the other zygotes."""

# A candidate may answer with an integer whose digits take minutes to read or to write.
_HARNESS = """\
import sys; sys.set_int_max_str_digits(50_000)
from nova_code_verifier.verifier.test_code.harness.runner import {load}
{entry_point} = {load}({packed!r})
"""
_IN_PROCESS = "from nova_code_verifier.verifier.test_code.harness.in_process import run_in_process"
_IN_PROCESS_CPU_FACTOR = 3
# A run with pytest takes much longer than one of the same tests without it.
_GUESSES_MAX, _GUESSES_OF_PYTEST_MAX = 32, 8
# Of tests with many questions, fewer guesses are tried, but at least _GUESSES_MIN.
_GUESSED_QUESTIONS_MAX, _GUESSES_MIN = 2**14, 6
HARNESS_LIMITS = Limits(cpu_seconds=30.0, wall_seconds=60.0, memory_bytes=2**30, output_bytes=2**26)
# A candidate whose answers need more time gets a harness process of its own.
SHARED_HARNESS_LIMITS = replace(HARNESS_LIMITS, cpu_seconds=5.0)


class HarnessJob(NamedTuple):
    """A job, and the modules that its harness needs."""

    job: Job
    modules: tuple[str, ...]


def run_harness_jobs(
    jobs: Sequence[HarnessJob], executor: Executor
) -> Iterator[tuple[int, tuple[Execution, ...]]]:
    """Run jobs in harnesses; yield the index of each with its executions."""
    for modules in (HARNESS_MODULES, PYTEST_MODULES):
        indexes = [index for index, job in enumerate(jobs) if job.modules is modules]
        if indexes:
            harnesses = executor.with_preloaded(modules)
            for number, executions in harnesses.run([jobs[index].job for index in indexes]):
                yield indexes[number], tuple(map(with_value, executions))


def candidate_job(
    program: str,
    questions: Sequence[Question],
    shared: Sequence[str],
    limits: Limits,
    *,
    prelude: str = "",
) -> Job:
    """Ask a candidate *questions*; *shared* names the classes that tests and candidate share."""
    operations = [Operation(instruction=question.instruction(shared)) for question in questions]
    return Job(program=program, questions=tuple(operations), limits=limits, prelude=prelude)


def harness_job(
    test_code: TestCode,
    compiled: CompiledTests | None,
    questions: Sequence[Question] = (),
    candidates: Sequence[CandidateAnswers] = (CandidateAnswers(),),
) -> HarnessJob:
    """Run the tests once for each of *candidates*; by default once, with no answers."""
    packed = pack_tests(asdict(test_code), compiled, questions)
    is_shared = len(candidates) > 1
    job = Job(
        program=_HARNESS.format(load="load_tests", entry_point="run_tests", packed=packed),
        questions=tuple(Call(entry_point="run_tests", arguments=answers) for answers in candidates),
        limits=SHARED_HARNESS_LIMITS if is_shared else HARNESS_LIMITS,
        give_up_after=len(candidates) + 1,  # a candidate is not skipped because of others
    )
    return HarnessJob(job, _modules(compiled))


def baseline_job(test_code: TestCode, compiled: CompiledTests, question_count: int) -> HarnessJob:
    """Count the items that each guess passes.

    All guesses share a guest, even if the tests may leave a trace there: no candidate follows them.
    """
    most = _GUESSES_OF_PYTEST_MAX if compiled.style == "pytest" else _GUESSES_MAX
    most = min(most, max(_GUESSES_MIN, _GUESSED_QUESTIONS_MAX // question_count))
    indexes = range(len(compiled.guesses[:most]))
    packed = pack_tests(asdict(test_code), compiled)
    job = Job(
        program=_HARNESS.format(load="load_guesses", entry_point="guess", packed=packed),
        questions=tuple(Call(entry_point="guess", arguments=(index,)) for index in indexes),
        limits=SHARED_HARNESS_LIMITS,
    )
    return HarnessJob(job, _modules(compiled))


def in_process_job(plan: CodePlan, compiled: CompiledTests, program: str) -> HarnessJob:
    """Run tests and candidate in one guest, with the candidate's limits."""
    packed = pack_tests(asdict(plan.test_code), compiled)
    limits = plan.limits
    job = Job(
        program=_IN_PROCESS,
        questions=(Call(entry_point="run_in_process", arguments=(packed, program)),),
        limits=replace(limits, cpu_seconds=limits.cpu_seconds * _IN_PROCESS_CPU_FACTOR),
    )
    return HarnessJob(job, _modules(compiled))


def _modules(compiled: CompiledTests | None) -> tuple[str, ...]:
    return PYTEST_MODULES if compiled and compiled.style == "pytest" else HARNESS_MODULES
