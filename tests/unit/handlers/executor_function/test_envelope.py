"""The JSON around a payload."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.handlers.executor_function.envelope import unwrap, wrap


@given(st.binary())
def test_any_payload_survives_json(payload: bytes) -> None:
    """A payload that is wrapped, sent as JSON and unwrapped is unchanged."""
    assert unwrap(json.loads(json.dumps(wrap(payload)))) == payload


@pytest.mark.parametrize(
    "content", [None, 7, "payload", [], {}, {"payload": 7}, {"payload": "%%%"}, {"payload": "é"}]
)
def test_content_without_a_payload_is_refused(content: object) -> None:
    """Anything but an object with base64 raises ValueError."""
    with pytest.raises(ValueError, match="expected an object"):
        unwrap(content)
