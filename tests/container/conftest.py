"""Fixtures of the container tests: an engine, and the image, built from this clone.

The image's Python is 3.13, and the tests compare rows with those of this interpreter. So with
another version all tests here are skipped, as they are without a container engine.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from nova_code_verifier.handlers.containers.container import Container, running
from nova_code_verifier.handlers.containers.image import TAG, Build, build_image
from tests.container.base_image import CONFIGURATION, NoBaseImageError, write_base_image
from tests.container.engine import NoEngineError, running_engine
from tests.e2e.fetch_rie import EmulatorUnavailableError, fetch_emulator
from tests.paths import REPOSITORY

_IMAGES_PYTHON = (3, 13)
BASE_IMAGE = "verifier-tests/lambda-python:local"
_BUILD_SECONDS = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the image as slow: the first one installs an engine and builds it."""
    for item in items:
        if isinstance(item, pytest.Function) and "engine_address" in item.fixturenames:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(2 * _BUILD_SECONDS))


@pytest.fixture(scope="session")
def engine_address() -> Iterator[str]:
    """Return the address of a container engine."""
    if sys.version_info[:2] != _IMAGES_PYTHON:
        pytest.skip("the image's Python is 3.13, and this one is not")
    with tempfile.TemporaryDirectory(prefix="engine-") as directory:
        try:
            with running_engine(Path(directory)) as address:
                yield address
        except NoEngineError as error:
            pytest.skip(f"no container engine: {error}")


@pytest.fixture(scope="session")
def client(engine_address: str) -> Iterator[Any]:
    """Return the Docker SDK's client of the engine."""
    client = docker.DockerClient(base_url=engine_address, timeout=_BUILD_SECONDS)
    yield client
    client.close()


@pytest.fixture(scope="session")
def base_image(client: Any) -> Iterator[str]:
    """Return the name of an image that replaces Lambda's base image."""
    with tempfile.TemporaryDirectory(prefix="base-image-") as directory:
        tar = Path(directory, "root.tar")
        try:
            write_base_image(fetch_emulator(), tar)
        except (EmulatorUnavailableError, NoBaseImageError) as error:
            pytest.skip(f"no base image: {error}")
        repository, _, tag = BASE_IMAGE.partition(":")
        client.api.import_image_from_file(
            str(tar), repository=repository, tag=tag, changes=CONFIGURATION
        )
    yield BASE_IMAGE
    client.images.remove(BASE_IMAGE, force=True)


@pytest.fixture(scope="session")
def image(client: Any, base_image: str) -> Iterator[str]:
    """Return the id of the image, built from the repository's Dockerfile."""
    built = build_image(client, Build(context=REPOSITORY, base_image=base_image, network="host"))
    yield built
    client.images.remove(TAG, force=True)


@pytest.fixture(scope="session")
def container(client: Any, image: str) -> Iterator[Container]:
    """Start the reward function with its default settings. All tests use the same process."""
    with running(client, image) as container:
        yield container
