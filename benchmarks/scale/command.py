"""Measure what the command itself does for a sample: it reads it, sends it, and writes its row.

In: a workload. Out: processor seconds of a sample. The place answers at once, in this process, so
the command never sleeps. That is how it works when it is what limits the rate. In a run where it
waits for guests on the same processors, it needs two to three times as much for the same work.
"""

import time
from collections.abc import Generator
from pathlib import Path

from nova_code_verifier.handlers.cli.score.file import score_file
from nova_code_verifier.handlers.cli.score.places.place import Chunks, ScoredAt
from nova_code_verifier.handlers.cli.score.places.shard_messages import (
    Frames,
    Scored,
    Work,
    frame_of,
)
from nova_code_verifier.handlers.cli.score.places.shards import Shards
from nova_code_verifier.handlers.cli.score.places.ungraded import lost_sample
from nova_code_verifier.handlers.scored.packing import pack
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.rubric import DEFAULT_RUBRIC


class AnsweringPlace:
    """Packs entries and unpacks answers as `Shards` does. Each answer is an outage."""

    chunk_samples = Shards.chunk_samples
    chunk_bytes = Shards.chunk_bytes
    chunks_at_once = 8
    level = IsolationLevel.NONE
    status = bug = ""
    facts = ()

    def __init__(self) -> None:
        """Start with no time."""
        self.others_seconds = 0.0
        """The processor time of what a shard would do."""

    def __enter__(self) -> "AnsweringPlace":
        """Start nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop nothing."""

    def wait_ready(self) -> None:
        """Wait for nothing."""

    def score(self, chunks: Chunks, *, full: bool) -> Generator[ScoredAt, None, None]:
        """Answer each chunk at once."""
        frames = Frames()
        while chunk := chunks.take():
            frame_of(Work(number=chunk.number, entries=pack(chunk.entries)))
            started = time.process_time()
            answers = [
                self._answer(chunk.number, index, entry, full=full)
                for index, entry in enumerate(chunk.entries)
            ]
            self.others_seconds += time.process_time() - started
            for answer in answers:
                for message in frames.add(answer):
                    assert isinstance(message, Scored)
                    yield message.number, message.index, message.sample

    def _answer(self, number: int, index: int, entry: Entry, *, full: bool) -> bytes:
        sample = lost_sample(
            entry, "not scored", rubric=DEFAULT_RUBRIC, level=self.level, full=full
        )
        return frame_of(Scored(number=number, index=index, sample=sample))


def command_seconds(source: Path, out: Path) -> float:
    """Return the processor seconds of the command for a sample of the file *source*."""
    with AnsweringPlace() as place:
        started = time.process_time()
        summary = score_file(
            str(source), place, out=str(out), with_details=False, as_table=False, quiet=True
        )
        return (time.process_time() - started - place.others_seconds) / summary.count
