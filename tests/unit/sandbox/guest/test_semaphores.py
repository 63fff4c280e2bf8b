"""The stand-in for `_multiprocessing`, compared with the real module where this host has it."""

import importlib
import threading
import time
from typing import Any

import pytest

from nova_code_verifier.sandbox.guest.semaphores import new_module

MUTEX, SEMAPHORE = 0, 1


def real_sem_lock(kind: int, value: int, maxvalue: int) -> Any:
    """Return a semaphore of the kernel's."""
    name = f"/test-{time.monotonic_ns()}"
    try:
        module = importlib.import_module("_multiprocessing")
        return module.SemLock(kind, value, maxvalue, name, True)  # noqa: FBT003
    except OSError as error:
        pytest.skip(f"no named semaphores here: {error}")


def our_sem_lock(kind: int, value: int, maxvalue: int) -> Any:
    """Return a semaphore of ours."""
    return new_module().SemLock(kind, value, maxvalue, "/test", True)  # noqa: FBT003


each = pytest.mark.parametrize("new", [our_sem_lock, real_sem_lock], ids=["ours", "real"])


@each
def test_a_semaphore_counts(new: Any) -> None:
    """It can be acquired as often as its value says, and released up to its maximum."""
    semaphore = new(SEMAPHORE, 2, 2)

    assert [semaphore.acquire(block=False) for _ in range(3)] == [True, True, False]
    assert (semaphore._count(), semaphore._is_zero(), semaphore._get_value()) == (2, True, 0)
    assert not semaphore.acquire(timeout=0.001)
    semaphore.release()
    semaphore.release()
    with pytest.raises(ValueError, match="released too many times"):
        semaphore.release()


@each
def test_a_recursive_mutex_belongs_to_a_thread(new: Any) -> None:
    """Its thread acquires it again; another one cannot, and cannot release it."""
    mutex = new(MUTEX, 1, 1)
    seen = []

    def look() -> None:
        seen.append((mutex.acquire(block=False), mutex._is_mine()))
        with pytest.raises(AssertionError, match="not owned"):
            mutex.release()

    with mutex, mutex:
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        assert (mutex._count(), mutex._is_mine()) == (2, True)

    assert seen == [(False, False)]
    assert (mutex._count(), mutex._is_mine()) == (0, False)


@each
@pytest.mark.timeout(10)
def test_a_thread_waits_for_another(new: Any) -> None:
    """`acquire` returns when another thread releases the semaphore."""
    semaphore = new(SEMAPHORE, 0, 1)
    threading.Timer(0.01, semaphore.release).start()

    assert semaphore.acquire()


@each
def test_the_interface_is_complete(new: Any) -> None:
    """The attributes that `multiprocessing.synchronize` reads are there."""
    semaphore = new(SEMAPHORE, 1, 5)

    assert (semaphore.kind, semaphore.maxvalue, semaphore.SEM_VALUE_MAX) == (1, 5, 2**31 - 1)
    assert isinstance(semaphore.handle, int)
    semaphore._after_fork()


def test_there_is_nothing_to_unlink() -> None:
    """No semaphore of ours has a name."""
    assert our_sem_lock(SEMAPHORE, 1, 1).name is None
    with pytest.raises(FileNotFoundError):
        new_module().sem_unlink("/test")
