"""Preludes of rows, run without a candidate."""

import pytest

from nova_code_verifier.sandbox.types import Cause, Ending, Execution, Job, Limits, RaisedError, Run
from nova_code_verifier.verifier.program.trial import PreludeProblem, failing_preludes
from nova_code_verifier.verifier.types import FailureClass
from tests.fakes import ScriptedExecutor

GOOD = Execution(ending=Ending.FINISHED, exit_status=0)
RAISED = Execution(
    ending=Ending.FINISHED,
    exit_status=1,
    error=RaisedError(type_name="ImportError", message="no x"),
)


def job_of(prelude: str, cpu_seconds: float = 10.0) -> Job:
    """Return a job of a candidate with this prelude."""
    return Job(
        program="secret",
        prelude=prelude,
        questions=(Run(),),
        limits=Limits(cpu_seconds=cpu_seconds),
    )


def test_each_prelude_runs_once_and_without_a_candidate() -> None:
    """Jobs with the same prelude and limits share one run, and no run has a program."""
    executor = ScriptedExecutor(lambda _: GOOD)
    jobs = {
        3: job_of("x = 1"),
        5: job_of("x = 1"),
        7: job_of("x = 1", cpu_seconds=1),
        9: job_of(""),
    }

    assert failing_preludes(jobs, executor) == {}
    assert [(job.program, job.prelude) for job in executor.jobs] == [("", "x = 1")] * 2


@pytest.mark.parametrize(
    ("execution", "problem"),
    [
        (RAISED, "prelude: raised ImportError: no x"),
        (Execution(ending=Ending.FINISHED, exit_status=3), "prelude: ended finished"),
        (Execution(ending=Ending.OUT_OF_TIME), "prelude: ended out_of_time"),
        (Execution(ending=Ending.FORBIDDEN), "prelude: ended forbidden"),
    ],
)
def test_a_prelude_that_fails_is_the_fault_of_its_rows(execution: Execution, problem: str) -> None:
    """Every job with that prelude has the problem, which names the field."""
    jobs = {1: job_of("import x"), 2: job_of("import x")}

    found = failing_preludes(jobs, ScriptedExecutor(lambda _: execution))

    assert found.keys() == {1, 2}
    assert found[1].problem.startswith(problem)
    assert not found[1].failure.is_outage


def test_a_prelude_that_is_not_run_is_an_outage() -> None:
    """If the sandbox could not run it, nobody knows whether it is good."""
    lost = Execution(ending=Ending.NOT_RUN, detail="too late", cause=Cause.DEADLINE)

    assert failing_preludes({1: job_of("x = 1")}, ScriptedExecutor(lambda _: lost)) == {
        1: PreludeProblem(problem="too late", failure=FailureClass.TIME)
    }


def test_a_prelude_never_runs_where_candidates_of_others_run() -> None:
    """With an executor that isolates trusted code, preludes run on its trusted side."""
    executor = ScriptedExecutor(lambda _: GOOD, isolates_trusted_code=True)

    with pytest.raises(NotImplementedError):
        failing_preludes({1: job_of("x = 1")}, executor)  # the fake has no trusted side
    assert executor.jobs == []
