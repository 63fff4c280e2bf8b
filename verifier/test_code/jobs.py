"""Exams as jobs: what is run in an examiner, and with which tools loaded.

In: a paper as it was pressed, questions, answers and marks so far. Out: jobs for examiners, and
what became of them. Must not know: candidates' programs, save where a dataset wants candidate and
tests in one process; what a report means.
"""

import marshal
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from nova_code_verifier.sandbox.types import Call, Execution, Executor, Job, Limits
from nova_code_verifier.verifier.types import CodePlan, Paper

Report = Any  # narrowed by nobody: it is our own
"""What an examiner says: it is ours, and read as it comes."""
Sitter = tuple[list[Any], list[str]]
"""What an exam needs to know of one candidate: its answers, and which units are settled."""

EXAMINER_MODULES = (
    "nova_code_verifier.verifier.test_code.harness.runner",
    "nova_code_verifier.verifier.test_code.harness.in_process",
    "nova_code_verifier.verifier.test_code.harness.unittest_suite",
)
"""What the zygotes of examiners load beforehand."""
PYTEST_MODULES = (*EXAMINER_MODULES, "nova_code_verifier.verifier.test_code.harness.pytest_suite")
"""The same where tests are written for pytest: it is too big for all the others."""

# A candidate may answer with more digits than can be read, or written, in minutes.
_EXAMINER = """\
import sys; sys.set_int_max_str_digits(50_000)
from nova_code_verifier.verifier.test_code.harness.runner import sitting
examine = sitting({prepared!r})
"""
_GUESSER = """\
import sys; sys.set_int_max_str_digits(50_000)
from nova_code_verifier.verifier.test_code.harness.runner import guessing
guess = guessing({prepared!r})
"""
# How many candidates sit one after the other in one examiner, where that leaves no trace.
SITTERS_MAX = 8
# A run of pytest takes much longer than one of the same tests without it.
_GUESSES_MAX, _GUESSES_OF_PYTEST_MAX = 32, 8
# Where tests ask much, fewer guesses are tried, though not fewer than these.
_GUESSED_MAX, _GUESSES_MIN = 2**14, 6
_TOGETHER = "from nova_code_verifier.verifier.test_code.harness.in_process import examine_together"
_PATIENCE_TOGETHER = 3
EXAMINER_LIMITS = Limits(
    cpu_seconds=30.0, wall_seconds=60.0, memory_bytes=2**30, output_bytes=2**26
)
IN_COMPANY_LIMITS = replace(EXAMINER_LIMITS, cpu_seconds=5.0)  # who needs more sits alone


def sit(
    jobs: list[Job], pressed: list[Report], executor: Executor
) -> Iterator[tuple[int, tuple[Execution, ...]]]:
    """Run exams, each with the tools that it needs; yield the place of each, and its ends."""
    needs_pytest = [paper is not None and paper["style"] == "pytest" for paper in pressed]
    for modules, with_pytest in ((EXAMINER_MODULES, False), (PYTEST_MODULES, True)):
        places = [place for place, needs in enumerate(needs_pytest) if needs is with_pytest]
        if places:
            examiners = executor.with_loaded(modules)
            for number, executions in examiners.run([jobs[place] for place in places]):
                yield places[number], executions


def exam_job(paper: Paper, pressed: Report, questions: list[Any], *sitters: Sitter) -> Job:
    """Examine *sitters*, one after the other; or nobody, to find out what would be asked."""
    prepared = marshal.dumps((asdict(paper), pressed, questions))
    calls = [Call(entry_point="examine", arguments=sitter) for sitter in sitters or [([], [])]]
    return Job(
        program=_EXAMINER.format(prepared=prepared),
        questions=tuple(calls),
        limits=EXAMINER_LIMITS if len(calls) == 1 else IN_COMPANY_LIMITS,
        give_up_after=len(calls) + 1,  # one candidate's answers are not another's
    )


def guess_job(paper: Paper, pressed: Report, asked: int) -> Job:
    """Count the units that each guess passes, of tests in which so much is *asked*.

    All in one guest, even where one may leave a trace for the next: who works is not among them.
    """
    most = _GUESSES_OF_PYTEST_MAX if pressed["style"] == "pytest" else _GUESSES_MAX
    most = min(most, max(_GUESSES_MIN, _GUESSED_MAX // asked))
    places = range(len(pressed["guesses"][:most]))
    return Job(
        program=_GUESSER.format(prepared=marshal.dumps((asdict(paper), pressed, []))),
        questions=tuple(Call(entry_point="guess", arguments=(place,)) for place in places),
        limits=IN_COMPANY_LIMITS,
    )


def together_job(plan: CodePlan, pressed: Report, program: str) -> Job:
    """Run tests and candidate in one guest, with the candidate's limits."""
    arguments = (asdict(plan.paper), pressed, program)
    call = Call(entry_point="examine_together", arguments=arguments)
    limits = plan.limits
    return Job(
        program=_TOGETHER,
        questions=(call,),
        limits=replace(limits, cpu_seconds=limits.cpu_seconds * _PATIENCE_TOGETHER),
    )
