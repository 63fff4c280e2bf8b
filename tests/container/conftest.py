"""Fixtures of the container tests: an engine, and the images, built from this clone.

The images' Python is 3.13, and the tests compare rows with those of this interpreter. So with
another version all tests here are skipped, as they are without a container engine.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import pytest

from nova_code_verifier.handlers.containers.container import Container, running
from nova_code_verifier.handlers.containers.image import TAG, Build, build_image
from tests.container.base_image import (
    CONFIGURATION,
    SLIM_CONFIGURATION,
    NoBaseImageError,
    write_base_image,
    write_slim_image,
)
from tests.container.engine import NoEngineError, running_engine
from tests.e2e.fetch_rie import EmulatorUnavailableError, fetch_emulator
from tests.paths import REPOSITORY

_IMAGES_PYTHON = (3, 13)
BASE_IMAGE = "verifier-tests/lambda-python:local"
SLIM_IMAGE = "verifier-tests/python:slim"
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
        pytest.skip("the images' Python is 3.13, and this one is not")
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

    def write(tar: Path) -> None:
        write_base_image(fetch_emulator(), tar)

    with _imported(client, BASE_IMAGE, write, CONFIGURATION) as name:
        yield name


@pytest.fixture(scope="session")
def slim_image(client: Any) -> Iterator[str]:
    """Return the name of an image that replaces the slim image of Python."""
    with _imported(client, SLIM_IMAGE, write_slim_image, SLIM_CONFIGURATION) as name:
        yield name


@contextmanager
def _imported(
    client: Any, name: str, write: Callable[[Path], None], configuration: list[str]
) -> Iterator[str]:
    """Import the root file system that *write* makes, as the image *name*."""
    with tempfile.TemporaryDirectory(prefix="base-image-") as directory:
        tar = Path(directory, "root.tar")
        try:
            write(tar)
        except (EmulatorUnavailableError, NoBaseImageError) as error:
            pytest.skip(f"no base image: {error}")
        repository, _, tag = name.partition(":")
        client.api.import_image_from_file(
            str(tar), repository=repository, tag=tag, changes=configuration
        )
    yield name
    client.images.remove(name, force=True)


@pytest.fixture(scope="session")
def image(client: Any, base_image: str) -> Iterator[str]:
    """Return the id of the image, built from the repository's Dockerfile."""
    built = build_image(client, Build(context=REPOSITORY, base_image=base_image, network="host"))
    yield built
    client.images.remove(TAG, force=True)


@pytest.fixture(scope="session")
def serve_image(client: Any, slim_image: str) -> Iterator[str]:
    """Return the id of the service's image, built from `Dockerfile.serve`."""
    image, _ = client.images.build(
        path=str(REPOSITORY),
        dockerfile="Dockerfile.serve",
        buildargs={"BASE_IMAGE": slim_image},
        network_mode="host",
        rm=True,
        forcerm=True,
    )
    yield image.id
    client.images.remove(image.id, force=True)


@pytest.fixture(scope="session")
def container(client: Any, image: str) -> Iterator[Container]:
    """Start the reward function with its default settings. All tests use the same process."""
    with running(client, image) as container:
        yield container
