"""The packets between a keeper and its zygote."""

import pytest

from nova_code_verifier.sandbox.protocol.control import (
    Ended,
    GuestRequest,
    PairRequest,
    Started,
    is_pair,
    is_run,
    pack_ended,
    pack_pair,
    pack_ready,
    pack_request,
    pack_started,
    read_ended,
    read_pair,
    read_ready,
    read_request,
    read_started,
)

LIMITS = {
    "cpu_seconds": 11,
    "memory_bytes": 2**40,
    "output_bytes": 2**24,
    "prelude_bytes": 3,
    "program_bytes": 7,
}


@pytest.mark.parametrize("calls", [0, 3])
@pytest.mark.parametrize("argv", [(), ("-x", "\ud800", "")])
def test_a_request_is_read_as_it_was_packed(calls: int, argv: tuple[str, ...]) -> None:
    """Limits, sizes and arguments of a request stay the same."""
    request = GuestRequest(calls=calls, argv=argv, **LIMITS)
    packet = pack_request(request)

    assert read_request(packet) == request
    assert is_run(packet) is (calls == 0)


@pytest.mark.parametrize("processor", [-1, 127])
def test_a_request_for_a_pair_is_read_as_it_was_packed(processor: int) -> None:
    """Limits and sizes of both guests stay the same, and so does their processor."""
    candidate = GuestRequest(calls=0, argv=(), **LIMITS)
    harness = candidate._replace(cpu_seconds=2**40, prelude_bytes=0)
    packet = pack_pair(PairRequest(candidate, harness, processor))

    assert read_pair(packet) == (candidate, harness, processor)
    assert is_pair(packet)
    assert not is_run(packet)
    assert not is_pair(pack_request(candidate))


@pytest.mark.parametrize("is_harness", [False, True])
def test_a_started_packet_holds_the_pid(*, is_harness: bool) -> None:
    """A `started` packet is read as one, and not as an `ended` packet."""
    packet = pack_started(4711, is_harness=is_harness)

    assert (read_started(packet), read_ended(packet)) == (Started(4711, is_harness), None)


@pytest.mark.parametrize("is_harness", [False, True])
def test_an_ended_packet_holds_status_and_usage(*, is_harness: bool) -> None:
    """An `ended` packet is read as one, and not as a `started` packet."""
    packet = pack_ended(9, 0.25, 2**40, is_harness=is_harness)

    assert read_ended(packet) == Ended(9, 0.25, 2**40, is_harness)
    assert read_started(packet) is None


def test_the_first_packet_says_what_was_granted_or_refused() -> None:
    """Only a refusal has a reason, even an empty one."""
    assert read_ready(pack_ready({"landlock": 6})) == ({"landlock": 6}, None)
    assert read_ready(pack_ready({}, "no seccomp")) == ({}, "no seccomp")
    assert read_ready(pack_ready({}, "")) == ({}, "")
