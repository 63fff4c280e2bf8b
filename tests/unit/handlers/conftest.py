"""The log of the reward function, for the tests that read it."""

import io
import logging
from collections.abc import Iterator

import pytest


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Capture the log."""
    # Imported here: the import starts workers, which most tests of this folder do not need.
    from nova_code_verifier.handlers import reward  # noqa: PLC0415

    written = io.StringIO()
    handler = reward.TELEMETRY.logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    stream = handler.setStream(written)
    yield written
    handler.setStream(stream)
