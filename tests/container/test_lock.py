"""requirements-lambda.lock: it is complete, and names no registry."""

import tomllib

import pytest
from packaging.requirements import Requirement

from tests.paths import REPOSITORY

LOCK = (REPOSITORY / "requirements-lambda.lock").read_text()
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
LEFT_OUT = PROJECT["tool"]["uv"]["pip"]["no-emit-package"]


def pinned() -> dict[str, str]:
    """Return the version of every package in the lock."""
    words = (line.split()[0] for line in LOCK.splitlines() if line[:1].isalpha())
    return dict(word.split("==") for word in words)


@pytest.mark.parametrize("text", PROJECT["project"]["dependencies"])
def test_the_lock_satisfies_the_project(text: str) -> None:
    """Every dependency is pinned in a version that it allows, or is left out by name."""
    requirement = Requirement(text)
    name = requirement.name.lower()

    assert name in LEFT_OUT or requirement.specifier.contains(pinned()[name])


def test_the_lock_names_no_registry() -> None:
    """Pip installs from the registry that its own settings name."""
    assert "://" not in LOCK
    assert "index" not in LOCK


def test_every_package_has_its_hashes() -> None:
    """An image cannot get a package that did not exist when the lock was made."""
    assert LOCK.count(" \\\n    --hash=sha256:") >= len(pinned()) > 0
