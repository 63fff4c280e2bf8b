"""Requests to an executor function, as bytes."""

import contextlib

import pytest
from hypothesis import given

from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.sandbox.remote.frames import PayloadError, pack_frames
from nova_code_verifier.sandbox.remote.request import RunRequest, read_request, write_request
from nova_code_verifier.sandbox.types import Job, Limits, Session
from tests.unit.sandbox.remote.payloads import CALLS, OPERATIONS, RUNS, arbitrary_frames


@pytest.mark.parametrize("jobs", [(RUNS,), (CALLS,), (OPERATIONS,), (RUNS, CALLS, OPERATIONS)])
def test_a_request_is_read_as_it_was_written(jobs: tuple[Job, ...]) -> None:
    """Programs, questions and limits stay the same, whatever text or bytes they hold."""
    request = RunRequest(jobs=jobs, seconds=12.5)

    assert read_request(write_request(request)) == request


def test_a_session_is_no_part_of_a_request() -> None:
    """It holds tests, and the executor function is not trusted."""
    session = Session(harness="secret", harness_limits=Limits())
    job = Job(program="", questions=(session,))

    with pytest.raises(EncodingError, match="tests"):
        write_request(RunRequest(jobs=(job,), seconds=1.0))


@given(arbitrary_frames)
def test_any_frames_are_read_or_refused(frames: list[bytes]) -> None:
    """No bytes raise anything but a PayloadError."""
    for data in (pack_frames(frames), b"".join(frames)):
        with contextlib.suppress(PayloadError):
            read_request(data)
