"""The time that an invocation of a function has.

In: a context: Lambda's object, a dict (the trainers' clients send one), or None. Out: seconds.
"""

# The part of the time that is kept for writing the response.
_CLOSING_SECONDS = 1.0
_CLOSING_SHARE = 0.05


def seconds_left(context: object, *, default_seconds: float) -> float:
    """Return how many seconds the work may take; *default_seconds* if *context* has no limit."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    seconds = remaining() / 1000 if callable(remaining) else default_seconds
    return max(0.0, seconds - max(_CLOSING_SECONDS, seconds * _CLOSING_SHARE))
