"""The sums of a run."""

from dataclasses import replace

from nova_code_verifier.handlers.cli.score.samples import ScoredSample
from nova_code_verifier.handlers.cli.score.summary import PROBLEMS_KEPT, Summary
from nova_code_verifier.verifier.types import Score, Verdict

GRADED = ScoredSample(
    line_number=1,
    row={"id": "s-1"},
    score=Score(verdict=Verdict.WRONG_ANSWER, reward=0.5, tests_total=2),
    tests_passed=1,
    remark="",
)
BROKEN = Score(verdict=Verdict.UNGRADED, reward=None, problem="outputs: missing")
UNGRADED = replace(GRADED, score=BROKEN)


def summary_of(*samples: ScoredSample) -> Summary:
    """Add up *samples*."""
    summary = Summary()
    for sample in samples:
        summary.add(sample)
    return summary


def test_the_mean_is_over_graded_samples() -> None:
    """An ungraded sample does not count as a reward of zero."""
    summary = summary_of(GRADED, replace(GRADED, score=replace(GRADED.score, reward=1.0)), UNGRADED)

    assert (summary.count, summary.graded_count, summary.mean_reward) == (3, 2, 0.75)


def test_the_mean_of_nothing_is_none() -> None:
    """A run in which nothing was graded has no mean."""
    assert summary_of(UNGRADED).mean_reward is None


def test_only_the_first_problems_are_kept() -> None:
    """All problems are counted, but only a few stay in memory."""
    summary = summary_of(*(replace(UNGRADED, line_number=number) for number in range(1, 1001)))

    assert summary.problem_count == 1000
    assert [sample.line_number for sample in summary.problems] == [*range(1, PROBLEMS_KEPT + 1)]


def test_an_outage_is_not_a_problem_of_the_dataset() -> None:
    """A failure of the verifier is counted separately."""
    outage = replace(BROKEN, is_outage=True, problem="no workers")

    summary = summary_of(UNGRADED, replace(UNGRADED, score=outage))

    assert (summary.problem_count, summary.outage_count) == (1, 1)
    assert summary.first_outage == "no workers"


def test_the_first_bug_is_kept() -> None:
    """A later traceback does not replace it."""
    summary = Summary()

    summary.add_bug("first")
    summary.add_bug("second")

    assert summary.first_bug == "first"
