"""Fixtures of the end-to-end tests: emulator, clients, function with its defaults, samples."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.emulator import Function, running_function
from tests.e2e.fetch_clients import ClientsUnavailableError, fetch_clients
from tests.e2e.fetch_rie import EmulatorUnavailableError, fetch_emulator
from tests.e2e.samples import SAMPLE_SETS, Sample


@pytest.fixture(scope="session")
def emulator() -> Path:
    """Return the path of the emulator's binary."""
    try:
        return fetch_emulator()
    except EmulatorUnavailableError as error:
        pytest.skip(f"no runtime interface emulator: {error}")


@pytest.fixture(scope="session")
def clients() -> Path:
    """Return the directory that holds the clients."""
    try:
        return fetch_clients()
    except ClientsUnavailableError as error:
        pytest.skip(f"no official clients: {error}")


@pytest.fixture(scope="session")
def function(emulator: Path) -> Iterator[Function]:
    """Start the reward function with its default settings. All tests use the same process."""
    with running_function(emulator) as function:
        yield function


@pytest.fixture(scope="module", params=SAMPLE_SETS)
def sample_set(request: pytest.FixtureRequest) -> list[Sample]:
    """Return each set of samples that is kept in the repository."""
    return SAMPLE_SETS[request.param]()
