"""Entries as samples of an event: the function reads what was meant, or nothing is sent."""

import json
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.handlers.reward_function.event import (
    SAMPLES_BYTES_MAX,
    UnsendableError,
    event_text,
    sample_text,
)
from nova_code_verifier.handlers.wire import Details, read_event
from nova_code_verifier.verifier.types import Sample

# With lone surrogates. Two that make a pair would be one character afterwards, and are refused.
TEXT = st.text(st.characters() | st.sampled_from("\udc00\udfff"))
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=8,
)


@given(
    samples=st.lists(
        st.builds(
            Sample,
            completion=st.none() | TEXT,
            reference=JSON,
            tasks=st.lists(TEXT, max_size=5).map(tuple),
        ),
        max_size=3,
    ),
    details=st.sampled_from(Details),
)
def test_the_function_reads_the_same_samples(samples: list[Sample], details: Details) -> None:
    """Whatever JSON carries arrives unchanged, under the ids that were chosen."""
    texts = [sample_text(index, sample) for index, sample in enumerate(samples)]

    request = read_event(json.loads(event_text(texts, details)))

    assert [entry.sample for entry in request.entries] == samples
    assert [entry.id for entry in request.entries] == list(range(len(samples)))
    assert request.details is details


@pytest.mark.parametrize(
    "reference",
    [
        math.nan,
        [math.inf],
        b"bytes",
        {1, 2},
        Decimal(1),
        (1, 2),
        {"inputs": ("1\n",)},
        {1: "one"},
        10**5000,
        object(),
        "\ud83d\ude00",
    ],
    ids=[str(number) for number in range(11)],
)
def test_what_json_does_not_carry_is_refused(reference: object) -> None:
    """A reference that would arrive as another one, or not at all, raises UnsendableError."""
    with pytest.raises(UnsendableError, match=r"^sample: JSON .*--resume, without --on"):
        sample_text(0, Sample(completion="", reference=reference))


def test_a_nested_reference_is_refused_or_arrives() -> None:
    """A reference that is too deep for JSON raises UnsendableError, and no other error."""
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(UnsendableError):
        sample_text(0, Sample(completion="", reference=deep))


def test_a_sample_fits_into_an_event_or_is_refused() -> None:
    """The largest sample that is not refused makes an event below Lambda's limit."""
    sizes = (SAMPLES_BYTES_MAX - 200, SAMPLES_BYTES_MAX)
    fitting, large = (Sample(completion="x" * size, reference=None) for size in sizes)

    assert len(event_text([sample_text(7, fitting)], Details.SUMMARY)) < 6 * 2**20
    with pytest.raises(UnsendableError, match="a function gets less than 6290432"):
        sample_text(7, large)


def test_other_alphabets_take_the_bytes_of_utf8() -> None:
    """Text is not escaped, so that batches stay small."""
    assert len(sample_text(0, Sample(completion="語" * 1000, reference=None))) < 3200
