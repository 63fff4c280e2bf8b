"""The usage of a process, measured from outside."""

import math
import mmap
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from nova_code_verifier.sandbox.guest.work_directory import remove
from nova_code_verifier.sandbox.host.usage import (
    cpu_seconds,
    holds_too_much,
    nameless_bytes,
    peak_usage,
    threads,
    usage,
    waited_seconds,
)

MIB = 2**20


@pytest.fixture(scope="module")
def gone() -> int:
    """Return the pid of a process that has ended and was reaped."""
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    return process.pid


def written(path: Path, size: int) -> Path:
    """Write *size* bytes to a file, and wait until they are on the disk."""
    with path.open("wb") as file:
        file.write(os.urandom(size))
        file.flush()
        os.fsync(file.fileno())
    return path


# CPU time


def test_cpu_time_is_the_clock_of_the_process() -> None:
    """From outside and inside, the clock is the same."""
    before = time.process_time()
    measured = cpu_seconds(os.getpid())
    after = time.process_time()

    assert measured is not None
    assert before <= measured <= after


def test_cpu_time_grows_with_work() -> None:
    """The clock shows work of a millisecond."""
    started = cpu_seconds(os.getpid())
    assert started is not None
    until = time.process_time() + 0.001
    while time.process_time() < until:
        pass

    now = cpu_seconds(os.getpid())

    assert now is not None
    assert now - started >= 0.001


def test_sleep_is_no_cpu_time() -> None:
    """A process that sleeps uses no CPU time."""
    started = cpu_seconds(os.getpid())
    assert started is not None
    time.sleep(0.05)

    now = cpu_seconds(os.getpid())

    assert now is not None
    assert now - started < 0.04


def test_cpu_time_of_another_process_is_read() -> None:
    """The clock of a child is not the clock of this process."""
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time\nwhile time.process_time() < 0.1: pass\nprint(flush=True)\ninput()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        measured = cpu_seconds(process.pid)
        process.communicate(b"\n")

    assert measured is not None
    assert 0.1 <= measured < 5


def test_a_process_that_has_ended_has_no_cpu_time(gone: int) -> None:
    """A pid that is free reads as None, not as zero."""
    assert cpu_seconds(gone) is None


# Waiting


def test_waiting_time_is_within_the_time_there_was() -> None:
    """It is not negative, and not more than the uptime."""
    assert 0 <= waited_seconds(os.getpid()) < time.monotonic()


@pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(), reason="this kernel does not report waiting times"
)
def test_waiting_time_grows_on_a_busy_processor() -> None:
    """Processes that share one processor wait for each other, and so do their threads."""
    begin = "import os, threading\nos.sched_setaffinity(0, {%d})\nprint(flush=True)\n"
    spin, spin_in_thread = "while True: pass", "threading.Thread(target=exec, args=(%r,)).start()"
    programs = [begin + spin, begin + spin_in_thread.replace("%r", repr(spin)), begin + spin]
    processor = min(os.sched_getaffinity(0))
    spinners = [
        subprocess.Popen([sys.executable, "-c", program % processor], stdout=subprocess.PIPE)
        for program in programs
    ]
    for spinner in spinners:
        assert spinner.stdout is not None
        spinner.stdout.readline()
    time.sleep(0.3)
    waited = [waited_seconds(spinner.pid) for spinner in spinners]
    for spinner in spinners:
        spinner.kill()
        spinner.communicate()

    assert min(waited) > 0.05


def test_a_process_that_has_ended_has_no_waiting_time(gone: int) -> None:
    """A pid that is free reads as zero."""
    assert waited_seconds(gone) == 0.0


# Memory


def test_memory_in_use_is_counted() -> None:
    """Pages that a process has written count."""
    before = usage(os.getpid()).resident_bytes
    with mmap.mmap(-1, 64 * MIB) as memory:
        memory.write(b"x" * (64 * MIB))
        during = usage(os.getpid()).resident_bytes

    assert during - before > 60 * MIB


def test_memory_that_is_only_reserved_does_not_count() -> None:
    """A large mapping that is not used does not count."""
    before = usage(os.getpid()).resident_bytes
    with mmap.mmap(-1, 256 * MIB):
        during = usage(os.getpid()).resident_bytes

    assert during - before < 8 * MIB


def test_a_peak_is_seen_afterwards() -> None:
    """Memory that was given back between two looks counts."""
    script = "memory = b'x' * (64 << 20); del memory; print(); input()"
    with subprocess.Popen(
        [sys.executable, "-S", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        now, most = usage(process.pid), peak_usage(process.pid)
        process.communicate(b"\n")

    assert most.resident_bytes - now.resident_bytes > 60 * MIB
    assert most.threads == now.threads == 1


def test_a_process_that_has_ended_uses_nothing(gone: int) -> None:
    """A pid that is free reads as zero."""
    assert usage(gone) == peak_usage(gone) == (0, 0)
    assert threads(gone) <= 0


def test_threads_are_counted() -> None:
    """Three more threads are counted as three more."""
    pid = os.getpid()
    before = usage(pid).threads, threads(pid)
    leave = threading.Event()
    sleepers = [threading.Thread(target=leave.wait) for _ in range(3)]
    for sleeper in sleepers:
        sleeper.start()
    during = usage(pid).threads, threads(pid)
    leave.set()
    for sleeper in sleepers:
        sleeper.join()

    assert [after - count for after, count in zip(during, before, strict=True)] == [3, 3]


def test_a_name_with_brackets_does_not_shift_the_fields() -> None:
    """A process that names itself `) 9 9 9 (` is measured like any other."""
    name = "import ctypes; ctypes.CDLL(None).prctl(15, b') 9 9 9 ('); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        measured = usage(process.pid)
        process.communicate(b"\n")

    assert measured.threads == 1
    assert measured.resident_bytes > MIB


# Files


@pytest.mark.parametrize(("files_max", "too_much"), [(2, True), (3, False), (4, False)])
def test_files_and_directories_are_counted(
    tmp_path: Path, files_max: int, *, too_much: bool
) -> None:
    """A file, and a directory with another file, are three."""
    (tmp_path / "file").touch()
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "file").touch()

    assert holds_too_much(tmp_path, bytes_max=MIB, files_max=files_max) is too_much


@pytest.mark.parametrize(("bytes_max", "too_much"), [(MIB // 2, True), (4 * MIB, False)])
def test_the_sizes_of_files_are_added_up(tmp_path: Path, bytes_max: int, *, too_much: bool) -> None:
    """Files in different directories count together."""
    for number in range(4):
        (tmp_path / str(number)).mkdir()
        written(tmp_path / str(number) / "file", MIB // 4)

    assert holds_too_much(tmp_path, bytes_max=bytes_max, files_max=100) is too_much


def test_a_sparse_file_takes_no_space(tmp_path: Path) -> None:
    """The blocks of a file count, not its length."""
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**40)

    assert not holds_too_much(tmp_path, bytes_max=MIB, files_max=10)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Files and directories outside do not count."""
    elsewhere, here = tmp_path / "elsewhere", tmp_path / "here"
    elsewhere.mkdir()
    here.mkdir()
    big = written(elsewhere / "big", MIB)
    (here / "file").symlink_to(big)
    (here / "directory").symlink_to(elsewhere)

    assert not holds_too_much(here, bytes_max=MIB // 2, files_max=2)


def test_a_cycle_of_links_is_counted_once(tmp_path: Path) -> None:
    """A link to its own directory is one file."""
    (tmp_path / "self").symlink_to(tmp_path)

    assert not holds_too_much(tmp_path, bytes_max=MIB, files_max=1)


def test_deep_directories_are_counted(tmp_path: Path) -> None:
    """Three hundred nested directories are all counted."""
    deep = tmp_path
    for _ in range(300):
        deep /= "d"
        deep.mkdir()

    assert holds_too_much(tmp_path, bytes_max=MIB, files_max=299)


def test_a_directory_that_was_removed_holds_nothing(tmp_path: Path) -> None:
    """It raises no error."""
    assert not holds_too_much(tmp_path / "gone", bytes_max=0, files_max=0)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_closed_directory_is_too_much(tmp_path: Path) -> None:
    """A directory that cannot be read counts as too much."""
    (tmp_path / "closed").mkdir(mode=0o300)

    assert holds_too_much(tmp_path, bytes_max=MIB, files_max=10)


def test_a_directory_too_deep_for_a_path_is_too_much(tmp_path: Path) -> None:
    """Directories deeper than any path count as too much."""
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(2500):
        os.mkdir("dd", dir_fd=here)
        deeper = os.open("dd", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)

    assert holds_too_much(tmp_path, bytes_max=2**40, files_max=10**6)
    remove(str(tmp_path))


def test_too_many_files_without_a_name_are_too_big(tmp_path: Path) -> None:
    """Empty files take no blocks, but an inode each."""
    files = [tempfile.TemporaryFile(dir=tmp_path, buffering=0) for _ in range(5)]  # noqa: SIM115
    assert all(os.fstat(file.fileno()).st_blocks == 0 for file in files)

    within = nameless_bytes(os.getpid(), tmp_path, files_max=1000)
    beyond = nameless_bytes(os.getpid(), tmp_path, files_max=4)

    for file in files:
        file.close()
    assert within < math.inf
    assert beyond == math.inf
