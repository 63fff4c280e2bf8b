"""Define a place: chunks of samples go in, scored samples come out, in no particular order.

A place must not keep the file in memory: it takes a chunk only when it can send it somewhere.
"""

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from nova_code_verifier.sandbox.types import IsolationLevel

if TYPE_CHECKING:  # these take long to load: a place starts before
    from nova_code_verifier.handlers.scored.sample import ScoredSample
    from nova_code_verifier.handlers.wire import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Entries that are scored together. Chunks are numbered from 0."""

    number: int
    entries: "tuple[Entry, ...]"


class Chunks(Protocol):
    """The chunks that are left. They are read from the file when they are taken."""

    def take(self) -> Chunk | None:
        """Return the next chunk; None if there is none now.

        There is none at the end of the file, and while too many rows wait for a slow chunk. So if
        some chunks are still being scored, yield one of their samples before you ask again. If
        none are, and all their samples were yielded, None is the end.

        Call it in the thread that iterates over `Place.score`. It may wait: until the input has
        more, or until rows are written.
        """


ScoredAt: TypeAlias = "tuple[int, int, ScoredSample]"
"""The number of a chunk, the index of an entry in it, and the entry's scored sample."""


class Place(AbstractContextManager["Place"], Protocol):
    """Scores samples. The start of its `with` block starts it, and the end stops all it started."""

    @property
    def chunk_samples(self) -> int:
        """The most samples that a chunk may have."""

    @property
    def chunk_bytes(self) -> int:
        """The size at which a chunk is full. One sample may be larger: then it is alone."""

    @property
    def chunks_at_once(self) -> int:
        """How many chunks are scored at the same time, at most."""

    def wait_ready(self) -> None:
        """Wait until samples can be scored. Raises SandboxError if they never can."""

    @property
    def level(self) -> IsolationLevel | None:
        """The weakest level of isolation that samples were scored at; None if that is unknown."""

    @property
    def status(self) -> str:
        """Text to show with the progress, such as `12 in flight, 3 retried`; "" for nothing."""

    @property
    def facts(self) -> Sequence[tuple[str, str, str]]:
        """Lines for the summary: a name, a number and a note, as `invocations`, `80`, `3 again`."""

    @property
    def bug(self) -> str:
        """The traceback of the first bug of ours; "" if there was none, or if a log has it."""

    def score(self, chunks: Chunks, *, full: bool) -> Generator[ScoredAt, None, None]:
        """Take *chunks*, and yield the scored sample of each entry as soon as it is known; once.

        Each entry gets exactly one. An entry that cannot be scored by our fault gets one that is
        an outage (`ungraded.lost_sample`), with the reason. Details are *full* or a summary.
        The generator may be closed at any time: what runs then is stopped by the end of the `with`
        block. Raises SandboxError if nothing can go on.
        """
