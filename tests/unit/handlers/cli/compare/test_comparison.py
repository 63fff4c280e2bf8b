"""handlers/cli/compare/comparison.py: which rewards moved, by how much and why."""

from pathlib import Path

import pytest

from nova_code_verifier.handlers.cli.compare.comparison import Change, Outcome
from tests.unit.handlers.cli.compare.comparing import compared, row


@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [
        (0.5, 0.5, Outcome.SAME),
        (0.1 + 0.2, 0.3, Outcome.SAME),
        (0.5, 0.6, Outcome.UP),
        (0.6, 0.5, Outcome.DOWN),
        (0.5, None, Outcome.NEWLY_UNGRADED),
        (None, 0.5, Outcome.NEWLY_GRADED),
        (None, None, Outcome.STILL_UNGRADED),
    ],
)
def test_every_sample_has_one_outcome(
    tmp_path: Path, old: float | None, new: float | None, outcome: Outcome
) -> None:
    """A reward that appears or disappears did not move up or down."""
    result = compared(tmp_path, [row("a", old)], [row("a", new)])

    assert result.outcomes == {outcome: 1}
    assert result.has_change == (outcome not in (Outcome.SAME, Outcome.STILL_UNGRADED))


def test_a_sample_that_is_missing_is_a_change(tmp_path: Path) -> None:
    """Each file counts the samples that only it has."""
    result = compared(tmp_path, [row("a"), row("b")], [row("b"), row("c"), row("d")])

    assert (result.matched_count, result.old.ids, result.new.ids) == (1, ["a"], ["c", "d"])
    assert (result.old.only_here, result.new.only_here, result.has_change) == (1, 2, True)


def test_the_largest_moves_come_first(tmp_path: Path) -> None:
    """The sign does not matter; of moves of one size, the first in the file comes first."""
    old = [row(number, 0.5) for number in range(6)]
    new = [row(number, 0.5 + move) for number, move in enumerate([0.1, -0.3, 0.0, 0.2, 0.3, -0.1])]

    result = compared(tmp_path, old, new, limit=4)

    assert [move.id for move in result.moves] == [1, 4, 3, 0]
    assert result.outcomes[Outcome.UP] + result.outcomes[Outcome.DOWN] == 5


def test_a_move_has_what_changed_in_its_row(tmp_path: Path) -> None:
    """The verdict and the dimensions come first; what differs between any two runs is left out."""
    before = row(
        "a", 0.2, tests_total=3.0, correctness=0.0, format=1.0, duration_ms=1.0, reruns=0.0
    )
    after = row("a", 1.0, tests_total=2.0, correctness=1.0, format=1.0, duration_ms=2.0, extra=4.0)
    before["details"], after["details"] = {"verdict": "wrong_answer"}, {"verdict": "accepted"}

    result = compared(tmp_path, [before], [after])

    (move,) = result.moves
    assert move.changes == (
        Change(name="verdict", old="wrong_answer", new="accepted"),
        Change(name="correctness", old=0.0, new=1.0),
        Change(name="tests_total", old=3.0, new=2.0),
        Change(name="extra", old=None, new=4.0),
    )
    assert result.causes == dict.fromkeys(("verdict", "correctness", "tests_total", "extra"), 1)


def test_a_move_without_a_changed_metric_is_the_rubrics(tmp_path: Path) -> None:
    """The dimensions are the same, so that only the rubric can have moved the reward."""
    result = compared(
        tmp_path,
        [row("a", 0.9, correctness=1.0, format=0.5, paid=("correctness", "format"))],
        [row("a", 1.0, correctness=1.0, format=0.5, paid=("correctness",))],
    )

    assert (result.unexplained, result.moves[0].changes) == (1, ())
    assert result.old.paid == {frozenset({"correctness", "format"}): 1}
    assert result.new.paid == {frozenset({"correctness"}): 1}


def test_only_samples_that_both_graded_count_for_the_means(tmp_path: Path) -> None:
    """Otherwise a sample that lost its verdict would move the mean."""
    result = compared(
        tmp_path, [row("a", 0.5), row("b", 1.0)], [row("a", 0.25), row("b", 0.0, ungraded=1.0)]
    )

    assert result.graded_count == 1
    assert (result.old.reward_sum, result.new.reward_sum) == (0.5, 0.25)
    assert [(move.id, move.new) for move in result.regraded] == [("b", None)]
