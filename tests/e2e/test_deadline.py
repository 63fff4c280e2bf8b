"""Candidates that sleep longer than the time that Lambda gives to the invocation."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.emulator import running_function
from tests.e2e.samples import RIGHT, SLEEPING, metrics_of, square_sample

pytestmark = pytest.mark.slow

BATCH = [
    square_sample(SLEEPING, sample_id="sleeping", wall_seconds=60),
    square_sample(RIGHT, sample_id="right"),
]


def answer(emulator: Path, on_outage: str) -> Any:
    """Return what a function answers that has 8 seconds for a sleeper and a right program."""
    with running_function(
        emulator,
        AWS_LAMBDA_FUNCTION_TIMEOUT="8",  # the emulator counts a cold start, too
        VERIFIER_WORKERS="2",
        VERIFIER_ON_OUTAGE=on_outage,
    ) as function:
        function.invoke([])
        return function.invoke(BATCH)


def test_an_invocation_that_cannot_finish_is_an_outage(emulator: Path) -> None:
    """The function answers with an error before Lambda kills it."""
    error = answer(emulator, "raise")

    assert error["errorType"] == "OutageError"
    assert error["errorMessage"].startswith("1 of 2 samples could not be graded")


def test_samples_that_were_done_in_time_are_graded_on_request(emulator: Path) -> None:
    """With `VERIFIER_ON_OUTAGE=value` only the sample that was not done is ungraded."""
    sleeping, right = answer(emulator, "value")

    assert (metrics_of(sleeping)["ungraded"], metrics_of(right)["ungraded"]) == (1.0, 0.0)
    assert (metrics_of(sleeping)["failure"], metrics_of(right)["failure"]) == (3.0, 0.0)
    assert (sleeping["id"], right["aggregate_reward_score"]) == ("sleeping", 1.0)


def test_a_samples_own_time_limit_is_no_outage(emulator: Path) -> None:
    """A sleeper whose own limit ends first has correctness 0."""
    batch = [square_sample(SLEEPING, wall_seconds=0.5), square_sample(RIGHT)]

    with running_function(emulator, AWS_LAMBDA_FUNCTION_TIMEOUT="30") as function:
        rows = function.invoke(batch)

    assert [metrics_of(row)["correctness"] for row in rows] == [0.0, 1.0]
