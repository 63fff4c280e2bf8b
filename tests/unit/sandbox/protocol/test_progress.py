"""The page in which a harness says how far it is."""

import os
import struct
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from nova_code_verifier.sandbox.host.pipes import shared_file
from nova_code_verifier.sandbox.protocol.progress import (
    PAGE_BYTES,
    Progress,
    ProgressPage,
    read_progress,
)


@pytest.fixture
def page() -> Iterator[int]:
    """Return the descriptor of a fresh page."""
    fd = shared_file("progress", PAGE_BYTES)
    yield fd
    os.close(fd)


_WRITER = """
import os, sys
from nova_code_verifier.sandbox.protocol.progress import ProgressPage
page = ProgressPage(int(sys.argv[1]), os.getpid())
for _ in range(100_000): page.begin_item()
"""


def started_writer(page: int) -> subprocess.Popen[bytes]:
    """Start a process that begins items, one after the other."""
    return subprocess.Popen([sys.executable, "-c", _WRITER, str(page)], pass_fds=[page])


def test_a_fresh_page_is_before_the_first_item(page: int) -> None:
    """All marks are zero, so that limits count from the start."""
    assert read_progress(page) == Progress()


def test_the_keeper_reads_what_the_harness_writes(page: int) -> None:
    """Items are counted, and marks are those of the clocks at that time."""
    harness = ProgressPage(page, os.getpid())
    before = time.monotonic()
    harness.begin_item()
    harness.begin_item()

    progress = read_progress(page)

    assert progress is not None
    assert (progress.item, progress.waiting_since) == (2, 0.0)
    assert before <= progress.started <= time.monotonic()
    assert 0 < progress.candidate_cpu <= time.process_time()  # here, it is its own candidate
    assert 0 < progress.harness_cpu <= time.process_time()


def test_a_wait_begins_and_ends(page: int) -> None:
    """The keeper sees since when the harness waits, and a new item ends a wait."""
    harness = ProgressPage(page, os.getpid())
    harness.begin_item()
    harness.begin_wait()
    waiting = read_progress(page)
    harness.end_wait()
    working = read_progress(page)
    harness.begin_wait()
    harness.begin_item()
    next_item = read_progress(page)

    assert waiting is not None
    assert working is not None
    assert next_item is not None
    assert 0 < waiting.started <= waiting.waiting_since <= time.monotonic()
    assert (working.waiting_since, next_item.waiting_since) == (0.0, 0.0)


def test_a_page_that_is_being_written_is_not_read(page: int) -> None:
    """Half of a new item with half of an old one would be a wrong mark."""
    ProgressPage(page, os.getpid()).begin_item()
    os.pwrite(page, struct.pack("@Q", 2), 0)

    assert read_progress(page) is None


def test_a_candidate_that_has_ended_has_used_nothing(page: int) -> None:
    """The harness goes on when the clock of its candidate is gone."""
    assert ProgressPage(page, 2**22 + 1).candidate_cpu() == 0.0


def test_a_page_never_goes_back(page: int) -> None:
    """To write the page, the harness clears it first: whoever reads it then keeps the last look."""
    item, looks = 0, 0
    with started_writer(page) as writer:
        while writer.poll() is None:
            progress = read_progress(page, item_min=item)
            assert progress is None or (progress.item >= item and (progress.started or not item))
            item = progress.item if progress else item
            looks += 1

    assert item > 0
    assert looks > 0


def test_a_cleared_page_is_being_written(page: int) -> None:
    """It looks like one before the first item, if nobody knows of an item."""
    ProgressPage(page, os.getpid()).begin_item()
    os.pwrite(page, bytes(PAGE_BYTES), 0)

    assert read_progress(page, item_min=1) is None
    assert read_progress(page) == Progress()
