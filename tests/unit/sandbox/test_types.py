"""The types of the sandbox's interface."""

import itertools

import pytest

from nova_code_verifier.sandbox.types import IsolationLevel, Job, Run

FROM_WEAKEST = [IsolationLevel.NONE, IsolationLevel.INTERPRETER, IsolationLevel.KERNEL]


@pytest.mark.parametrize(("weak", "strong"), list(itertools.combinations(FROM_WEAKEST, 2)))
def test_levels_compare_by_strength(weak: IsolationLevel, strong: IsolationLevel) -> None:
    """A stronger level is greater than a weaker one, whatever their names."""
    assert weak < strong
    assert weak <= strong
    assert strong > weak
    assert strong >= weak
    assert not strong < weak
    assert not weak > strong
    assert weak >= weak  # noqa: PLR0124
    assert not weak > weak  # noqa: PLR0124
    assert max(weak, strong) is strong


@pytest.mark.parametrize("give_up_after", [1, 0, -1])
def test_a_job_cannot_be_given_up_after_one_time_out(give_up_after: int) -> None:
    """A single time-out is asked again, so it must not have ended the job."""
    with pytest.raises(ValueError, match="expected 2 or more"):
        Job(program="", questions=(Run(),), give_up_after=give_up_after)
