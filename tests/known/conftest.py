"""Make a test of every known solution, and score the solutions by the reward function's handler.

The solutions come from the files given with `--dataset`, or else from our own in `data/`.
`datasets.py` reads the files; the tests know the expected correctness.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.reward import lambda_handler
from tests.known.datasets import DatasetError, KnownSolution, read_dataset

Row = dict[str, Any]

# Enough to keep every worker busy, and few enough for the time of one invocation.
_BATCH_ROWS = 32

_OUR_DATA = Path(__file__).parent / "data"
_SOLUTIONS = pytest.StashKey[list[KnownSolution]]()


def pytest_configure(config: pytest.Config) -> None:
    """Read the datasets. A malformed one ends the run before any test."""
    paths = config.getoption("dataset") or sorted(_OUR_DATA.glob("*.jsonl"))
    try:
        config.stash[_SOLUTIONS] = [known for path in paths for known in read_dataset(path)]
    except DatasetError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that has the argument `known` once for each solution."""
    if "known" in metafunc.fixturenames:
        solutions = metafunc.config.stash[_SOLUTIONS]
        metafunc.parametrize("known", solutions, ids=[known.name for known in solutions])


@pytest.fixture(scope="session")
def row_of(request: pytest.FixtureRequest) -> Callable[[KnownSolution], Row]:
    """Return a function that returns the row of a solution.

    It scores the solutions in batches, as one call for each would leave most workers idle. Only
    solutions whose tests were selected (`-k`) are scored.
    """
    # Several tests have the same solution.
    selected = {known.location: known for known in _selected(request.session)}.values()
    scored: dict[str, Row] = {}

    def row_of_one(known: KnownSolution) -> Row:
        if known.location not in scored:
            done = {known.location, *scored}
            others = (solution for solution in selected if solution.location not in done)
            batch = [known, *islice(others, _BATCH_ROWS - 1)]
            locations = (solution.location for solution in batch)
            scored.update(zip(locations, _score(batch), strict=True))
        return scored[known.location]

    return row_of_one


def _selected(session: pytest.Session) -> Iterator[KnownSolution]:
    for item in session.items:
        if isinstance(item, pytest.Function) and "known" in item.fixturenames:
            known = item.callspec.params["known"]
            assert isinstance(known, KnownSolution)
            yield known


def _score(batch: list[KnownSolution]) -> list[Row]:
    rows: Any = lambda_handler([known.sample for known in batch], None)
    return list(rows)
