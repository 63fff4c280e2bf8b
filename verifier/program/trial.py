"""Run the preludes that rows state, without a candidate: a broken one is its row's fault.

In: jobs whose prelude is their row's own, an executor. Out: for each job whose prelude fails, why.

Where a candidate runs too, nobody can tell whether it made its prelude fail: it shares the guest.
So each prelude is run alone first, once for all jobs that have it, and where it meets no candidate.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from nova_code_verifier.sandbox.types import Ending, Execution, Executor, Job, Run
from nova_code_verifier.verifier.types import FailureClass


@dataclass(frozen=True, slots=True, kw_only=True)
class PreludeProblem:
    """Why a prelude cannot be used, and whose fault that is."""

    problem: str
    failure: FailureClass = FailureClass.DATA


def failing_preludes(jobs: Mapping[int, Job], executor: Executor) -> dict[int, PreludeProblem]:
    """Return the problem of each of *jobs* whose prelude does not run to its end.

    Raises SandboxError if the sandbox cannot start.
    """
    keys = {index: (job.prelude, job.limits) for index, job in jobs.items() if job.prelude}
    different = list(dict.fromkeys(keys.values()))
    if not different:
        return {}
    trials = [
        Job(program="", prelude=prelude, questions=(Run(),), limits=limits)
        for prelude, limits in different
    ]
    trusted = executor.with_preloaded(()) if executor.isolates_trusted_code else executor
    problems = {
        different[number]: _problem(execution) for number, (execution,) in trusted.run(trials)
    }
    found = {index: problems[key] for index, key in keys.items()}
    return {index: problem for index, problem in found.items() if problem is not None}


def _problem(execution: Execution) -> PreludeProblem | None:
    if execution.ending is Ending.NOT_RUN:
        return PreludeProblem(problem=execution.detail, failure=FailureClass.of(execution))
    if execution.ending is Ending.FINISHED and execution.exit_status == 0:
        return None
    found, raised = f"ended {execution.ending}", execution.error
    if raised:
        found = f"raised {raised.type_name}: {raised.message}"
    return PreludeProblem(problem=f"prelude: {found}, expected Python that runs to its end")
