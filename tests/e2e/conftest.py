"""What the end-to-end tests share: the emulator, and the function with its defaults."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.emulator import Function, running_function
from tests.e2e.fetch_rie import EmulatorUnavailableError, fetch_emulator

REPORTED = "handler_ready_seconds"


@pytest.fixture(scope="session")
def emulator() -> Path:
    """Return the path of the emulator's binary."""
    try:
        return fetch_emulator()
    except EmulatorUnavailableError as error:
        pytest.skip(f"no runtime interface emulator: {error}")


@pytest.fixture(scope="session")
def function(emulator: Path) -> Iterator[Function]:
    """Run the function with its default settings, warm through all the tests."""
    with running_function(emulator) as function:
        yield function
