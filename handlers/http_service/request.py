"""The context of one request: its id and its deadline."""

import math
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """The id of a request, and when its answer is of no use any more (`time.monotonic`)."""

    id: str = ""
    deadline: float = math.inf


REQUEST: ContextVar[RequestContext] = ContextVar("request", default=RequestContext())  # noqa: B039  (frozen)
"""The request that the current task handles."""
