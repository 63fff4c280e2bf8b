"""No test of this folder waits between two calls of a function."""

import pytest

from nova_code_verifier.sandbox.remote import client


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat a failed call at once."""
    monkeypatch.setattr(client, "_PAUSE_SECONDS", 0.001)
