"""Tests of decoding what calls returned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.sandbox.protocol.encoding import encode
from nova_code_verifier.sandbox.types import EncodedValue, Ending, Execution
from nova_code_verifier.verifier.checking import answers
from nova_code_verifier.verifier.checking.answers import with_value

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def returned(data: bytes) -> Execution:
    """Return the execution of a call that returned this, encoded."""
    return Execution(ending=Ending.FINISHED, value=EncodedValue(data), value_bytes=len(data))


@given(values)
def test_a_value_is_decoded(value: object) -> None:
    """A call that returned plain data has this value."""
    assert with_value(returned(encode(value))).value == value


@pytest.mark.parametrize(
    "execution",
    [
        Execution(ending=Ending.RAISED),
        Execution(ending=Ending.FINISHED, value=b"{}"),
        Execution(ending=Ending.FINISHED, value=[1]),
    ],
)
def test_other_executions_are_unchanged(execution: Execution) -> None:
    """An answer to an operation, and a plain value, are not decoded."""
    assert with_value(execution) is execution


@pytest.mark.parametrize(
    "data",
    [b"", b"]", b"1,2", b'{"unknown":1}', b'{"s":[[]]}', b"[" * 10**5, b'{"d":[[1]]}'],
)
def test_a_value_that_is_no_plain_data_is_unreadable(data: bytes) -> None:
    """A value that cannot be decoded is the candidate's fault, and raises nothing."""
    execution = with_value(returned(data))

    assert (execution.ending, execution.value) == (Ending.UNREADABLE, None)


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decode no more than a kilobyte, and what was expected."""
    monkeypatch.setattr(answers, "_SPARE_BYTES", 1000)


@pytest.mark.usefixtures("little_room")
@pytest.mark.parametrize(
    ("value", "expected", "ending"),
    [
        ([1] * 5, [], Ending.FINISHED),
        ([1] * 1000, [], Ending.UNREADABLE),
        ([1] * 1000, [[2] * 1000], Ending.FINISHED),
        ([(1,)] * 100, [[[1]] * 100], Ending.FINISHED),
        ([1] * 1000, [3, [2] * 1000], Ending.FINISHED),
        ([1] * 10_000, [[2] * 1000], Ending.UNREADABLE),
        ([1] * 1000, [object()], Ending.UNREADABLE),
    ],
)
def test_a_value_has_room_if_one_as_large_is_expected(
    value: object, expected: list[object], ending: Ending
) -> None:
    """The memory that decoding takes is bounded by the expected values, never by the candidate."""
    assert with_value(returned(encode(value)), expected).ending is ending
