"""Work on a large body."""

import asyncio
from threading import Event

import pytest

from nova_code_verifier.handlers.http_service.json_body import away_if_large


@pytest.mark.parametrize("fails", [False, True])
def test_a_caller_who_goes_away_waits_for_the_thread_that_holds_its_body(*, fails: bool) -> None:
    """Else the bodies of many callers who went away would wait for a thread, and nobody count."""
    started, may_end, ended = Event(), Event(), Event()

    def work() -> None:
        started.set()
        may_end.wait()
        ended.set()
        if fails:
            raise ValueError

    async def run() -> None:
        task = asyncio.create_task(away_if_large(2**20, work))
        await asyncio.to_thread(started.wait)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=0.05)
        assert not done
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()

    asyncio.run(run())
