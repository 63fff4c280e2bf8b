"""Known solutions, right and wrong ones, get the correctness that their dataset expects.

Run it on your own data: `pytest tests/known --dataset FILE.jsonl` (see `datasets.py`).
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.known.datasets import KnownSolution
from tests.known.rewards import ADVICE, metrics_in, moved, paid, read_record

RowOf = Callable[[KnownSolution], dict[str, Any]]

pytestmark = pytest.mark.slow


# The limits of a solution are in its dataset, and a batch may take many times as long.
@pytest.mark.timeout(0)
def test_a_known_solution_gets_its_correctness(known: KnownSolution, row_of: RowOf) -> None:
    """The row is graded, and has the correctness that its dataset expects."""
    metrics = metrics_in(row_of(known))

    # Without this check, the 0.0 of an ungraded row would count as a wrong solution found.
    assert not metrics.get("ungraded"), f"{known.location}: ungraded: {metrics}"
    assert known.expected.is_met_by(metrics["correctness"]), (
        f"{known.location}: expected correctness {known.expected}: {metrics}"
    )


@pytest.mark.timeout(0)
def test_the_reward_of_a_known_solution_moves_only_with_the_semantics_version(
    known: KnownSolution, row_of: RowOf
) -> None:
    """The row has the reward that was recorded for this version."""
    recorded = read_record().known
    if known.name not in recorded:
        pytest.skip("no reward of this solution was recorded")

    changes = moved(recorded, {known.name: paid(row_of(known))})
    assert not changes, f"a reward moved: {changes[0]}\n{ADVICE}"
