"""Known solutions, right and wrong ones, get the correctness that is known beforehand.

Run it on your own data: `pytest tests/known --dataset FILE.jsonl` (see `datasets.py`).
"""

from collections.abc import Callable

import pytest

from tests.known.datasets import KnownSolution

pytestmark = pytest.mark.slow


# What a solution may cost is said in its dataset, and a batch costs many times that.
@pytest.mark.timeout(0)
def test_a_known_solution_gets_its_correctness(
    known: KnownSolution, metrics_of: Callable[[KnownSolution], dict[str, float]]
) -> None:
    """A row gets the correctness that its dataset expects, and really was judged."""
    metrics = metrics_of(known)

    # Without this, an ungraded 0.0 would pass for a wrong solution found out.
    assert not metrics.get("ungraded"), f"{known.place}: ungraded: {metrics}"
    assert known.expected.is_met_by(metrics["correctness"]), (
        f"{known.place}: expected correctness {known.expected}: {metrics}"
    )
