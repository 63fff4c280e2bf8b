"""The messages between a client and the owner."""

import pytest

from nova_code_verifier.adapters.messages import entry_frame, read_entry
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.protocol.encoding import EncodingError, encode
from nova_code_verifier.verifier.types import Sample

LENGTH_BYTES = 8


@pytest.mark.parametrize("completion", ["print(1)", None, "\ud800"])
def test_entries_survive_the_way(completion: str | None) -> None:
    """A frame carries completion, reference and tasks as they are."""
    sample = Sample(completion=completion, reference={"inputs": [(1,)]}, tasks=("code",))

    number, entry = read_entry(entry_frame(7, Entry(id="row", sample=sample))[LENGTH_BYTES:])

    assert (number, entry.sample) == (7, sample)


@pytest.mark.parametrize(
    "value", [5, (), None, (1,), (1, 2), (1, 5, {}, ()), ("x", "y"), (1, 2, 3, 4, 5)]
)
def test_what_is_no_entry_is_refused(value: object) -> None:
    """Garbage of a client ends its connection, and never reaches the pipeline."""
    with pytest.raises(EncodingError):
        read_entry(encode(value))
