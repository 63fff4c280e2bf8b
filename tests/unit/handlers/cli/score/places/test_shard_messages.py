"""Messages between the command and its shards."""

import pytest

from nova_code_verifier.handlers.cli.score.places.shard_messages import (
    Begin,
    Frames,
    Refused,
    Start,
    Work,
    frame_of,
)
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.verifier.rubric import Rubric


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_messages_survive_any_division_of_the_stream(size: int) -> None:
    """Each comes out once it is whole, and equal to what was sent."""
    settings = Settings(rubric=Rubric(correctness=0.7, format=0.2), judge_model="a.b")
    sent = [
        Start(settings=settings, workers=3, guests_bytes=1e9),
        Begin(full=True),
        Work(number=1, entries=b"packed"),
        Refused(problem="no"),
    ]
    stream = b"".join(frame_of(message) for message in sent)  # type: ignore[arg-type]
    frames = Frames()

    received = [
        message
        for start in range(0, len(stream), size)
        for message in frames.add(stream[start : start + size])
    ]

    assert received == sent
