"""Executors that run sessions, for each level that this kernel grants."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nova_code_verifier.sandbox.errors import IsolationRefusedError
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Execution, IsolationLevel
from tests.unit.sandbox.sessions import only, session_job, start_executor

RunSession = Callable[..., Execution]


@pytest.fixture(scope="session", params=list(IsolationLevel), ids=str)
def session_executor(request: pytest.FixtureRequest) -> Iterator[LocalExecutor]:
    """Keep one worker warm, in which every session finds what the one before it left."""
    try:
        with start_executor(request.param) as executor:
            assert executor.level is request.param
            yield executor
    except IsolationRefusedError as refusal:
        pytest.skip(str(refusal))


@pytest.fixture
def run_session(session_executor: LocalExecutor) -> RunSession:
    """Return a function that runs one session: the harness's code, and options of its job."""

    def run(harness: str, **options: Any) -> Execution:
        return only(session_executor.run([session_job(harness, **options)]))

    return run
