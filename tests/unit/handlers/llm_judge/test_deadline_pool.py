"""DeadlinePool on a few threads, and nobody waits past a deadline."""

import threading
import time
from concurrent.futures import wait

import pytest

from nova_code_verifier.handlers.llm_judge.deadline_pool import DeadlinePool


def in_seconds(seconds: float) -> float:
    """Return a deadline."""
    return time.monotonic() + seconds


@pytest.fixture
def errands() -> DeadlinePool[str]:
    """Two threads."""
    return DeadlinePool(threads=2, late="late")


def test_every_errand_is_run(errands: DeadlinePool[str]) -> None:
    """However many there are, and each result goes to who asked."""
    futures = [errands.send(lambda n=n: str(n), deadline=in_seconds(60)) for n in range(500)]  # type: ignore[misc]

    assert [future.result(timeout=30) for future in futures] == [str(n) for n in range(500)]
    errands.close()


def test_a_deadline_in_the_past_is_late_at_once(errands: DeadlinePool[str]) -> None:
    """Nobody waits for what cannot be in time."""
    hang = threading.Event()
    futures = [errands.send(lambda: str(hang.wait(60)), deadline=in_seconds(-1)) for _ in range(5)]

    assert {future.result(timeout=10) for future in futures} == {"late"}
    hang.set()
    errands.close()


def test_each_deadline_is_kept(errands: DeadlinePool[str]) -> None:
    """The nearest one first, in whichever order they came."""
    hang = threading.Event()
    ended: list[float] = []
    now = time.monotonic()
    futures = []
    for seconds in (0.4, 0.2, 0.6):
        future = errands.send(lambda: str(hang.wait(60)), deadline=now + seconds)
        future.add_done_callback(lambda _, seconds=seconds: ended.append(seconds))  # type: ignore[misc]
        futures.append(future)
    wait(futures, timeout=10)
    errands.close()

    assert ended == [0.2, 0.4, 0.6]
    hang.set()


def test_what_comes_after_its_deadline_changes_nothing(errands: DeadlinePool[str]) -> None:
    """A result that was given stays as it is."""
    release, done = threading.Event(), threading.Event()

    def slow() -> str:
        release.wait(60)
        done.set()
        return "in time?"

    future = errands.send(slow, deadline=in_seconds(0.1))
    assert future.result(timeout=10) == "late"
    release.set()
    assert done.wait(10)
    assert future.result() == "late"
    errands.close()


def test_a_waiting_errand_is_not_run_after_its_deadline(errands: DeadlinePool[str]) -> None:
    """Its turn comes when nobody waits for it any longer."""
    hang = threading.Event()
    run: list[int] = []
    busy = [errands.send(lambda: str(hang.wait(60)), deadline=in_seconds(60)) for _ in range(2)]
    queued = errands.send(lambda: str(run.append(1)), deadline=in_seconds(0.1))  # type: ignore[func-returns-value]

    assert queued.result(timeout=10) == "late"
    hang.set()
    wait(busy, timeout=10)
    assert errands.send(lambda: "next", deadline=in_seconds(60)).result(timeout=10) == "next"
    assert run == []
    errands.close()


def test_threads_are_bounded_and_idle_ones_are_used(errands: DeadlinePool[str]) -> None:
    """One after the other needs one thread; many at once need no more than two."""
    names: set[str] = set()

    def errand() -> str:
        names.add(str(threading.get_ident()))
        time.sleep(0.01)
        return ""

    wait([errands.send(errand, deadline=in_seconds(60)) for _ in range(20)], timeout=30)

    assert len(names) <= 2
    errands.close()


def test_threads_end_after_closing(errands: DeadlinePool[str]) -> None:
    """Nothing is left behind but what hangs."""
    before = threading.active_count()
    errands.send(lambda: "", deadline=in_seconds(60)).result(timeout=10)
    errands.close()

    until = in_seconds(10)
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_no_future_is_forgotten_in_the_books(errands: DeadlinePool[str]) -> None:
    """A process that lives for days must not remember every errand."""
    futures = [errands.send(lambda: "", deadline=in_seconds(60)) for _ in range(50)]
    wait(futures, timeout=10)

    until = in_seconds(10)  # a future is done a moment before its callbacks are
    while errands._waiting and time.monotonic() < until:
        time.sleep(0.01)
    assert not errands._waiting
    errands.close()
