"""Requests that wait for a place in the queue."""

import asyncio
import time

import pytest

from nova_code_verifier.handlers.http_service.grading import BusyError
from nova_code_verifier.handlers.http_service.request import REQUEST, RequestContext
from nova_code_verifier.handlers.http_service.routes.patience import deadline_after, patiently


def test_a_full_queue_is_asked_again_until_the_deadline() -> None:
    """Then the request is refused, with the queue's own error."""
    asked = []

    async def ask() -> None:
        asked.append(1)
        raise BusyError("the queue is full", 1)

    with pytest.raises(BusyError):
        asyncio.run(patiently(ask, deadline=time.monotonic() + 1.6))

    assert len(asked) > 1


def test_the_deadline_of_a_request_counts_if_it_is_earlier() -> None:
    """A caller may name one in a header."""
    token = REQUEST.set(RequestContext(deadline=5.0))
    try:
        assert deadline_after(100.0) == 5.0
    finally:
        REQUEST.reset(token)
    assert deadline_after(100.0) > time.monotonic()
