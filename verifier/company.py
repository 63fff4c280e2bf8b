"""Decide which jobs may be tried in one guest, and whether their executions are right.

In: jobs and their test plans. Out: what `sandbox.types.Company` asks. The sandbox calls this when
all runs of a job have ended, and learns nothing but yes or no.
"""

from collections.abc import Sequence

from nova_code_verifier.sandbox.types import Execution, Job
from nova_code_verifier.verifier.checking.verdict import judge_case
from nova_code_verifier.verifier.program.prelude import DEEP_RECURSION
from nova_code_verifier.verifier.program.traces import leaves_no_trace
from nova_code_verifier.verifier.scoring.guess_baseline import ToldApart
from nova_code_verifier.verifier.types import Verdict


class PlannedCompany:
    """The `Company` of jobs whose outputs are compared by the checkers of their plans."""

    def __init__(self, jobs: Sequence[Job], told_apart: Sequence[ToldApart]) -> None:
        """Decide about *jobs*; for each there is a function that returns the plan to judge by."""
        self._jobs, self._told_apart = jobs, told_apart

    def may_share_guest(self, job: int) -> bool:
        """Return whether the program leaves no trace. Our own prelude leaves none that lasts."""
        program, prelude = self._jobs[job].program, self._jobs[job].prelude
        return leaves_no_trace(prelude.removeprefix(DEEP_RECURSION), program)

    def accepts(self, job: int, question: int, execution: Execution) -> bool:
        """Return whether the execution will be accepted when the sample is judged."""
        try:
            plan, _ = self._told_apart[job]()
            verdict = judge_case(plan.cases[question], plan.checker, execution)
        except Exception:  # noqa: BLE001  (judging meets it again, and costs this sample alone)
            return False
        return verdict is Verdict.ACCEPTED
