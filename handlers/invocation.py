"""The time that an invocation of a function has.

In: a context: Lambda's own, a dict (the trainers' clients send one), or None. Out: seconds.
"""

# What is left of an invocation for writing the answer.
_CLOSING_SECONDS = 1.0
_CLOSING_SHARE = 0.05


def seconds_left(context: object, *, default_seconds: float) -> float:
    """Return how long it may work; *default_seconds* where the context does not tell."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    seconds = remaining() / 1000 if callable(remaining) else default_seconds
    return max(0.0, seconds - max(_CLOSING_SECONDS, seconds * _CLOSING_SHARE))
