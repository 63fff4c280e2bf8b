"""Known solutions, right and wrong ones, get the correctness that their dataset expects.

Run it on your own data: `pytest tests/known --dataset FILE.jsonl` (see `datasets.py`).
"""

from collections.abc import Callable

import pytest

from tests.known.datasets import KnownSolution

pytestmark = pytest.mark.slow


# The limits of a solution are in its dataset, and a batch may take many times as long.
@pytest.mark.timeout(0)
def test_a_known_solution_gets_its_correctness(
    known: KnownSolution, metrics_of: Callable[[KnownSolution], dict[str, float]]
) -> None:
    """The row is graded, and has the correctness that its dataset expects."""
    metrics = metrics_of(known)

    # Without this check, the 0.0 of an ungraded row would count as a wrong solution found.
    assert not metrics.get("ungraded"), f"{known.location}: ungraded: {metrics}"
    assert known.expected.is_met_by(metrics["correctness"]), (
        f"{known.location}: expected correctness {known.expected}: {metrics}"
    )
