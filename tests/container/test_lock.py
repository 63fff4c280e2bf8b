"""The lock files of the images: they are complete, and name no registry."""

import tomllib

import pytest
from packaging.requirements import Requirement

from tests.paths import REPOSITORY

LAMBDA, SCIENTIFIC, SERVE, BUILD = (
    (REPOSITORY / f"requirements-{name}.lock").read_text()
    for name in ("lambda", "lambda-scientific", "serve", "build")
)
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
LEFT_OUT = PROJECT["tool"]["uv"]["pip"]["no-emit-package"]
DEPENDENCIES = PROJECT["project"]["dependencies"]
EXTRAS = PROJECT["project"]["optional-dependencies"]

lambda_locks = pytest.mark.parametrize("lock", [LAMBDA, SCIENTIFIC], ids=["small", "scientific"])
locks = pytest.mark.parametrize(
    "lock", [LAMBDA, SCIENTIFIC, SERVE, BUILD], ids=["lambda", "scientific", "serve", "build"]
)


def pinned(lock: str) -> dict[str, str]:
    """Return the version of every package in a lock."""
    words = (line.split()[0] for line in lock.splitlines() if line[:1].isalpha())
    return dict(word.split("==") for word in words)


def satisfies(lock: str, text: str) -> bool:
    """Return whether a lock has a version that a requirement allows."""
    requirement = Requirement(text)
    return requirement.specifier.contains(pinned(lock)[requirement.name.lower()])


@lambda_locks
@pytest.mark.parametrize("text", DEPENDENCIES)
def test_a_lock_satisfies_the_project(lock: str, text: str) -> None:
    """Every dependency is pinned in a version that it allows, or is left out by name."""
    assert Requirement(text).name.lower() in LEFT_OUT or satisfies(lock, text)


@pytest.mark.parametrize("text", EXTRAS["scientific"])
def test_the_scientific_lock_has_the_libraries(text: str) -> None:
    """Every library of the extra is pinned in a version that it allows."""
    assert satisfies(SCIENTIFIC, text)


@pytest.mark.parametrize("text", [*DEPENDENCIES, *EXTRAS["serve"]])
def test_the_lock_of_the_service_satisfies_the_project(text: str) -> None:
    """Every dependency is pinned in a version that it allows: the base image brings none."""
    assert satisfies(SERVE, text)


@pytest.mark.parametrize("text", PROJECT["build-system"]["requires"])
def test_the_lock_of_the_build_has_what_builds_the_wheel(text: str) -> None:
    """The build backend is pinned in a version that the project allows."""
    assert satisfies(BUILD, text)


def test_all_locks_agree() -> None:
    """The scientific image has more packages than the small one; no two versions differ."""
    small, scientific, serve, build = map(pinned, (LAMBDA, SCIENTIFIC, SERVE, BUILD))

    assert small.items() < scientific.items()
    for lock in (serve, build):
        assert {name: lock[name] for name in lock if name in small}.items() <= small.items()


@locks
def test_a_lock_names_no_registry(lock: str) -> None:
    """Pip installs from the registry that its own settings name."""
    assert "://" not in lock
    assert "index" not in lock


@locks
def test_every_package_has_its_hashes(lock: str) -> None:
    """An image cannot get a package that did not exist when the lock was made."""
    assert lock.count(" \\\n    --hash=sha256:") >= len(pinned(lock)) > 0
