"""Requests to an executor function, as bytes."""

import contextlib
import json

import pytest
from hypothesis import given

from nova_code_verifier.sandbox.remote.frames import PayloadError, pack_frames, unpack_frames
from nova_code_verifier.sandbox.remote.request import RunRequest, read_request, write_request
from nova_code_verifier.sandbox.types import Job
from tests.unit.sandbox.remote.payloads import CALLS, EXACT_CALLS, RUNS, SESSIONS, arbitrary_frames


@pytest.mark.parametrize("jobs", [(RUNS,), (CALLS,), (EXACT_CALLS, RUNS, CALLS)])
def test_a_request_is_read_as_it_was_written(jobs: tuple[Job, ...]) -> None:
    """Programs, questions and limits stay the same, whatever text or bytes they hold."""
    request = RunRequest(jobs=jobs, seconds=12.5)

    assert read_request(write_request(request)) == request


def test_sessions_are_read_as_they_were_written() -> None:
    """So are the modules that their harnesses need."""
    request = RunRequest(jobs=(SESSIONS, SESSIONS), seconds=12.5, modules=("json", "ast"))

    assert read_request(write_request(request)) == request


@pytest.mark.parametrize(
    ("jobs", "modules"), [((SESSIONS,), ()), ((RUNS,), ("json",)), ((SESSIONS, RUNS), ("json",))]
)
def test_modules_are_for_sessions_only(jobs: tuple[Job, ...], modules: tuple[str, ...]) -> None:
    """A candidate without a session finds nothing imported, and a session needs its modules."""
    with pytest.raises(PayloadError, match="modules"):
        read_request(write_request(RunRequest(jobs=jobs, seconds=1.0, modules=modules)))


def test_limits_without_totals_are_refused() -> None:
    """The function of another release is told so, and guesses no limit."""
    frames = unpack_frames(
        write_request(RunRequest(jobs=(RUNS,), seconds=1.0)), bytes_max=2**20, frames_max=99
    )
    kind, count, limits, *others = json.loads(frames[1])
    frames[1] = json.dumps([kind, count, limits[:4], *others]).encode()

    with pytest.raises(PayloadError, match="one release for both functions"):
        read_request(pack_frames(frames))


@given(arbitrary_frames)
def test_any_frames_are_read_or_refused(frames: list[bytes]) -> None:
    """No bytes raise anything but a PayloadError."""
    for data in (pack_frames(frames), b"".join(frames)):
        with contextlib.suppress(PayloadError):
            read_request(data)
