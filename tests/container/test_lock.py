"""The lock files of the image: they are complete, and name no registry."""

import tomllib

import pytest
from packaging.requirements import Requirement

from tests.paths import REPOSITORY

LOCKS = {
    name: (REPOSITORY / name).read_text()
    for name in ("requirements-lambda.lock", "requirements-lambda-scientific.lock")
}
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
LEFT_OUT = PROJECT["tool"]["uv"]["pip"]["no-emit-package"]
DEPENDENCIES = PROJECT["project"]["dependencies"]
SCIENTIFIC = PROJECT["project"]["optional-dependencies"]["scientific"]

locks = pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)


def pinned(lock: str) -> dict[str, str]:
    """Return the version of every package in a lock."""
    words = (line.split()[0] for line in lock.splitlines() if line[:1].isalpha())
    return dict(word.split("==") for word in words)


def satisfies(lock: str, text: str) -> bool:
    """Return whether a lock has a version that a requirement allows, or leaves it out by name."""
    requirement = Requirement(text)
    name = requirement.name.lower()
    return name in LEFT_OUT or requirement.specifier.contains(pinned(lock)[name])


@locks
@pytest.mark.parametrize("text", DEPENDENCIES)
def test_a_lock_satisfies_the_project(lock: str, text: str) -> None:
    """Every dependency is pinned in a version that it allows, or is left out by name."""
    assert satisfies(lock, text)


@pytest.mark.parametrize("text", SCIENTIFIC)
def test_the_scientific_lock_has_the_libraries(text: str) -> None:
    """Every library of the extra is pinned in a version that it allows."""
    assert satisfies(LOCKS["requirements-lambda-scientific.lock"], text)


def test_both_locks_agree() -> None:
    """The scientific image has the same versions, and more packages."""
    small, scientific = map(pinned, LOCKS.values())

    assert small.items() < scientific.items()


@locks
def test_a_lock_names_no_registry(lock: str) -> None:
    """Pip installs from the registry that its own settings name."""
    assert "://" not in lock
    assert "index" not in lock


@locks
def test_every_package_has_its_hashes(lock: str) -> None:
    """An image cannot get a package that did not exist when the lock was made."""
    assert lock.count(" \\\n    --hash=sha256:") >= len(pinned(lock)) > 0
