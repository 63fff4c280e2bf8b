"""The diagnosis of a sandbox."""

import json

import pytest

from nova_code_verifier.handlers.cli.doctor.conditions import Machine
from nova_code_verifier.handlers.cli.doctor.diagnosis import (
    PROTECTIONS,
    Diagnosis,
    as_json,
    as_text,
    diagnose,
)
from nova_code_verifier.handlers.cli.tables import render
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import IsolationLevel

ALL = dict.fromkeys(PROTECTIONS, True)


def text_of(diagnosis: Diagnosis) -> str:
    """Return the text for people as one line."""
    return " ".join(render(as_text(diagnosis), None).split())


@pytest.mark.parametrize("level", [None, IsolationLevel.INTERPRETER])
def test_every_reported_protection_is_explained(level: IsolationLevel | None) -> None:
    """Each protection that the sandbox grants on this machine has an explanation."""
    found = diagnose(Settings(), lambda: LocalExecutor(workers=1, level=level))

    assert found.granted.keys() - {"level", "kernel_refused"} <= PROTECTIONS.keys()
    assert (found.workers, found.problem) == (1, "")


@pytest.mark.parametrize("name", PROTECTIONS)
def test_a_missing_protection_has_a_remedy(name: str) -> None:
    """The remedy is shown if the protection is missing, and only then."""
    whole = Diagnosis(required=IsolationLevel.INTERPRETER, level=IsolationLevel.KERNEL, granted=ALL)
    lacking = Diagnosis(
        required=IsolationLevel.INTERPRETER,
        level=IsolationLevel.KERNEL,
        granted=ALL | {name: False},
    )

    assert "->" not in text_of(whole)
    assert f"{name} no {PROTECTIONS[name].effect} -> " in text_of(lacking)


def test_a_refused_level_is_explained() -> None:
    """If the kernel refused its level, the text and the JSON give the reason."""
    fallen_back = Diagnosis(
        required=IsolationLevel.INTERPRETER,
        level=IsolationLevel.INTERPRETER,
        granted={"resource_limits": True, "kernel_refused": "Operation not permitted"},
    )

    assert "kernel refused Operation not permitted" in text_of(fallen_back)
    assert as_json(fallen_back)["kernel_refused"] == "Operation not permitted"


def test_a_version_means_granted() -> None:
    """Landlock's version is shown, and version zero means that it is missing."""
    granted = Diagnosis(
        required=IsolationLevel.KERNEL, level=IsolationLevel.KERNEL, granted=ALL | {"landlock": 4}
    )
    missing = Diagnosis(
        required=IsolationLevel.KERNEL, level=IsolationLevel.KERNEL, granted=ALL | {"landlock": 0}
    )

    assert "landlock yes (4)" in text_of(granted)
    assert "landlock no" in text_of(missing)


@pytest.mark.parametrize(
    ("level", "required", "is_enough"),
    [
        (IsolationLevel.KERNEL, IsolationLevel.INTERPRETER, True),
        (IsolationLevel.KERNEL, IsolationLevel.KERNEL, True),
        (IsolationLevel.INTERPRETER, IsolationLevel.KERNEL, False),
        (IsolationLevel.NONE, IsolationLevel.INTERPRETER, False),
        (None, IsolationLevel.NONE, False),
    ],
)
def test_a_level_must_be_as_strong_as_required(
    level: IsolationLevel | None, required: IsolationLevel, *, is_enough: bool
) -> None:
    """A level is enough exactly if it is the required one or a stronger one."""
    assert Diagnosis(level=level, required=required, granted={}).is_enough is is_enough


def test_the_json_can_be_written() -> None:
    """It survives a round trip, under the names that the sandbox reports."""
    found = Diagnosis(required=IsolationLevel.KERNEL, level=IsolationLevel.KERNEL, granted=ALL)

    back = json.loads(json.dumps(as_json(found)))

    assert back["protections"].keys() == PROTECTIONS.keys()
    assert back["level"] == "kernel"


def test_the_condition_that_is_missing_here_is_named() -> None:
    """The remedy ends with what this machine lacks."""
    found = Diagnosis(
        required=IsolationLevel.KERNEL,
        level=IsolationLevel.KERNEL,
        granted=ALL | {"uid_dropped": False},
        machine=Machine(uid=1000),
    )

    assert "(here, this process runs as user 1000, not as root)" in text_of(found)


def test_a_sandbox_that_does_not_start_has_refused_nothing() -> None:
    """Protections that were not tried are not reported as missing."""
    text = text_of(Diagnosis(required=IsolationLevel.KERNEL, granted={}, problem="no directory"))

    assert "seccomp not tried" in text
    assert "->" not in text
