"""Score on the nodes of a Ray cluster: the face of `handlers/ray_cluster/` for `verifier score`."""

from collections.abc import Generator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from nova_code_verifier.handlers.cli.score.places.place import Chunk, Chunks, ScoredAt
from nova_code_verifier.handlers.cli.score.places.ungraded import lost_sample
from nova_code_verifier.handlers.ray_cluster.connection import connected
from nova_code_verifier.handlers.ray_cluster.dispatch import (
    PIECE_SAMPLES,
    PIECES_MAX,
    Dispatcher,
    Done,
)
from nova_code_verifier.handlers.ray_cluster.pieces import Piece
from nova_code_verifier.handlers.scored.sample import ScoredSample
from nova_code_verifier.handlers.settings import Settings, SettingsError
from nova_code_verifier.sandbox.types import IsolationLevel

if TYPE_CHECKING:
    from nova_code_verifier.handlers.cli.score.places.registry import PlaceOptions

_WAIT_SECONDS = 1.0
_NODES_SHOWN = 8
_NOT_HERE = {
    "executor_function": "the programs run on the nodes",
    "workers": "it runs as many programs as the cluster has processors",
}


def open_place(target: str, options: "PlaceOptions") -> "RayCluster":
    """Return the cluster at the address *target*, or else the one that Ray finds or starts.

    Raises SettingsError for a setting that has no effect there.
    """
    for name, reason in _NOT_HERE.items():
        if getattr(options.settings, name):
            raise SettingsError(f"VERIFIER_{name.upper()}: does not go with --on ray: {reason}")
    return RayCluster(target, options.settings)


class RayCluster:
    """The place where actors on all nodes of a Ray cluster score."""

    chunk_samples = PIECE_SAMPLES
    chunk_bytes = 8 * 2**20

    def __init__(self, address: str, settings: Settings) -> None:
        """Prepare to score on the cluster at *address* ("": as Ray finds it) with *settings*."""
        self._address = address
        self._settings = settings
        self._stack = ExitStack()
        self._dispatcher = Dispatcher(settings)

    def __enter__(self) -> "RayCluster":
        """Connect. Raises SandboxError."""
        self._stack.enter_context(connected(self._address))
        self._stack.callback(self._dispatcher.close)
        return self

    def __exit__(self, *_: object) -> None:
        """End all actors, and the cluster if it was started here."""
        self._stack.close()

    def wait_ready(self) -> None:
        """Wait for the first actor. Raises SandboxError."""
        self._dispatcher.wait_ready()

    @property
    def level(self) -> IsolationLevel | None:
        """The weakest level of the actors."""
        return self._dispatcher.weakest_level

    @property
    def chunks_at_once(self) -> int:
        """So many chunks the actors have together."""
        _, planned = self._dispatcher.actor_counts
        return PIECES_MAX * max(1, planned)

    @property
    def status(self) -> str:
        """How many actors score."""
        ready, planned = self._dispatcher.actor_counts
        return f"{ready} of {planned} actors"

    @property
    def facts(self) -> Sequence[tuple[str, str, str]]:
        """Samples of each node, lost actors and refused nodes."""
        dispatcher = self._dispatcher
        counts = dispatcher.samples_by_node
        facts = [("node", node, f"{count} samples") for node, count in counts.items()]
        if len(counts) > _NODES_SHOWN:
            text = f"{min(counts.values())} to {max(counts.values())} samples each"
            facts = [("nodes", str(len(counts)), text)]
        if dispatcher.lost_actors:
            facts.append(("lost actors", str(dispatcher.lost_actors), dispatcher.last_loss))
        if dispatcher.repeated_pieces:
            facts.append(("chunks scored again", str(dispatcher.repeated_pieces), ""))
        return facts + [("refused", "", refusal) for refusal in dispatcher.refusals]

    @property
    def bug(self) -> str:
        """The traceback of the first bug, of any actor."""
        return self._dispatcher.bug

    def score(self, chunks: Chunks, *, full: bool) -> Generator[ScoredAt, None, None]:
        """Give chunks to actors that have room. Raises SandboxError if no node is left."""
        dispatcher = self._dispatcher
        while True:
            while dispatcher.has_room:
                chunk = chunks.take()
                if chunk is None:
                    if dispatcher.is_idle:
                        return
                    break
                dispatcher.submit(_piece(chunk, full=full))
            for done in dispatcher.results(_WAIT_SECONDS):
                yield done.number, done.index, done.sample or self._lost(done, full=full)

    def _lost(self, done: Done, *, full: bool) -> ScoredSample:
        return lost_sample(
            done.entry, done.problem, rubric=self._settings.rubric, level=self.level, full=full
        )


def _piece(chunk: Chunk, *, full: bool) -> Piece:
    indexes = tuple(range(len(chunk.entries)))
    return Piece(number=chunk.number, indexes=indexes, entries=chunk.entries, full=full)
