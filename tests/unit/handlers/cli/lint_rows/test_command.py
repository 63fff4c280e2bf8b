"""`verifier lint-rows`: its options."""

from tests.unit.handlers.cli.command_line import verifier


def test_a_reversed_range_is_status_2() -> None:
    """Otherwise every reward would be outside of the range."""
    done = verifier("lint-rows", "-", "--range", "1", "0", stdin="{}")

    assert done.returncode == 2
    assert "--range" in done.stderr
    assert "found 1 0, expected the lowest reward, then the highest" in done.stderr


def test_the_default_range_is_from_0_to_1() -> None:
    """A negative reward is a finding unless --range allows it."""
    row = '{"id": 1, "aggregate_reward_score": -0.5, "metrics_list": []}'

    assert verifier("lint-rows", "-", stdin=row).returncode == 1
    assert verifier("lint-rows", "-", "--range", "-1", "1", stdin=row).returncode == 0
