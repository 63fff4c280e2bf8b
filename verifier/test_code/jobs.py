"""Exams as jobs: what is run in an harness, and with which tools loaded.

In: a test code as it was pressed, questions, answers and marks so far. Out: jobs for harnesses, and
what became of them. Must not know: candidates' programs, save where a dataset wants candidate and
tests in one process; what a report means.
"""

import marshal
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from nova_code_verifier.sandbox.types import Call, Execution, Executor, Job, Limits
from nova_code_verifier.verifier.types import CodePlan, TestCode

Report = Any  # narrowed by nobody: it is our own
"""What an harness says: it is ours, and read as it comes."""
CandidateAnswers = tuple[list[Any], list[str]]
"""What an exam needs to know of one candidate: its answers, and which units are settled."""

HARNESS_MODULES = (
    "nova_code_verifier.verifier.test_code.harness.runner",
    "nova_code_verifier.verifier.test_code.harness.in_process",
    "nova_code_verifier.verifier.test_code.harness.unittest_suite",
)
"""What the zygotes of harnesses load beforehand."""
PYTEST_MODULES = (*HARNESS_MODULES, "nova_code_verifier.verifier.test_code.harness.pytest_suite")
"""The same where tests are written for pytest: it is too big for all the others."""

# A candidate may answer with more digits than can be read, or written, in minutes.
_HARNESS = """\
import sys; sys.set_int_max_str_digits(50_000)
from nova_code_verifier.verifier.test_code.harness.runner import load_tests
run_tests = load_tests({prepared!r})
"""
_GUESSER = """\
import sys; sys.set_int_max_str_digits(50_000)
from nova_code_verifier.verifier.test_code.harness.runner import load_guesses
guess = load_guesses({prepared!r})
"""
# How many candidates sit one after the other in one harness, where that leaves no trace.
CANDIDATES_PER_PROCESS = 8
# A run of pytest takes much longer than one of the same tests without it.
_GUESSES_MAX, _GUESSES_OF_PYTEST_MAX = 32, 8
# Where tests ask much, fewer guesses are tried, though not fewer than these.
_GUESSED_MAX, _GUESSES_MIN = 2**14, 6
_IN_PROCESS = "from nova_code_verifier.verifier.test_code.harness.in_process import run_in_process"
_PATIENCE_IN_PROCESS = 3
HARNESS_LIMITS = Limits(cpu_seconds=30.0, wall_seconds=60.0, memory_bytes=2**30, output_bytes=2**26)
SHARED_HARNESS_LIMITS = replace(HARNESS_LIMITS, cpu_seconds=5.0)  # who needs more sits alone


def run_harness_jobs(
    jobs: list[Job], compiled: list[Report], executor: Executor
) -> Iterator[tuple[int, tuple[Execution, ...]]]:
    """Run exams, each with the tools that it needs; yield the place of each, and its ends."""
    needs_pytest = [
        test_code is not None and test_code["style"] == "pytest" for test_code in compiled
    ]
    for modules, with_pytest in ((HARNESS_MODULES, False), (PYTEST_MODULES, True)):
        places = [place for place, needs in enumerate(needs_pytest) if needs is with_pytest]
        if places:
            harnesses = executor.with_preloaded(modules)
            for number, executions in harnesses.run([jobs[place] for place in places]):
                yield places[number], executions


def harness_job(
    test_code: TestCode, compiled: Report, questions: list[Any], *answer_sets: CandidateAnswers
) -> Job:
    """Examine *answer_sets*, one after the other; or nobody, to find out what would be asked."""
    prepared = marshal.dumps((asdict(test_code), compiled, questions))
    calls = [
        Call(entry_point="run_tests", arguments=answers) for answers in answer_sets or [([], [])]
    ]
    return Job(
        program=_HARNESS.format(prepared=prepared),
        questions=tuple(calls),
        limits=HARNESS_LIMITS if len(calls) == 1 else SHARED_HARNESS_LIMITS,
        give_up_after=len(calls) + 1,  # one candidate's answers are not another's
    )


def baseline_job(test_code: TestCode, compiled: Report, asked: int) -> Job:
    """Count the units that each guess passes, of tests in which so much is *asked*.

    All in one guest, even where one may leave a trace for the next: who works is not among them.
    """
    most = _GUESSES_OF_PYTEST_MAX if compiled["style"] == "pytest" else _GUESSES_MAX
    most = min(most, max(_GUESSES_MIN, _GUESSED_MAX // asked))
    places = range(len(compiled["guesses"][:most]))
    return Job(
        program=_GUESSER.format(prepared=marshal.dumps((asdict(test_code), compiled, []))),
        questions=tuple(Call(entry_point="guess", arguments=(place,)) for place in places),
        limits=SHARED_HARNESS_LIMITS,
    )


def in_process_job(plan: CodePlan, compiled: Report, program: str) -> Job:
    """Run tests and candidate in one guest, with the candidate's limits."""
    arguments = (asdict(plan.test_code), compiled, program)
    call = Call(entry_point="run_in_process", arguments=arguments)
    limits = plan.limits
    return Job(
        program=_IN_PROCESS,
        questions=(call,),
        limits=replace(limits, cpu_seconds=limits.cpu_seconds * _PATIENCE_IN_PROCESS),
    )
