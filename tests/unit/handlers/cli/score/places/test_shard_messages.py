"""Messages between the command and its shards."""

import pickle
from typing import Any

import pytest

from nova_code_verifier.handlers.cli.score.places.shard_messages import (
    Begin,
    Frames,
    Refused,
    Start,
    Work,
    frame_of,
    work_of,
)
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.verifier.rubric import Rubric
from nova_code_verifier.verifier.types import Sample


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_messages_survive_any_division_of_the_stream(size: int) -> None:
    """Each comes out once it is whole, and equal to what was sent."""
    settings = Settings(rubric=Rubric(correctness=0.7, format=0.2), judge_model="a.b")
    entry = Entry(id=[1], sample=Sample(completion="\ud800", reference={"inputs": ["1"]}), group=7)
    sent = [
        Start(settings=settings, workers=3, guests_bytes=1e9),
        Begin(full=True),
        Work(number=1, entries=(entry, Entry(id=None, problem="unreadable"))),
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
    assert received[2].entries[0].group == 7  # type: ignore[attr-defined]


def test_an_entry_that_is_too_deep_to_send_is_unreadable() -> None:
    """It costs its own row only; the entries beside it are sent."""
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    entries = [Entry(id=0, sample=Sample(completion="1", reference=each)) for each in (7, deep)]
    with pytest.raises(RecursionError):
        pickle.dumps(entries)

    (work,) = Frames().add(work_of(3, entries))

    assert isinstance(work, Work)
    assert (work.number, work.entries[0]) == (3, entries[0])
    assert work.entries[1].sample is None
    assert "nested too deeply" in str(work.entries[1].problem)
