"""Starting and removing containers, with a fake engine; and the settings that they get."""

from typing import Any

import pytest
from docker.errors import APIError, NotFound

from nova_code_verifier.handlers.containers.container import EXECUTOR_HANDLER, running
from nova_code_verifier.handlers.containers.image import ContainerError


class Engine:
    """A fake of the SDK's client with one container, which may fail to start."""

    def __init__(self, *, fails: bool = False, is_gone: bool = False) -> None:
        """Provide `containers`, as the SDK's client does."""
        self.containers = self
        self.calls: list[str] = []
        self.environment: dict[str, str] = {}
        self._fails, self._is_gone = fails, is_gone

    def create(self, image: str, command: list[str], **options: Any) -> "Engine":
        """Create the container."""
        self.calls.append(f"create {image} {command[0]}")
        self.environment = options["environment"]
        return self

    def start(self) -> None:
        """Start the container."""
        self.calls.append("start")
        if self._fails:
            raise APIError("no space left on device")

    def remove(self, **_: object) -> None:
        """Remove the container."""
        self.calls.append("remove")
        if self._is_gone:
            raise NotFound("no such container")


def test_a_container_that_does_not_start_is_removed() -> None:
    """A container that was created but cannot be started is removed."""
    engine = Engine(fails=True)

    with pytest.raises(ContainerError, match="no space left"), running(engine, "image"):
        pass

    assert engine.calls[1:] == ["start", "remove"]


def test_a_failing_removal_does_not_hide_the_first_error() -> None:
    """An error in the `with` block is raised even if the removal fails too."""
    engine = Engine(is_gone=True)

    with pytest.raises(ContainerError, match="the reason"), running(engine, "image"):
        raise ContainerError("the reason")


def test_the_reward_function_gets_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reward function gets all settings except those that need a network."""
    monkeypatch.setenv("VERIFIER_RUBRIC", '{"reward": {"range": [-1, 1]}}')
    monkeypatch.setenv("VERIFIER_EXECUTOR_FUNCTION", "elsewhere")
    monkeypatch.setenv("VERIFIER_JUDGE_MODEL", "a.model")
    monkeypatch.setenv("HOME", "/nobodys")
    engine = Engine()

    with running(engine, "image", VERIFIER_WORKERS="1"):
        pass

    names = {"VERIFIER_RUBRIC", "VERIFIER_WORKERS", "AWS_LAMBDA_FUNCTION_TIMEOUT"}
    assert engine.environment.keys() == names


def test_the_executor_function_gets_only_its_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The executor function, which runs candidates, does not get the rubric."""
    monkeypatch.setenv("VERIFIER_RUBRIC", "rubric.toml")
    monkeypatch.setenv("VERIFIER_ISOLATION", "interpreter")
    engine = Engine()

    with running(engine, "image", handler=EXECUTOR_HANDLER):
        pass

    assert engine.environment.keys() == {"VERIFIER_ISOLATION", "AWS_LAMBDA_FUNCTION_TIMEOUT"}


def test_a_path_to_a_rubric_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rubric in a file, which the container cannot read, is refused by the setting's name."""
    monkeypatch.setenv("VERIFIER_RUBRIC", "rubric.toml")

    with pytest.raises(ContainerError, match="VERIFIER_RUBRIC: a path"), running(Engine(), "image"):
        pass
