"""Starting the executor that the settings name."""

import sys

import pytest

from nova_code_verifier.handlers.executors import start_executor
from nova_code_verifier.handlers.settings import Settings, SettingsError
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.remote.executor import RemoteExecutor
from nova_code_verifier.sandbox.types import IsolationLevel

CLIENT = "nova_code_verifier.handlers.executor_function.client"


def test_candidates_run_here_by_default() -> None:
    """Without an executor function, the executor is local, at the level of the settings."""
    settings = Settings(isolation=IsolationLevel.INTERPRETER, workers=2)

    with start_executor(settings, workers=1) as executor:
        assert isinstance(executor, LocalExecutor)
        assert executor.level is IsolationLevel.INTERPRETER
        assert len(executor.work_directories) == 1


def test_an_executor_function_makes_the_executor_remote(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an executor function, the executor is remote."""
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")

    with start_executor(Settings(executor_function="f")) as executor:
        assert isinstance(executor, RemoteExecutor)


def test_an_executor_function_that_cannot_be_called_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without the client, as in the single file, candidates do not run here instead."""
    monkeypatch.setitem(sys.modules, CLIENT, None)

    with pytest.raises(SettingsError, match="VERIFIER_EXECUTOR_FUNCTION: the single file"):
        start_executor(Settings(executor_function="f"))
