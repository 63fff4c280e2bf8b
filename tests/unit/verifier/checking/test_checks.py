"""Tests of judging executions by a checker program."""

from dataclasses import replace

import pytest

from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.checking.checks import CheckedRun, batches_of, make_checks
from nova_code_verifier.verifier.checking.program import longest_output
from nova_code_verifier.verifier.checking.trial import Trial
from nova_code_verifier.verifier.types import FailureClass, StdioCase, TestPlan, Verdict
from tests.fakes import ScriptedExecutor
from tests.unit.verifier.checking.checker_programs import checking, plan_of, printed

PLAN = plan_of("1 2\n")


def checked(execution: Execution, executor: ScriptedExecutor, plan: TestPlan = PLAN) -> CheckedRun:
    """Return the run of a candidate whose questions all ended like this."""
    run = CheckedRun(plan=plan, trial=Trial())
    run.take([execution] * len(plan.cases))
    make_checks([run], executor)
    return run


def verdict(execution: Execution, executor: ScriptedExecutor) -> Verdict:
    """Return the verdict of the only case."""
    return checked(execution, executor).results[0].verdict


@pytest.mark.parametrize("accepts", [True, False])
def test_the_checker_decides_about_another_output(*, accepts: bool) -> None:
    """An output that differs from the expected one is right if the checker accepts it."""
    expected = Verdict.ACCEPTED if accepts else Verdict.WRONG_ANSWER

    assert verdict(printed("2 1\n"), checking(lambda *_: accepts)) is expected


def test_the_expected_output_needs_no_check() -> None:
    """The trial has shown that the checker accepts it."""
    executor = ScriptedExecutor(trusted=ScriptedExecutor())

    assert verdict(printed("1 2"), executor) is Verdict.ACCEPTED
    assert executor.trusted
    assert executor.trusted.jobs == []


@pytest.mark.parametrize(
    "opinion",
    [
        printed(""),
        printed("1 1"),
        printed("1", exit_status=1),
        Execution(ending=Ending.OUT_OF_TIME, detail="cpu"),
        Execution(ending=Ending.CRASHED, signal=11),
        Execution(ending=Ending.OUT_OF_MEMORY),
        Execution(ending=Ending.TOO_MUCH_OUTPUT),
        Execution(ending=Ending.FORBIDDEN, detail="os.fork"),
        Execution(ending=Ending.SKIPPED),
    ],
)
def test_an_output_on_which_the_checker_fails_is_wrong(opinion: Execution) -> None:
    """No candidate can choose ungraded by an output that breaks the checker."""
    run = checked(printed("abc"), checking(lambda *_: opinion))

    assert run.results[0].verdict is Verdict.WRONG_ANSWER
    assert run.results[0].message.startswith("accepts the expected output, and fails on this one")
    assert (run.problem, run.failure.is_outage) == ("", False)


def test_a_check_that_was_not_made_is_an_outage() -> None:
    """Our fault is never a wrong answer."""
    not_run = Execution(ending=Ending.NOT_RUN, detail="no time")

    run = checked(printed("2 1"), checking(lambda *_: not_run))

    assert (run.problem, run.failure.is_outage) == ("no time", True)


@pytest.mark.parametrize(
    ("execution", "expected"),
    [
        (printed("1 2", exit_status=1), Verdict.RUNTIME_ERROR),
        (replace(printed("1 2"), ending=Ending.OUT_OF_TIME), Verdict.TIME_LIMIT_EXCEEDED),
        (replace(printed("1 2"), ending=Ending.FORBIDDEN), Verdict.SECURITY_VIOLATION),
        (Execution(ending=Ending.NOT_COMPILED), Verdict.COMPILE_ERROR),
    ],
)
def test_a_program_that_failed_is_not_checked(execution: Execution, expected: Verdict) -> None:
    """What it printed does not matter then."""
    assert verdict(execution, ScriptedExecutor(trusted=ScriptedExecutor())) is expected


def test_a_flood_is_wrong_without_a_check() -> None:
    """Outputs wait in memory for their checks, so they are bounded."""
    flood = "1 " * (longest_output(StdioCase(stdin="0\n", expected_stdout="1 2\n")) // 2 + 1)

    run = checked(printed(flood), ScriptedExecutor(trusted=ScriptedExecutor()))

    assert run.results[0].verdict is Verdict.WRONG_ANSWER
    assert "not checked" in run.results[0].message


def test_only_an_excerpt_is_kept() -> None:
    """A batch of whole outputs would fill the memory."""
    run = checked(printed("1 " * 10**5), checking(lambda *_: False))

    assert len(run.results[0].execution.stdout) < 10_000
    assert run.checks == {}


def test_results_are_in_the_order_of_the_cases() -> None:
    """Checked cases and others keep their places."""
    plan = plan_of("2 1\n", "5\n", "2 1\n", "6\n")

    run = checked(printed("2 1\n"), checking(lambda stdin, *_: stdin == "3\n"), plan)

    accepted = [result.verdict is Verdict.ACCEPTED for result in run.results]
    assert accepted == [True, False, True, True]


def test_a_failed_trial_is_the_problem_of_the_run() -> None:
    """A checker that cannot be used judges nobody."""
    run = CheckedRun(
        plan=PLAN, trial=Trial(problem="generated_checker: …", failure=FailureClass.DATA)
    )

    make_checks([run], checking(lambda *_: True))

    assert (run.problem, run.results) == ("generated_checker: …", [])


def test_batches_bound_the_outputs_that_wait() -> None:
    """Many samples are divided; each is in exactly one batch, in order."""
    plans = {number: plan_of(*["1\n"] * 100) for number in range(100)}

    batches = list(batches_of(plans))

    assert [number for batch in batches for number in batch] == list(plans)
    assert 2 < len(batches) < 20


def test_a_huge_sample_is_a_batch_of_its_own() -> None:
    """A plan above the bound is still run."""
    plans = {7: plan_of(*["1\n"] * 5000), 8: PLAN}

    assert list(batches_of(plans)) == [[7], [8]]


def test_no_plans_are_no_batches() -> None:
    """Nothing is divided into nothing."""
    assert list(batches_of({})) == []


def test_the_checks_of_a_candidate_have_a_total() -> None:
    """All may take as long as those of the expected outputs, and what the sample may take."""
    executor = checking(lambda *_: True)
    run = CheckedRun(plan=PLAN, trial=Trial(seconds=50.0))
    run.take([printed("2 1\n")])

    make_checks([run], executor)

    assert executor.trusted
    (job,) = executor.trusted.jobs
    assert job.limits.total_wall_seconds == PLAN.limits.total_wall_seconds + 50.0
    assert job.limits.total_cpu_seconds == PLAN.limits.total_wall_seconds + 50.0
