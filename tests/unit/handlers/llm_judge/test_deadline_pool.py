"""DeadlinePool: calls run on a few threads, and no future is pending after its deadline."""

import threading
import time
from concurrent.futures import wait

import pytest

from nova_code_verifier.handlers.llm_judge.deadline_pool import DeadlinePool


def in_seconds(seconds: float) -> float:
    """Return the deadline that is *seconds* from now."""
    return time.monotonic() + seconds


@pytest.fixture
def pool() -> DeadlinePool[str]:
    """Return a pool of two threads."""
    return DeadlinePool(threads=2, late="late")


def test_every_call_is_run(pool: DeadlinePool[str]) -> None:
    """Each of many calls runs once, and its future holds its result."""
    futures = [pool.submit(lambda n=n: str(n), deadline=in_seconds(60)) for n in range(500)]  # type: ignore[misc]

    assert [future.result(timeout=30) for future in futures] == [str(n) for n in range(500)]
    pool.close()


def test_a_call_with_a_past_deadline_is_late(pool: DeadlinePool[str]) -> None:
    """A call whose deadline has passed gets the late result without being waited for."""
    hang = threading.Event()
    futures = [pool.submit(lambda: str(hang.wait(60)), deadline=in_seconds(-1)) for _ in range(5)]

    assert {future.result(timeout=10) for future in futures} == {"late"}
    hang.set()
    pool.close()


def test_futures_end_in_the_order_of_their_deadlines(pool: DeadlinePool[str]) -> None:
    """The nearest deadline ends first, whatever the order of submission."""
    hang = threading.Event()
    ended: list[float] = []
    now = time.monotonic()
    futures = []
    for seconds in (0.4, 0.2, 0.6):
        future = pool.submit(lambda: str(hang.wait(60)), deadline=now + seconds)
        future.add_done_callback(lambda _, seconds=seconds: ended.append(seconds))  # type: ignore[misc]
        futures.append(future)
    wait(futures, timeout=10)
    pool.close()

    assert ended == [0.2, 0.4, 0.6]
    hang.set()


def test_a_result_after_the_deadline_is_ignored(pool: DeadlinePool[str]) -> None:
    """A call that returns late does not replace the late result."""
    release, done = threading.Event(), threading.Event()

    def slow() -> str:
        release.wait(60)
        done.set()
        return "in time?"

    future = pool.submit(slow, deadline=in_seconds(0.1))
    assert future.result(timeout=10) == "late"
    release.set()
    assert done.wait(10)
    assert future.result() == "late"
    pool.close()


def test_a_queued_call_does_not_start_after_its_deadline(pool: DeadlinePool[str]) -> None:
    """A call whose deadline passes while it is in the queue never runs."""
    hang = threading.Event()
    run: list[int] = []
    busy = [pool.submit(lambda: str(hang.wait(60)), deadline=in_seconds(60)) for _ in range(2)]
    queued = pool.submit(lambda: str(run.append(1)), deadline=in_seconds(0.1))  # type: ignore[func-returns-value]

    assert queued.result(timeout=10) == "late"
    hang.set()
    wait(busy, timeout=10)
    assert pool.submit(lambda: "next", deadline=in_seconds(60)).result(timeout=10) == "next"
    assert run == []
    pool.close()


def test_no_more_threads_than_the_limit_run_calls(pool: DeadlinePool[str]) -> None:
    """Twenty calls use at most two threads."""
    names: set[str] = set()

    def call() -> str:
        names.add(str(threading.get_ident()))
        time.sleep(0.01)
        return ""

    wait([pool.submit(call, deadline=in_seconds(60)) for _ in range(20)], timeout=30)

    assert len(names) <= 2
    pool.close()


def test_threads_end_after_close(pool: DeadlinePool[str]) -> None:
    """Idle threads end when the pool is closed."""
    before = threading.active_count()
    pool.submit(lambda: "", deadline=in_seconds(60)).result(timeout=10)
    pool.close()

    until = in_seconds(10)
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_done_futures_are_forgotten(pool: DeadlinePool[str]) -> None:
    """The pool keeps no reference to a future that is done: a process may live for days."""
    futures = [pool.submit(lambda: "", deadline=in_seconds(60)) for _ in range(50)]
    wait(futures, timeout=10)

    until = in_seconds(10)  # a future is done a moment before its callbacks are
    while pool._waiting and time.monotonic() < until:
        time.sleep(0.01)
    assert not pool._waiting
    pool.close()
