"""Semaphores of `multiprocessing` that work within one process.

Guests have no named semaphores, because these outlive them, and no other processes. But
`multiprocessing.pool.ThreadPool`, `multiprocessing.Queue` and `multiprocessing.Lock` need
semaphores for their threads. `new_module` returns a stand-in for `_multiprocessing`.
"""

import errno
import types
from _thread import get_ident

_RECURSIVE_MUTEX = 0


class SemLock:
    """Has the interface of `_multiprocessing.SemLock`."""

    SEM_VALUE_MAX = 2**31 - 1

    def __init__(self, kind: int, value: int, maxvalue: int, _name: str, _unlink: bool) -> None:  # noqa: FBT001
        """Start with *value*. The name is ignored: no other process could use it."""
        from threading import Condition  # noqa: PLC0415  (a zygote must stay small)

        self.kind = kind
        self.maxvalue = maxvalue
        self.name = None
        self.handle = id(self)
        self._value = value
        self._changed = Condition()
        self._owner = 0
        self._depth = 0

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:  # noqa: FBT001, FBT002
        """Lower the value by one, and wait until this is possible. Return whether it was."""
        if self.kind != _RECURSIVE_MUTEX or not self._is_mine():
            with self._changed:
                limit = timeout if block else 0
                if not self._changed.wait_for(lambda: self._value > 0, limit):
                    return False
                self._value -= 1
        self._owner = get_ident()
        self._depth += 1
        return True

    def release(self) -> None:
        """Raise the value by one."""
        with self._changed:
            if self.kind == _RECURSIVE_MUTEX:
                if not self._is_mine():
                    raise AssertionError("attempt to release recursive lock not owned by thread")
            elif self._value >= self.maxvalue:
                raise ValueError("semaphore or lock released too many times")
            self._depth -= 1
            if self.kind != _RECURSIVE_MUTEX or self._depth == 0:
                self._value += 1
                self._changed.notify()

    def __enter__(self) -> bool:
        """Acquire."""
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        """Release."""
        self.release()

    def _count(self) -> int:
        return self._depth

    def _is_mine(self) -> bool:
        return self._depth > 0 and self._owner == get_ident()

    def _get_value(self) -> int:
        return self._value

    def _is_zero(self) -> bool:
        return self._value == 0

    def _after_fork(self) -> None:
        self._depth = 0


def _sem_unlink(name: str) -> None:
    raise FileNotFoundError(errno.ENOENT, "No such file or directory", name)


def new_module() -> types.ModuleType:
    """Return a module to put in the place of `_multiprocessing`."""
    module = types.ModuleType("_multiprocessing")
    SemLock.__module__ = module.__name__
    module.__dict__.update(SemLock=SemLock, sem_unlink=_sem_unlink, flags={})
    return module
