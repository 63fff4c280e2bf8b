"""What the kernel knows about a process, seen from outside."""

import mmap
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from nova_code_verifier.sandbox.guest.work_directory import empty
from nova_code_verifier.sandbox.host.usage import cpu_seconds, holds_too_much, usage, waited_seconds

MIB = 2**20


@pytest.fixture(scope="module")
def gone() -> int:
    """Give the pid of a process that has ended, and was reaped."""
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    return process.pid


def written(path: Path, size: int) -> Path:
    """Write a file of *size* bytes, on the disk and not just in the plans for it."""
    with path.open("wb") as file:
        file.write(os.urandom(size))
        file.flush()
        os.fsync(file.fileno())
    return path


# CPU time


def test_cpu_time_is_the_processes_own_clock() -> None:
    """Seen from outside, the clock says what the process itself reads from it."""
    before = time.process_time()
    measured = cpu_seconds(os.getpid())
    after = time.process_time()

    assert measured is not None
    assert before <= measured <= after


def test_cpu_time_grows_by_working() -> None:
    """Work of a millisecond is seen: the clock is finer than the kernel's ticks."""
    started = cpu_seconds(os.getpid())
    assert started is not None
    until = time.process_time() + 0.001
    while time.process_time() < until:
        pass

    now = cpu_seconds(os.getpid())

    assert now is not None
    assert now - started >= 0.001


def test_sleep_is_no_cpu_time() -> None:
    """A sleeper is not charged for its sleep."""
    started = cpu_seconds(os.getpid())
    assert started is not None
    time.sleep(0.05)

    now = cpu_seconds(os.getpid())

    assert now is not None
    assert now - started < 0.04


def test_cpu_time_of_another_process_is_read() -> None:
    """The keeper reads its guest's clock, not its own."""
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


def test_a_process_that_has_gone_has_no_clock(gone: int) -> None:
    """No time at all is something else than no time yet."""
    assert cpu_seconds(gone) is None


# Waiting


def test_a_process_has_waited_for_a_time() -> None:
    """Time in the queue for a processor is never negative, and never more than there was."""
    assert 0 <= waited_seconds(os.getpid()) < time.monotonic()


@pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(), reason="this kernel does not tell how long one waits"
)
def test_waiting_grows_where_processors_are_few() -> None:
    """Of two processes that share one processor, each waits for about half the time."""
    spin = "import os, time\nos.sched_setaffinity(0, {%d})\nprint(flush=True)\nwhile True: pass"
    processor = min(os.sched_getaffinity(0))
    spinners = [
        subprocess.Popen([sys.executable, "-c", spin % processor], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    for spinner in spinners:
        assert spinner.stdout is not None
        spinner.stdout.readline()
    time.sleep(0.3)
    waited = waited_seconds(spinners[0].pid)
    for spinner in spinners:
        spinner.kill()
        spinner.communicate()

    assert waited > 0.05


def test_a_process_that_has_gone_does_not_wait(gone: int) -> None:
    """A guest that ended while we looked is no error."""
    assert waited_seconds(gone) == 0.0


# Memory


def test_memory_in_use_is_seen() -> None:
    """Pages that a process writes to count."""
    before = usage(os.getpid()).resident_bytes
    with mmap.mmap(-1, 64 * MIB) as memory:
        memory.write(b"x" * (64 * MIB))
        during = usage(os.getpid()).resident_bytes

    assert during - before > 60 * MIB


def test_memory_that_is_only_reserved_does_not_count() -> None:
    """A runtime that reserves much and uses little is not punished."""
    before = usage(os.getpid()).resident_bytes
    with mmap.mmap(-1, 256 * MIB):
        during = usage(os.getpid()).resident_bytes

    assert during - before < 8 * MIB


def test_a_process_that_has_gone_holds_no_memory(gone: int) -> None:
    """A guest that ended while we looked is no error."""
    assert usage(gone) == (0, 0)


def test_threads_are_counted() -> None:
    """A thread that sleeps is one more."""
    before = usage(os.getpid()).threads
    leave = threading.Event()
    sleepers = [threading.Thread(target=leave.wait) for _ in range(3)]
    for sleeper in sleepers:
        sleeper.start()
    during = usage(os.getpid()).threads
    leave.set()
    for sleeper in sleepers:
        sleeper.join()

    assert during - before == 3


def test_a_name_with_brackets_does_not_shift_the_fields() -> None:
    """A process may call itself what it likes, `x) R 1 1 1` for instance."""
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
    """One file beside a directory with another makes three."""
    (tmp_path / "file").touch()
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "file").touch()

    assert holds_too_much(tmp_path, bytes_max=MIB, files_max=files_max) is too_much


@pytest.mark.parametrize(("bytes_max", "too_much"), [(MIB // 2, True), (4 * MIB, False)])
def test_sizes_are_added_up(tmp_path: Path, bytes_max: int, *, too_much: bool) -> None:
    """Files in directories of their own count together."""
    for number in range(4):
        (tmp_path / str(number)).mkdir()
        written(tmp_path / str(number) / "file", MIB // 4)

    assert holds_too_much(tmp_path, bytes_max=bytes_max, files_max=100) is too_much


def test_a_file_of_holes_takes_no_space(tmp_path: Path) -> None:
    """What counts is the disk that a file takes, not the length that it claims."""
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**40)

    assert not holds_too_much(tmp_path, bytes_max=MIB, files_max=10)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Neither a big file nor a big directory elsewhere is held against a guest."""
    elsewhere, here = tmp_path / "elsewhere", tmp_path / "here"
    elsewhere.mkdir()
    here.mkdir()
    big = written(elsewhere / "big", MIB)
    (here / "file").symlink_to(big)
    (here / "directory").symlink_to(elsewhere)

    assert not holds_too_much(here, bytes_max=MIB // 2, files_max=2)


def test_a_circle_of_links_is_walked_once(tmp_path: Path) -> None:
    """A link to its own directory is one file more, and no endless walk."""
    (tmp_path / "self").symlink_to(tmp_path)

    assert not holds_too_much(tmp_path, bytes_max=MIB, files_max=1)


def test_a_deep_directory_is_walked_through(tmp_path: Path) -> None:
    """Depth is no place to hide, as far as paths go."""
    deep = tmp_path
    for _ in range(300):
        deep /= "d"
        deep.mkdir()

    assert holds_too_much(tmp_path, bytes_max=MIB, files_max=299)


def test_a_directory_that_has_gone_holds_nothing(tmp_path: Path) -> None:
    """A directory that a guest removed while we looked is no error."""
    assert not holds_too_much(tmp_path / "gone", bytes_max=0, files_max=0)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_closed_directory_is_too_much(tmp_path: Path) -> None:
    """Who hides files from the count has something to hide."""
    (tmp_path / "closed").mkdir(mode=0o300)

    assert holds_too_much(tmp_path, bytes_max=MIB, files_max=10)


def test_a_directory_too_deep_for_a_path_is_too_much(tmp_path: Path) -> None:
    """Depth is no place to hide, beyond what paths can name either."""
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(2500):
        os.mkdir("dd", dir_fd=here)
        deeper = os.open("dd", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)

    assert holds_too_much(tmp_path, bytes_max=2**40, files_max=10**6)
    empty(str(tmp_path))
