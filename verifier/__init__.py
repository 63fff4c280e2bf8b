"""Judgement: from a completion and its reference to a score.

The story, told once in `verifier.judge`:

    completion -> extraction -> Candidate ─┐
    reference  -> testplan   -> TestPlan  ─┴ programs -> Job -> (sandbox) -> Execution
                                                   verdict  <- checkers  <- ──┘
                                                   scoring  -> Score

A candidate never meets an expected answer: a `Job` has no field for one. Where the reference is
test code, `verifier.examination` asks what the tests would ask, has the candidate answer, and
marks the answers in an examiner (`verifier.examiner`), which the candidate never enters.

    >>> from sandbox.local import LocalExecutor
    >>> from verifier import Sample, judge
    >>> sample = Sample(completion="...", reference={"inputs": ["1 2"], "outputs": ["3"]})
    >>> with LocalExecutor() as executor:
    ...     [score] = judge([sample], executor)

A score whose verdict is `UNGRADED` has no reward: it is None, which is no zero. `problem` says what
was in the way, and `is_outage` whether to try again.
"""

from verifier.asking import AskedBefore
from verifier.errors import VerifierError
from verifier.judge import judge
from verifier.rubric import Rubric
from verifier.rubric_table import read_rubric
from verifier.types import Sample, Score, Verdict

__all__ = [
    "AskedBefore",
    "Rubric",
    "Sample",
    "Score",
    "Verdict",
    "VerifierError",
    "judge",
    "read_rubric",
]
