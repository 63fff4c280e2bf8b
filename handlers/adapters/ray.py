"""Grade on the nodes of a Ray cluster, from any of its processes (verl, OpenRLHF, SkyRL, NeMo RL).

    >>> grader = RayGrader.create(name="code", cpus=4)  # once, for example in the driver
    >>> [grade] = grader.grade_many([Rollout(completion, {"inputs": ["1 2"], "outputs": ["3"]})])

In: rollouts, as for `core.py`. Out: the same grades. The programs run on all nodes, in actors that
take processors of Ray's own count; `core.py` runs them on the host of the caller, and needs no Ray.
A handle can be pickled: all processes that use it share the actors of its name. These are detached:
they outlive the process that made them, until `close`.
"""

import asyncio
import os
import time
from collections.abc import Iterable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import cast

from nova_code_verifier.adapters.core import Rollout, entry_of, reported
from nova_code_verifier.adapters.grade import Grade, outage
from nova_code_verifier.handlers.ray_cluster.connection import refuse_client
from nova_code_verifier.handlers.ray_cluster.dispatch import (
    PIECE_SAMPLES,
    Dispatcher,
    Done,
    end_actors,
)
from nova_code_verifier.handlers.ray_cluster.pieces import Piece
from nova_code_verifier.handlers.scored.sample import ScoredSample
from nova_code_verifier.handlers.settings import Settings, read_settings
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.verifier.rubric import OutagePolicy
from nova_code_verifier.verifier.types import Verdict

__all__ = ["Grade", "RayGrader", "Rollout"]

_WAIT_SECONDS = 1.0
_GATHER_SECONDS = 0.003


class RayGrader:
    """Grades with one configuration, on all nodes. Safe to share between threads, and processes."""

    def __init__(self, name: str, cpus: int, settings: Settings) -> None:
        """Use the actors of a *name*: `create` is the usual way to a grader."""
        self.name = name
        self.cpus = cpus
        self.settings = settings
        self._lock = Lock()
        self._loop: _Loop | None = None

    @classmethod
    def create(
        cls, *, name: str = "code-verifier", cpus: int = 4, rubric: str | None = None
    ) -> "RayGrader":
        """Return the grader *name*. Start its actors, unless they run, and wait for the first.

        They take up to *cpus* processors of each node. The settings are those of this process's
        environment, and of *rubric* (a path, or JSON), which replaces theirs. Raises SettingsError,
        and SandboxError if no node can run programs, or the name has other settings.
        """
        refuse_client()
        environment = dict(os.environ)
        if rubric is not None:
            environment["VERIFIER_RUBRIC"] = rubric
        settings = replace(read_settings(environment), on_outage=OutagePolicy.NONE)
        grader = cls(name, cpus, settings)
        dispatcher = Dispatcher(settings, name=name, processors_per_node=cpus)
        dispatcher.wait_ready()
        return grader

    def reward_of(self, grade: Grade) -> float:
        """Return the reward; the rubric's number if there is none, where a trainer needs one."""
        return self.settings.rubric.ungraded_reward if grade.reward is None else grade.reward

    def grade_many(self, rollouts: Iterable[Rollout | Entry]) -> list[Grade]:
        """Return the grade of every rollout, in order. An outage is a grade without a reward."""
        entries = [entry_of(rollout) for rollout in rollouts]
        futures = self._submit(entries)
        return [
            reported(entry, future.result()) for entry, future in zip(entries, futures, strict=True)
        ]

    async def grade_many_async(self, rollouts: Iterable[Rollout | Entry]) -> list[Grade]:
        """Do the same without blocking the event loop."""
        entries = [entry_of(rollout) for rollout in rollouts]
        grades = await asyncio.gather(*map(asyncio.wrap_future, self._submit(entries)))
        return list(map(reported, entries, grades))

    def close(self) -> None:
        """End the actors, for all who use this name. The next call starts them again."""
        end_actors(self.name)

    def _submit(self, entries: list[Entry]) -> "list[Future[Grade]]":
        with self._lock:
            if self._loop is None or not self._loop.is_running:
                self._loop = _Loop(self)
            return self._loop.submit(entries)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the arguments: another process has a loop of its own, and the same actors."""
        return RayGrader, (self.name, self.cpus, self.settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """An entry, and where its grade goes."""

    entry: Entry
    future: "Future[Grade]"


class _Loop:
    """A thread that sends what waits to the actor with the least to do."""

    def __init__(self, grader: RayGrader) -> None:
        self._rubric = grader.settings.rubric
        self._dispatcher = Dispatcher(
            grader.settings, name=grader.name, processors_per_node=grader.cpus
        )
        self._inbox: SimpleQueue[_Waiting] = SimpleQueue()
        self._sent: dict[int, dict[int, _Waiting]] = {}
        self._count = 0
        self._lock = Lock()
        self.is_running = True
        Thread(target=self._run, name="ray-grader", daemon=True).start()

    def submit(self, entries: Iterable[Entry]) -> "list[Future[Grade]]":
        """Return the futures of the grades."""
        waiting = [_Waiting(entry=entry, future=Future()) for entry in entries]
        with self._lock:
            for one in waiting:
                self._inbox.put(one)
            if not self.is_running:
                self._fail("the connection to Ray has just been lost")
        self._dispatcher.wake()
        return [one.future for one in waiting]

    def _run(self) -> None:
        problem = "the connection to Ray was lost"
        try:
            while True:
                self._send()
                self._dispatcher.is_wanted = bool(self._sent) or not self._inbox.empty()
                for done in self._dispatcher.results(_WAIT_SECONDS):
                    self._finish(done)
                if self._dispatcher.is_idle and not self._inbox.empty():
                    time.sleep(_GATHER_SECONDS)  # equal programs of a piece are judged once
        except Exception as error:  # noqa: BLE001  (no caller may wait forever; the next call starts another)
            problem = str(error)
        finally:
            with self._lock:
                self.is_running = False
                self._fail(problem)

    def _send(self) -> None:
        while self._dispatcher.has_room and (taken := self._take()):
            self._count += 1
            self._sent[self._count] = dict(enumerate(taken))
            entries = tuple(one.entry for one in taken)
            indexes = tuple(range(len(entries)))
            piece = Piece(number=self._count, indexes=indexes, entries=entries, full=False)
            self._dispatcher.submit(piece)

    def _take(self) -> list[_Waiting]:
        taken: list[_Waiting] = []
        with suppress(Empty):
            while len(taken) < PIECE_SAMPLES:
                waiting = self._inbox.get_nowait()
                if not waiting.future.cancelled():
                    taken.append(waiting)
        return taken

    def _finish(self, done: Done) -> None:
        sent = self._sent[done.number]
        waiting = sent.pop(done.index)
        if not sent:
            del self._sent[done.number]
        problem = done.problem
        grade = grade_of_sample(done.sample) if done.sample else outage(problem, self._rubric)
        _answer(waiting, grade)

    def _fail(self, problem: str) -> None:
        """Answer all that waits with an outage."""
        lost = [one for sent in self._sent.values() for one in sent.values()]
        self._sent.clear()
        with suppress(Empty):
            while True:
                lost.append(self._inbox.get_nowait())
        for waiting in lost:
            _answer(waiting, outage(problem, self._rubric))


def _answer(waiting: _Waiting, grade: Grade) -> None:
    with suppress(InvalidStateError):  # it was cancelled: nobody waits
        waiting.future.set_result(grade)


def grade_of_sample(sample: ScoredSample) -> Grade:
    """Return the grade of a scored sample."""
    metrics = cast("list[dict[str, object]]", sample.row["metrics_list"])
    return Grade(
        reward=sample.reward,
        metrics={str(metric["name"]): cast("float", metric["value"]) for metric in metrics},
        verdict=Verdict(sample.verdict),
        problem=str(sample.details["problem"]),
        is_outage=sample.is_outage,
    )
