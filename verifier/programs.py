"""From a candidate and a test plan to the job for the sandbox.

In: a candidate, a plan. Out: a `Job`, which has no field for an expected answer. This is
the only place that sees both sides and passes one on. Must not know: how a job is run.
"""

from typing import assert_never

from sandbox.types import Call, Job, Question, Run
from verifier.types import CallCase, Candidate, StdioCase, TestCase, TestPlan


def job_for(candidate: Candidate, plan: TestPlan) -> Job:
    """Put every question of the plan to the candidate's program."""
    questions = tuple(_question(case) for case in plan.cases)
    return Job(program=candidate.program, questions=questions, limits=plan.limits)


def _question(case: TestCase) -> Question:
    match case:
        case StdioCase():
            return Run(stdin=case.stdin.encode("utf-8", "surrogatepass"))
        case CallCase():
            return Call(entry_point=case.entry_point, arguments=case.arguments)
        case _:
            assert_never(case)
