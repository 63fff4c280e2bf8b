"""The time that an invocation may use."""

import pytest

from nova_code_verifier.handlers.invocation import seconds_left


class Context:
    """The context that Lambda passes."""

    def __init__(self, milliseconds: int) -> None:
        """Set the time that is left."""
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        """Return the time that is left."""
        return self._milliseconds


@pytest.mark.parametrize(
    ("context", "seconds"),
    [
        (Context(10_000), 9.0),
        (Context(100_000), 95.0),
        (Context(500), 0.0),
        (Context(-5), 0.0),
        (None, 38.0),
        ({}, 38.0),
        ({"get_remaining_time_in_millis": 5}, 38.0),
    ],
)
def test_time_for_the_response_is_kept(context: object, seconds: float) -> None:
    """A second or 5 % of the time is kept; a context without a time has the default."""
    assert seconds_left(context, default_seconds=40.0) == pytest.approx(seconds)
