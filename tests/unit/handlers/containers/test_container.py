"""Containers that are started, or not, with an engine of our own making; and what they are told."""

from typing import Any

import pytest
from docker.errors import APIError, NotFound

from nova_code_verifier.handlers.containers.container import EXECUTOR_HANDLER, running
from nova_code_verifier.handlers.containers.image import ContainerError


class Engine:
    """As much of the SDK's client as is needed: one container, which may fail to start."""

    def __init__(self, *, fails: bool = False, is_gone: bool = False) -> None:
        """Have `containers`, as the SDK's client has them."""
        self.containers = self
        self.deeds: list[str] = []
        self.environment: dict[str, str] = {}
        self._fails, self._is_gone = fails, is_gone

    def create(self, image: str, command: list[str], **options: Any) -> "Engine":
        """Create the container."""
        self.deeds.append(f"create {image} {command[0]}")
        self.environment = options["environment"]
        return self

    def start(self) -> None:
        """Start it."""
        self.deeds.append("start")
        if self._fails:
            raise APIError("no space left on device")

    def remove(self, **_: object) -> None:
        """Remove it."""
        self.deeds.append("remove")
        if self._is_gone:
            raise NotFound("no such container")


def test_what_does_not_start_is_removed() -> None:
    """A container that was created and cannot be started is not left behind."""
    engine = Engine(fails=True)

    with pytest.raises(ContainerError, match="no space left"), running(engine, "image"):
        pass

    assert engine.deeds[1:] == ["start", "remove"]


def test_why_it_went_wrong_is_not_hidden_by_its_end() -> None:
    """A container that is gone already is no news."""
    engine = Engine(is_gone=True)

    with pytest.raises(ContainerError, match="the reason"), running(engine, "image"):
        raise ContainerError("the reason")


def test_the_reward_function_gets_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """All but those of functions and models that it cannot reach."""
    monkeypatch.setenv("VERIFIER_RUBRIC", '{"reward": {"range": [-1, 1]}}')
    monkeypatch.setenv("VERIFIER_EXECUTOR_FUNCTION", "elsewhere")
    monkeypatch.setenv("VERIFIER_JUDGE_MODEL", "a.model")
    monkeypatch.setenv("HOME", "/nobodys")
    engine = Engine()

    with running(engine, "image", VERIFIER_WORKERS="1"):
        pass

    names = {"VERIFIER_RUBRIC", "VERIFIER_WORKERS", "AWS_LAMBDA_FUNCTION_TIMEOUT"}
    assert engine.environment.keys() == names


def test_the_executor_gets_what_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Candidates run there: what is paid for is none of its business."""
    monkeypatch.setenv("VERIFIER_RUBRIC", "rubric.toml")
    monkeypatch.setenv("VERIFIER_ISOLATION", "interpreter")
    engine = Engine()

    with running(engine, "image", handler=EXECUTOR_HANDLER):
        pass

    assert engine.environment.keys() == {"VERIFIER_ISOLATION", "AWS_LAMBDA_FUNCTION_TIMEOUT"}


def test_a_path_that_the_container_cannot_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is started, and by the setting's name."""
    monkeypatch.setenv("VERIFIER_RUBRIC", "rubric.toml")

    with pytest.raises(ContainerError, match="VERIFIER_RUBRIC: a path"), running(Engine(), "image"):
        pass
