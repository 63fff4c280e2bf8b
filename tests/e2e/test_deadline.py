"""What a function does when Lambda's patience ends before a candidate's sleep."""

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
    """Return what a warm function says with eight seconds for a sleeper and a right one."""
    with running_function(
        emulator,
        AWS_LAMBDA_FUNCTION_TIMEOUT="8",  # the emulator has a cold start count
        VERIFIER_WORKERS="2",
        VERIFIER_ON_OUTAGE=on_outage,
    ) as function:
        function.invoke([])
        return function.invoke(BATCH)


def test_an_invocation_that_cannot_finish_says_so_itself(emulator: Path) -> None:
    """The trainer is told to send again, before Lambda kills the function mid-sentence."""
    error = answer(emulator, "raise")

    assert error["errorType"] == "OutageError"
    assert error["errorMessage"].startswith("1 of 2 samples could not be graded")


def test_what_was_done_in_time_is_kept_on_request(emulator: Path) -> None:
    """With `VERIFIER_ON_OUTAGE=value` only the sample that was cut short is ungraded."""
    sleeping, right = answer(emulator, "value")

    assert (metrics_of(sleeping)["ungraded"], metrics_of(right)["ungraded"]) == (1.0, 0.0)
    assert (sleeping["id"], right["aggregate_reward_score"]) == ("sleeping", 1.0)


def test_a_time_limit_of_the_samples_own_is_no_outage(emulator: Path) -> None:
    """A sleeper whose own limit comes first is simply wrong."""
    batch = [square_sample(SLEEPING, wall_seconds=0.5), square_sample(RIGHT)]

    with running_function(emulator, AWS_LAMBDA_FUNCTION_TIMEOUT="30") as function:
        rows = function.invoke(batch)

    assert [metrics_of(row)["correctness"] for row in rows] == [0.0, 1.0]
