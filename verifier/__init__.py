"""Judgement: from a completion and its reference to a score.

The story, told once in `verifier.judge`:

    completion -> extraction -> Candidate ─┐
    reference  -> testplan   -> TestPlan  ─┴ programs -> Job -> (sandbox) -> Execution
                                                   verdict  <- checkers  <- ──┘
                                                   scoring  -> Score

A candidate never meets an expected answer: a `Job` has no field for one.

    >>> from sandbox.local import LocalExecutor
    >>> from verifier import Sample, judge
    >>> sample = Sample(completion="...", reference={"inputs": ["1 2"], "outputs": ["3"]})
    >>> with LocalExecutor() as executor:
    ...     [score] = judge([sample], executor)
"""

from verifier.errors import VerifierError
from verifier.judge import judge
from verifier.scoring import Rubric
from verifier.types import Sample, Score, Verdict

__all__ = ["Rubric", "Sample", "Score", "Verdict", "VerifierError", "judge"]
