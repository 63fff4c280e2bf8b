"""Decide which jobs may be tried in one guest, and whether their executions are right.

In: jobs and their test plans. Out: what `sandbox.types.Company` asks. The sandbox calls this when
all runs of a job have ended, and learns nothing but yes or no.
"""

from collections.abc import Sequence

from nova_code_verifier.sandbox.types import Execution, Job
from nova_code_verifier.verifier.checking.verdict import judge_case
from nova_code_verifier.verifier.program.prelude import DEEP_RECURSION
from nova_code_verifier.verifier.program.traces import leaves_no_trace
from nova_code_verifier.verifier.rubric import Grouping
from nova_code_verifier.verifier.scoring.guess_baseline import tell_apart
from nova_code_verifier.verifier.types import TestPlan, Verdict


class PlannedCompany:
    """The `Company` of jobs whose outputs are compared by the checkers of their plans."""

    def __init__(
        self, jobs: Sequence[Job], plans: Sequence[TestPlan], groupings: Sequence[Grouping]
    ) -> None:
        """Decide about *jobs*; each has a plan and a grouping of its cases."""
        self._jobs, self._plans, self._groupings = jobs, plans, groupings
        self._plans_to_judge_by: dict[int, TestPlan] = {}

    def may_share_guest(self, job: int) -> bool:
        """Return whether the program leaves no trace. Our own prelude leaves none that lasts."""
        program, prelude = self._jobs[job].program, self._jobs[job].prelude
        return leaves_no_trace(prelude.removeprefix(DEEP_RECURSION), program)

    def accepts(self, job: int, question: int, execution: Execution) -> bool:
        """Return whether the execution will be accepted when the sample is judged."""
        try:
            if job not in self._plans_to_judge_by:
                plan, _ = tell_apart(self._plans[job], self._groupings[job])
                self._plans_to_judge_by[job] = plan
            plan = self._plans_to_judge_by[job]
            verdict = judge_case(plan.cases[question], plan.checker, execution)
        except Exception:  # noqa: BLE001  (judging meets it again, and costs this sample alone)
            return False
        return verdict is Verdict.ACCEPTED
