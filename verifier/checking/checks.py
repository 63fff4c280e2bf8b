"""Judge executions by a checker program of the dataset.

In: test plans, their trials and the executions of candidates. Out: a result for each case. Only an
output that differs from the expected one is checked, and only if its program ended with status 0.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from nova_code_verifier.sandbox.types import Ending, Execution, Executor
from nova_code_verifier.verifier.checking.program import (
    Check,
    CheckRequest,
    Opinion,
    ask_checkers,
    is_expected,
    longest_output,
)
from nova_code_verifier.verifier.checking.trial import Trial
from nova_code_verifier.verifier.checking.verdict import result_of, verdict_of_ending
from nova_code_verifier.verifier.types import (
    CaseResult,
    CheckerProgram,
    FailureClass,
    StdioCase,
    TestPlan,
    Verdict,
)

_MALFORMED = "accepts the expected output, and fails on this one: "
_MAX_MESSAGE = 1000
_BATCH_BYTES_MAX = 2**29


@dataclass(slots=True, kw_only=True)
class CheckedRun:
    """The results of one candidate, so far.

    `checks` are those that its checker has still to make, by the index of their case. The results
    are *steady* unless the checker failed, for which a busy machine may be the reason. With a
    `problem` there is no result, and `failure` says whose fault that is.
    """

    plan: TestPlan
    trial: Trial
    results: list[CaseResult] = field(default_factory=list)
    checks: dict[int, Check] = field(default_factory=dict)
    seconds: float = 0.0
    is_steady: bool = True
    problem: str = ""
    failure: FailureClass = FailureClass.DATA

    def __post_init__(self) -> None:
        """Take over the problem of the trial."""
        self.problem, self.failure = self.trial.problem, self.trial.failure

    @property
    def program(self) -> CheckerProgram:
        """The checker."""
        assert self.plan.checker_program is not None  # noqa: S101  (otherwise nothing is checked)
        return self.plan.checker_program

    def take(self, executions: Sequence[Execution]) -> None:
        """Judge the executions that need no check, and keep the outputs of the others."""
        self.seconds += sum(execution.wall_seconds for execution in executions)
        for index, (case, execution) in enumerate(zip(self.plan.cases, executions, strict=True)):
            assert isinstance(case, StdioCase)  # noqa: S101  (a checker program has no others)
            result = _without_check(case, execution)
            if result is None:
                self.checks[index] = Check(case, execution.stdout)
                result = result_of(Verdict.WRONG_ANSWER, execution)
            self.results.append(result)


def _without_check(case: StdioCase, execution: Execution) -> CaseResult | None:
    """Return the result of an execution, or None if the checker has to see its output."""
    message = ""
    if execution.ending is not Ending.FINISHED:
        verdict = verdict_of_ending(execution.ending)
    elif execution.exit_status != 0:
        verdict = Verdict.RUNTIME_ERROR
    elif is_expected(case, execution.stdout):
        verdict = Verdict.ACCEPTED
    elif len(execution.stdout) > longest_output(case):
        verdict = Verdict.WRONG_ANSWER
        message = f"an output of more than {longest_output(case)} bytes is not checked"
    else:
        return None
    return result_of(verdict, execution, message)


def batches_of(plans: Mapping[int, TestPlan]) -> Iterator[list[int]]:
    """Divide the keys of *plans* so that the outputs of a batch, which wait, fit into memory."""
    batch: list[int] = []
    held = 0
    for index, plan in plans.items():
        longest = sum(longest_output(case) for case in plan.cases if isinstance(case, StdioCase))
        if batch and held + longest > _BATCH_BYTES_MAX:
            yield batch
            batch, held = [], 0
        batch.append(index)
        held += longest
    if batch:
        yield batch


def make_checks(runs: Sequence[CheckedRun], executor: Executor) -> None:
    """Make the checks of all *runs*, and set the results.

    A checker may take as long for them as for the expected outputs, and the total of the sample:
    its candidate has written what takes longer.
    """
    open_runs = [run for run in runs if run.checks]
    requests = [
        CheckRequest(
            run.program,
            [*run.checks.values()],
            run.trial.seconds + run.plan.limits.total_wall_seconds,
        )
        for run in open_runs
    ]
    for number, opinions in ask_checkers(requests, executor):
        run = open_runs[number]
        for index, opinion in zip(run.checks, opinions, strict=True):
            if opinion.failure.is_outage:
                run.problem, run.failure = opinion.message, opinion.failure
            run.is_steady &= opinion.accepts is not None
            run.results[index] = _checked(run.results[index], opinion)
        run.checks.clear()
        run.seconds += sum(opinion.seconds for opinion in opinions)


def _checked(result: CaseResult, opinion: Opinion) -> CaseResult:
    verdict = Verdict.ACCEPTED if opinion.accepts else Verdict.WRONG_ANSWER
    # The trial has shown that the checker works. So the output made it fail: it is wrong.
    message = (_MALFORMED if opinion.accepts is None else "") + opinion.message
    return replace(result, verdict=verdict, message=message[:_MAX_MESSAGE])
