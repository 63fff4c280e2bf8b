"""The grade that a trainer gets for a completion: the reward, and the metrics of its row."""

from collections.abc import Mapping
from dataclasses import dataclass

from nova_code_verifier.handlers.report import metrics_of
from nova_code_verifier.handlers.service import Outcome
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.pipeline import ungraded
from nova_code_verifier.verifier.rubric import Rubric
from nova_code_verifier.verifier.types import FailureClass, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """The result for one completion.

    `reward` is None if the completion is ungraded: then `problem` says why, and `is_outage` whether
    it is our fault or the reference's. `metrics` are those of a row of the reward function: the
    same names in every grade, with finite numbers.
    """

    reward: float | None
    metrics: Mapping[str, float]
    verdict: Verdict
    problem: str = ""
    is_outage: bool = False


def grade_of(outcome: Outcome) -> Grade:
    """Return the grade of an outcome, whose row has the metrics."""
    score, listed = outcome.score, outcome.row["metrics_list"]
    assert isinstance(listed, list)  # noqa: S101  (built by wire.response_row)
    return Grade(
        reward=score.reward,
        metrics={metric["name"]: metric["value"] for metric in listed},
        verdict=score.verdict,
        problem=score.problem,
        is_outage=score.is_outage,
    )


class UngradedError(Exception):
    """A completion has no reward, in a trainer that leaves out what raises.

    `failure` says whose fault it is: another try may end an outage, and never mends a broken row.
    """

    def __init__(self, problem: str, failure: FailureClass) -> None:
        """Keep both arguments, so that the error can be pickled."""
        super().__init__(problem, failure)
        self.problem = problem
        self.failure = failure

    def __str__(self) -> str:
        """Return the class of the failure, too: some trainers keep the text only."""
        return f"ungraded ({self.failure}): {self.problem}"


def reward_or_raise(grade: Grade) -> float:
    """Return the reward. Raises UngradedError if there is none."""
    if grade.reward is None:
        raise UngradedError(
            grade.problem, FailureClass.INFRASTRUCTURE if grade.is_outage else FailureClass.DATA
        )
    return grade.reward


def outage(problem: str, rubric: Rubric) -> Grade:
    """Return the grade of a completion that we could not grade."""
    score = ungraded(problem, failure=FailureClass.INFRASTRUCTURE)
    metrics = metrics_of(
        score, level=IsolationLevel.NONE, duration_ms=0.0, no_completion=False, rubric=rubric
    )
    return Grade(
        reward=None,
        metrics={metric.name: metric.value for metric in metrics},
        verdict=score.verdict,
        problem=score.problem,
        is_outage=True,
    )
