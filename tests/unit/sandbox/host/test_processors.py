"""How sessions are spread over processors."""

import os
from collections import Counter

import pytest

from nova_code_verifier.sandbox.host.processors import Processors


@pytest.fixture
def usable(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Pretend that these processors are usable."""
    usable = {2, 3, 7}
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: usable)
    return usable


def test_sessions_are_spread_evenly(usable: set[int]) -> None:
    """Of seven sessions, no processor has two more than another."""
    processors = Processors()

    counts = Counter(processors.take() for _ in range(7))

    assert set(counts) == usable
    assert sorted(counts.values()) == [2, 2, 3]


@pytest.mark.usefixtures("usable")
def test_the_processor_of_a_session_that_ended_is_taken_next() -> None:
    """The one with the fewest sessions is next."""
    processors = Processors()
    taken = [processors.take() for _ in range(6)]
    processors.release(taken[1])

    assert processors.take() == taken[1]


@pytest.mark.usefixtures("usable")
def test_a_worker_stays_on_its_processor_if_no_other_has_fewer_sessions() -> None:
    """Its zygote is there, and so is what it has in the caches."""
    processors = Processors()
    taken = {worker: processors.take(worker) for worker in range(3)}
    for processor in taken.values():
        processors.release(processor)

    assert {worker: processors.take(worker) for worker in (2, 1, 0)} == taken


def test_a_single_processor_is_not_chosen(usable: set[int]) -> None:
    """With one processor there is nothing to choose."""
    usable.intersection_update({3})
    processors = Processors()

    assert [processors.take(), processors.take()] == [-1, -1]
    processors.release(-1)
