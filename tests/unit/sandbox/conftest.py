"""The tests of this folder use the real executors of `tests/executors.py`."""

from tests.executors import executor, level, lone_worker, run  # noqa: F401  (fixtures)
from tests.unit.sandbox.session_fixtures import run_session, session_executor  # noqa: F401
