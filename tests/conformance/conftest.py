"""The tests of this folder use the real executors of `tests/executors.py`."""

from tests.executors import executor, level, lone_worker, run  # noqa: F401  (fixtures)
