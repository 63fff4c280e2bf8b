"""Samples of public datasets get the same results in two guests as in one process.

Each sample is judged twice: as usual, and with `shared_process: true`, where tests and program run
in one process and nothing can be lost on the way. Every difference is listed here with its reason.
"""

from collections.abc import Iterator
from dataclasses import replace
from operator import attrgetter
from typing import NamedTuple

import pytest

from nova_code_verifier import Score, judge
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Limits
from tests.known.published import (
    BIGCODEBENCH,
    BUGGY,
    HUMANEVAL,
    SANITIZED,
    Collection,
    read_solutions,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

_ENDLESS = "an assert runs without end; in one process, all asserts are lost with it"
EXPLAINED = {"Python/10": _ENDLESS, "Python/76": _ENDLESS}
"""Why a sample's results differ, by task."""


class Result(NamedTuple):
    """What the two ways of running tests are compared by."""

    is_ungraded: bool
    passed: int
    total: int


@pytest.fixture(scope="module")
def executor(request: pytest.FixtureRequest) -> Iterator[LocalExecutor]:
    """Return one executor for all datasets."""
    if request.config.getoption("dataset"):
        pytest.skip("--dataset names other datasets")
    with LocalExecutor() as executor:
        yield executor


@pytest.mark.parametrize(
    "collection", [HUMANEVAL, SANITIZED, BIGCODEBENCH, BUGGY], ids=attrgetter("name")
)
def test_both_ways_of_running_tests_agree(collection: Collection, executor: LocalExecutor) -> None:
    """As many cases of a sample pass beside the program as in its process, or it is explained."""
    solutions = read_solutions(collection)
    limits = Limits(cpu_seconds=collection.cpu_seconds)
    apart = [solution.sample for solution in solutions]
    together = [
        replace(sample, reference=solution.row | {"shared_process": True})
        for sample, solution in zip(apart, solutions, strict=True)
    ]

    scores = judge([*apart, *together], executor, default_limits=limits)

    pairs = zip(scores[: len(apart)], scores[len(apart) :], strict=True)
    differing = {
        solution.task: f"{_result(live)} beside it, {_result(shared)} in one process"
        for solution, (live, shared) in zip(solutions, pairs, strict=True)
        if _result(live) != _result(shared)
    }
    explained = EXPLAINED.keys() & {solution.task for solution in solutions}
    assert differing.keys() == explained, differing


def _result(score: Score) -> Result:
    return Result(not score.tests_total, score.tests_passed, score.tests_total)
