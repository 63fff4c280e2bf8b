"""Give pieces of work to actors on all nodes, and lose none of them.

In: pieces. Out: for each entry exactly one result: its scored sample, or why there is none.

- Each node has an actor for about four of its processors: one thread keeps the guests of so many
  busy. Nodes that join later get actors, too.
- An actor has a few pieces at a time, so that it never waits for the driver; the rest of the work
  stays where it came from.
- The pieces of an actor that is lost (its process, its node, or its answers) go to others
  (`pieces.py`), and another actor is started in its place. What a lost actor still answers is
  ignored.
"""

import pickle
import random
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import ray
import ray.util
from ray.exceptions import RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from nova_code_verifier.handlers.ray_cluster.actor import ScoringActor, digest_of, versions_here
from nova_code_verifier.handlers.ray_cluster.pieces import ATTEMPTS_MAX, Piece
from nova_code_verifier.handlers.scored.packing import pack
from nova_code_verifier.handlers.scored.sample import ScoredSample
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.types import IsolationLevel

if TYPE_CHECKING:
    from concurrent.futures import Future

PIECE_SAMPLES = 32
PIECES_MAX = 4
"""So many pieces an actor has at a time: a few slow programs keep no processor idle."""

NAMESPACE = "nova-code-verifier"
_PROCESSORS = 4
_THREADS = 16
_STARTS_MAX = 3
_START_SECONDS = 300.0
_PAUSE_SECONDS = 1.0
_END_SECONDS = 3.0
_LOOK_SECONDS = 5.0
_PING_SECONDS = 10.0
_SILENCE_SECONDS = 120.0
_TEXT_CHARACTERS = 500


class _Kind(Enum):
    HELLO = auto()
    PING = auto()
    PIECE = auto()


@dataclass(slots=True, kw_only=True, eq=False)
class _Slot:
    """A place for an actor on a node. `life` counts its actors: those before are lost."""

    node: str
    address: str
    number: int
    processors: int
    share: float
    actor: Any = None
    life: int = 0
    pid: int = 0
    level: IsolationLevel | None = None
    refusal: str = ""
    failed_starts: int = 0
    start_at: float = 0.0
    pinged_at: float | None = None
    ping_at: float = 0.0
    running: set[Piece] = field(default_factory=set)
    # So that not all processes prefer the same of equals.
    turn: float = field(default_factory=random.random)

    @property
    def is_ready(self) -> bool:
        return self.level is not None

    def has_room_for(self, piece: Piece | None) -> bool:
        if piece is not None and piece.is_suspect:
            return self.is_ready and not self.running
        has_suspect = any(other.is_suspect for other in self.running)
        return self.is_ready and not has_suspect and len(self.running) < PIECES_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """An answer of an actor."""

    slot: _Slot
    life: int
    kind: _Kind
    future: "Future[Any]"
    piece: Piece | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The result of the entry at *index* of the chunk *number*: a sample, or else a problem."""

    number: int
    index: int
    entry: Entry
    sample: ScoredSample | None = None
    problem: str = ""


class Dispatcher:
    """Scores pieces on a cluster to which this process is connected. For one thread only.

    With a *name*, actors outlive this process, and all processes that use the name share them.
    Set `is_wanted` to False while there is no work: no actor is started then, so that actors that
    another process has ended do not come back.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        name: str = "",
        processors_per_node: int | None = None,
        silence_seconds: float = _SILENCE_SECONDS,
    ) -> None:
        """Prepare. An actor that does not answer for *silence_seconds* is lost.

        *processors_per_node* are those that all actors of a node take; None: all that it has.
        """
        self._name = name
        self._processors_per_node = processors_per_node
        self._silence_seconds = silence_seconds
        self._settings = pickle.dumps(settings)
        self._digest = digest_of(self._settings)
        self._versions = versions_here()
        self._class = ray.remote(concurrency_groups={"health": 1})(ScoringActor)
        self._slots: dict[str, list[_Slot]] = {}
        self._pending: deque[Piece] = deque()
        self._events: SimpleQueue[_Event | None] = SimpleQueue()
        self._done: list[Done] = []
        self._look_at = 0.0
        self._hopeless_since: float | None = None
        self._unready_since: float | None = None
        self.is_wanted = True
        self.lost_actors = 0
        self.last_loss = ""
        self.bug = ""
        self.repeated_pieces = 0
        self.weakest_level: IsolationLevel | None = None
        self.samples_by_node: Counter[str] = Counter()

    @property
    def _all_slots(self) -> Iterator[_Slot]:
        return (slot for slots in self._slots.values() for slot in slots)

    @property
    def actor_counts(self) -> tuple[int, int]:
        """Return how many actors are ready, and how many there should be."""
        slots = list(self._all_slots)
        return sum(slot.is_ready for slot in slots), len(slots)

    @property
    def pieces_in_flight(self) -> int:
        """Return how many pieces actors have now."""
        return sum(len(slot.running) for slot in self._all_slots)

    @property
    def pids(self) -> list[int]:
        """Return the process ids of the actors that are ready, each on its node."""
        return [slot.pid for slot in self._all_slots if slot.is_ready]

    @property
    def refusals(self) -> list[str]:
        """Return which nodes cannot score, and why."""
        return [f"node {s.address}: {s.refusal}" for s in self._all_slots if s.refusal]

    @property
    def has_room(self) -> bool:
        """Return whether a new piece would start at once."""
        return not self._pending and any(slot.has_room_for(None) for slot in self._all_slots)

    @property
    def is_idle(self) -> bool:
        """Return whether nothing is left to do."""
        return not self._pending and not any(slot.running for slot in self._all_slots)

    def wait_ready(self) -> None:
        """Wait for the first actor. Raises SandboxError, which names why no node can score."""
        while not any(slot.is_ready for slot in self._all_slots):
            self.results(_PAUSE_SECONDS)

    def submit(self, piece: Piece) -> None:
        """Add a piece. Its results come from `results`."""
        self._pending.append(piece)
        self._assign()

    def wake(self) -> None:
        """Let `results` return. Any thread may call this."""
        self._events.put(None)

    def results(self, seconds: float) -> list[Done]:
        """Wait up to *seconds* for results, and return them.

        Raises SandboxError if no node can score, with the reason of each, or without a connection.
        """
        if not ray.is_initialized():  # or else the next call would start a cluster
            raise SandboxError("this process is not connected to Ray; call ray.init first")
        self._drain(0)  # first: answers may have waited for this thread, which was elsewhere
        self._look_around()
        if not self._done:
            self._drain(seconds)
        self._assign()
        done, self._done = self._done, []
        return done

    def _drain(self, seconds: float) -> None:
        try:
            self._handle(
                self._events.get(timeout=seconds) if seconds else self._events.get_nowait()
            )
            while True:
                self._handle(self._events.get_nowait())
        except Empty:
            pass

    def close(self) -> None:
        """End the actors that this process has started. Named ones stay."""
        actors = [slot.actor for slot in self._all_slots if slot.is_ready]
        if not self._name and ray.is_initialized():
            ends = [actor.close.options(concurrency_group="health").remote() for actor in actors]
            ended, _ = (
                ray.wait(ends, num_returns=len(ends), timeout=_END_SECONDS) if ends else ([], [])
            )
            with suppress(RayError):  # its actor died at the end
                self.bug = next(filter(None, ray.get(ended)), self.bug)
            for slot in self._all_slots:
                if slot.actor is not None:
                    ray.kill(slot.actor)
        self._slots.clear()

    def _look_around(self) -> None:
        """Find nodes that have come and gone, and actors that are due to start or to answer."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + _LOOK_SECONDS
            self._find_nodes()
        for slot in list(self._all_slots):
            if slot.actor is None and not slot.refusal:
                if self.is_wanted and now >= slot.start_at:
                    self._start(slot)
            elif slot.pinged_at is not None and now - slot.pinged_at > self._silence_seconds:
                text = f"no answer for {self._silence_seconds:g} s"
                self._lose(slot, "silence", text, may_kill=True)
            elif slot.is_ready and slot.pinged_at is None and now >= slot.ping_at:
                slot.pinged_at = now
                ping = slot.actor.ping.options(concurrency_group="health").remote()
                self._watch(slot, _Kind.PING, ping)
        self._raise_if_hopeless(now)

    def _find_nodes(self) -> None:
        nodes = {node["NodeID"]: node for node in ray.nodes() if node["Alive"]}
        for node_id in self._slots.keys() - nodes.keys():
            for slot in self._slots[node_id]:
                self._lose(slot, "the end of its node", "its node has died")
            del self._slots[node_id]
        for node_id, node in nodes.items():
            total = int(node["Resources"].get("CPU", 0))
            used = min(total, self._processors_per_node or total)
            if used and node_id not in self._slots:
                self._slots[node_id] = [
                    _Slot(
                        node=node_id,
                        address=node["NodeManagerAddress"],
                        number=number,
                        processors=processors,
                        share=processors / total,
                    )
                    for number, processors in enumerate(divided(used))
                ]

    def _raise_if_hopeless(self, now: float) -> None:
        if not self.is_wanted or any(slot.is_ready for slot in self._all_slots):
            self._unready_since = None
        else:
            self._unready_since = self._unready_since or now
            if now - self._unready_since > _START_SECONDS:
                raise SandboxError(
                    f"no actor has started within {_START_SECONDS:g} s: are the processors of the "
                    "cluster in use? (ray status)"
                )
        if any(not slot.refusal for slot in self._all_slots):
            self._hopeless_since = None
            return
        if refusals := self.refusals:
            raise SandboxError("; ".join(dict.fromkeys(refusals)))
        self._hopeless_since = self._hopeless_since or now
        if now - self._hopeless_since > _START_SECONDS / 10:
            raise SandboxError("no node of the Ray cluster has a processor")

    def _start(self, slot: _Slot) -> None:
        options: dict[str, Any] = {
            "num_cpus": slot.processors,
            "max_restarts": 0,  # this class starts them
            "max_concurrency": _THREADS,
            "scheduling_strategy": NodeAffinitySchedulingStrategy(slot.node, soft=False),
        }
        if self._name:
            options |= {
                "name": f"{self._name}:{slot.node}:{slot.number}",  # `end_actors` reads it
                "namespace": NAMESPACE,
                "lifetime": "detached",
                "get_if_exists": True,
            }
        slot.actor = self._class.options(**options).remote(
            self._versions, self._settings, processors=slot.processors, share=slot.share
        )
        self._watch(slot, _Kind.HELLO, slot.actor.hello.remote())

    def _watch(self, slot: _Slot, kind: _Kind, answer: Any, piece: Piece | None = None) -> None:  # noqa: ANN401
        life = slot.life

        def report(future: "Future[Any]") -> None:
            self._events.put(_Event(slot=slot, life=life, kind=kind, future=future, piece=piece))

        answer.future().add_done_callback(report)

    def _assign(self) -> None:
        """Hand out pieces; while one waits that must run alone, none overtakes it."""
        while self._pending:
            piece = self._pending[0]
            slots = [slot for slot in self._all_slots if slot.has_room_for(piece)]
            if not slots:
                return
            slot = min(
                slots, key=lambda one: (one.node == piece.avoided, len(one.running), one.turn)
            )
            self._pending.popleft()
            slot.running.add(piece)
            try:
                answer = slot.actor.score.remote(pack(piece.entries), full=piece.full)
            except RayError as error:  # such as a full object store, with a full disk behind it
                raise SandboxError(f"Ray cannot carry samples: {_text_of(error)}") from error
            self._watch(slot, _Kind.PIECE, answer, piece)

    def _handle(self, event: _Event | None) -> None:
        if event is None or event.life != event.slot.life:
            return
        slot, piece, error = event.slot, event.piece, event.future.exception()
        if piece is not None and (error is None or isinstance(error, RayTaskError)):
            slot.running.discard(piece)
            if error is None:
                self._finish(slot, piece, event.future.result())
            else:  # a bug; the actor lives
                self.bug = self.bug or str(error)
                self._repeat([piece], type(error).__name__)
        elif event.kind is _Kind.HELLO:
            self._welcome(slot, error, {} if error else event.future.result())
        elif error is not None:
            self._lose(slot, type(error).__name__, _text_of(error))
        else:
            slot.pinged_at, slot.ping_at = None, time.monotonic() + _PING_SECONDS

    def _welcome(self, slot: _Slot, error: BaseException | None, answer: dict[str, str]) -> None:
        if error is not None:
            slot.failed_starts += 1
            if slot.failed_starts == _STARTS_MAX:
                slot.refusal = f"the actor does not start: {_text_of(error)}"
            self._lose(slot, type(error).__name__, _text_of(error))
        elif problem := answer.get("problem"):
            slot.refusal = problem
            self._lose(slot, "refused", problem, may_kill=True)
        elif answer["settings"] != self._digest:
            slot.refusal = f"{self._name} has other settings; close it, or choose another name"
            self._lose(slot, "refused", slot.refusal)
        else:
            slot.failed_starts = 0
            slot.pid = int(answer["pid"])
            slot.level = IsolationLevel(answer["level"])
            slot.ping_at = time.monotonic() + _PING_SECONDS
            self.weakest_level = min(slot.level, self.weakest_level or slot.level)

    def _finish(self, slot: _Slot, piece: Piece, samples: list[ScoredSample]) -> None:
        outages = [position for position, sample in enumerate(samples) if sample.is_outage]
        again = piece.after_outages(outages, slot.node)
        self._pending.extend(again)
        self.repeated_pieces += len(again)
        left_out = set(outages) if again else set()
        self.samples_by_node[slot.address] += len(samples) - len(left_out)
        self._done += [
            Done(number=piece.number, index=index, entry=entry, sample=sample)
            for position, (index, entry, sample) in enumerate(
                zip(piece.indexes, piece.entries, samples, strict=True)
            )
            if position not in left_out
        ]
        if len(left_out) == len(samples) > 1:
            # It would take all the work there is, and return it at once.
            self._lose(slot, "outages", str(samples[0].details["problem"]))

    def _lose(self, slot: _Slot, cause: str, text: str, *, may_kill: bool = False) -> None:
        """Give up the actor of a slot, and repeat its pieces. Another is started in a moment.

        The *cause* is for the problems of samples, which are counted by their text.
        """
        actor, pieces = slot.actor, list(slot.running)
        if slot.is_ready:
            self.lost_actors += 1
            self.last_loss = f"node {slot.address}: {text}"
        slot.life += 1
        slot.actor = slot.level = slot.pinged_at = None
        slot.start_at = time.monotonic() + _PAUSE_SECONDS
        slot.running.clear()
        if actor is not None and (may_kill or not self._name):
            ray.kill(actor)
        self._repeat(pieces, cause)

    def _repeat(self, pieces: list[Piece], cause: str) -> None:
        for piece in pieces:
            again = piece.after_loss()
            self._pending.extendleft(reversed(again))
            self.repeated_pieces += len(again)
            if not again:
                problem = f"{ATTEMPTS_MAX} actors were lost with this sample, the last by {cause}"
                self._done += [
                    Done(number=piece.number, index=index, entry=entry, problem=problem)
                    for index, entry in zip(piece.indexes, piece.entries, strict=True)
                ]


def end_actors(name: str) -> None:
    """End all actors of a *name*, whichever process started them."""
    for found in ray.util.list_named_actors(all_namespaces=True):
        if found["namespace"] == NAMESPACE and found["name"].rsplit(":", 2)[0] == name:
            with suppress(ValueError):  # it has just ended
                actor = ray.get_actor(found["name"], NAMESPACE)
                ray.wait(
                    [actor.close.options(concurrency_group="health").remote()], timeout=_END_SECONDS
                )
                ray.kill(actor)


def divided(processors: int) -> list[int]:
    """Return how many of a node's *processors* each of its actors gets."""
    count = -(-processors // _PROCESSORS)
    return [processors // count + (number < processors % count) for number in range(count)]


def _text_of(error: BaseException) -> str:
    return " ".join(str(error).split())[:_TEXT_CHARACTERS]
