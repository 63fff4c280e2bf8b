"""The sums of a run."""

from dataclasses import replace

from nova_code_verifier.handlers.cli.score.samples import ScoredLine
from nova_code_verifier.handlers.cli.score.summary import PROBLEMS_KEPT, Summary
from nova_code_verifier.verifier.types import Verdict

GRADED = ScoredLine(
    number=1,
    size_bytes=10,
    row={"id": "s-1"},
    verdict=Verdict.WRONG_ANSWER,
    reward=0.5,
    dimensions={},
    tests_passed=1,
    tests_total=2,
    problem="",
    is_outage=False,
    remark="",
)
UNGRADED = replace(GRADED, verdict=Verdict.UNGRADED, reward=None, problem="outputs: missing")


def tally_of(*lines: ScoredLine) -> Summary:
    """Add up *lines*."""
    tally = Summary()
    for line in lines:
        tally.add(line)
    return tally


def test_the_mean_is_over_what_was_graded() -> None:
    """An ungraded sample's zero does not pull the mean down."""
    tally = tally_of(GRADED, replace(GRADED, reward=1.0), UNGRADED)

    assert (tally.count, tally.graded_count, tally.mean_reward) == (3, 2, 0.75)


def test_nothing_graded_has_no_mean() -> None:
    """There is no mean of nothing."""
    assert tally_of(UNGRADED).mean_reward is None


def test_only_the_first_problems_are_kept() -> None:
    """However many problems there are, they are counted and not hoarded."""
    tally = tally_of(*(replace(UNGRADED, number=number) for number in range(1, 1001)))

    assert tally.problem_count == 1000
    assert [problem.line_number for problem in tally.problems] == [*range(1, PROBLEMS_KEPT + 1)]


def test_an_outage_is_no_problem_of_the_dataset() -> None:
    """What is our own fault is counted apart."""
    tally = tally_of(UNGRADED, replace(UNGRADED, is_outage=True, problem="no workers"))

    assert (tally.problem_count, tally.outage_count, tally.first_outage) == (1, 1, "no workers")


def test_a_problem_names_its_line_once() -> None:
    """The line's number is kept beside the text, and not in it as well."""
    tally = tally_of(replace(UNGRADED, number=7, problem="line 7: not JSON"))

    assert (tally.problems[0].line_number, tally.problems[0].text) == (7, "not JSON")
