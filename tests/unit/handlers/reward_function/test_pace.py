"""The pace of calls: a limit that yields to throttling, and pauses that grow."""

import pytest

from nova_code_verifier.handlers.reward_function.pace import Pace, Patience

PATIENCE = Patience(pause_seconds=1.0, pause_seconds_max=8.0)


class Clock:
    """A clock that stands still between steps."""

    def __init__(self) -> None:
        """Start at 100 seconds."""
        self.now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock."""
    return Clock()


def test_throttling_lowers_the_limit_once_for_all_calls_that_it_met(clock: Clock) -> None:
    """A burst of refusals of calls that were in flight together counts once, later ones again."""
    pace = Pace(10, PATIENCE, clock)
    sent = clock.now
    for _ in range(10):
        clock.now += 0.1
        pace.refuse(sent, is_throttled=True)
    once = pace.limit
    pace.refuse(clock.now, is_throttled=True)

    assert pace.limit < once < 10


def test_the_limit_never_falls_below_one_call(clock: Clock) -> None:
    """After any number of refusals, one call may run."""
    pace = Pace(10, PATIENCE, clock)
    for _ in range(50):
        clock.now += 1
        pace.refuse(clock.now, is_throttled=True)

    assert pace.limit == 1


def test_answers_raise_the_limit_slowly_up_to_what_was_wanted(clock: Clock) -> None:
    """As many answers as calls run at a time raise the limit by about one, and never above."""
    pace = Pace(10, PATIENCE, clock)
    for _ in range(50):
        clock.now += 1
        pace.refuse(clock.now, is_throttled=True)
    limits = []
    for _ in range(100):
        pace.advance()
        limits.append(pace.limit)

    assert limits[0] == 2
    assert limits.index(5) >= 2 + 3 + 4
    assert limits[-1] == 10


def test_a_lost_connection_pauses_but_keeps_the_limit(clock: Clock) -> None:
    """A network that fails says nothing about how many calls Lambda takes."""
    pace = Pace(10, PATIENCE, clock)
    pauses = []
    for _ in range(200):
        pace.refuse(clock.now, is_throttled=False)
        pauses.append(pace.pause)

    assert pace.limit == 10
    assert all(0 <= pause <= 8 for pause in pauses)
    assert max(pauses) > 4


def test_pauses_are_random_and_double() -> None:
    """The pause after the first failure is below one second, after the fourth below eight."""
    for failures, most in ((1, 1), (2, 2), (4, 8), (10**6, 8)):
        pauses = [PATIENCE.pause_after(failures) for _ in range(300)]
        assert 0 <= min(pauses) < most / 4
        assert 3 * most / 4 < max(pauses) <= most


def test_an_answer_ends_the_silence(clock: Clock) -> None:
    """Silence is the time since a call reached the function, or since the start."""
    pace = Pace(1, PATIENCE, clock)
    clock.now += 5
    pace.refuse(clock.now, is_throttled=True)
    assert pace.silence_seconds == 5
    pace.advance()
    assert pace.silence_seconds == 0
