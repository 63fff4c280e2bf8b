"""Score in several processes of this machine: one process serves about four processors.

In: chunks. Out: scored samples. Each shard (`shard.py`) has its own executor and its own caches. It
works on one chunk, and finds the next one in its socket. If a shard ends, or hangs and is killed,
another one takes its place, and what it has not scored is scored again: first together, then each
sample alone. So a sample that ends its shard costs no other sample its row.
"""

import selectors
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from nova_code_verifier.handlers.cli.score.places.place import Chunks, ScoredAt
from nova_code_verifier.handlers.cli.score.places.shard_messages import (
    Begin,
    Ready,
    Refused,
    Scored,
    Start,
    Work,
    frame_of,
)
from nova_code_verifier.handlers.cli.score.places.shard_plan import ShardPlan
from nova_code_verifier.handlers.cli.score.places.shard_process import ShardProcess
from nova_code_verifier.handlers.cli.score.places.shard_watch import (
    Patience,
    ShardWatch,
    patience_for,
)
from nova_code_verifier.handlers.cli.score.places.ungraded import lost_sample
from nova_code_verifier.handlers.scored.packing import pack
from nova_code_verifier.handlers.scored.sample import ScoredSample
from nova_code_verifier.handlers.settings import Settings, SettingsError
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.host.guest_clock import GuestClock
from nova_code_verifier.sandbox.types import IsolationLevel

_TASKS_EACH = 2
_ATTEMPTS = 3
_ENDED_IN_A_ROW_MAX = 10
_LOOKS = 10  # at a shard, while patience with it lasts


@dataclass(slots=True, kw_only=True)
class _Task:
    """Samples of a chunk that are scored together, by their indexes in it.

    `left` are those that have no result yet. `attempts` counts the shards that ended with it.
    """

    chunk: int
    indexes: tuple[int, ...]
    left: dict[int, Entry]
    attempts: int = 0

    def again(self) -> "list[_Task]":
        """Return tasks that score what is left; none after the last attempt, which is one by one.

        Each counts one more attempt.
        """
        attempts = self.attempts + 1
        parts = [self.left]
        if attempts == _ATTEMPTS - 1:
            parts = [{index: entry} for index, entry in self.left.items()]
        if attempts == _ATTEMPTS:
            parts = []
        return [
            _Task(chunk=self.chunk, indexes=tuple(part), left=part, attempts=attempts)
            for part in parts
        ]


@dataclass(slots=True, kw_only=True, eq=False)
class _Shard:
    """A shard, and its tasks by their numbers. It works on the first of them."""

    workers: int
    process: ShardProcess
    watch: ShardWatch
    tasks: dict[int, _Task] = field(default_factory=dict)
    is_ready: bool = False


class Shards:
    """The place with several processes, each with some workers."""

    chunk_samples = 128
    chunk_bytes = 8 * 2**20

    def __init__(
        self, settings: Settings, plan: ShardPlan, *, patience: Patience | None = None
    ) -> None:
        """Prepare the shards of a *plan*. *patience* replaces that for the limits in *settings*."""
        # All shards together ask the language model as often as one process would.
        judges = max(1, settings.judge_concurrency // len(plan.workers))
        self._settings = replace(settings, judge_concurrency=judges)
        self._plan = plan
        self._patience = patience or patience_for(settings.limits)
        # As guests are not late while their keeper does not wait for them, so are shards.
        self._clock = GuestClock()
        self._look_at = 0.0
        self.chunks_at_once = _TASKS_EACH * len(plan.workers)
        self._shards: list[_Shard] = []
        self._selector = selectors.DefaultSelector()
        self._again: deque[_Task] = deque()
        self._task_count = 0
        self._begin: Begin | None = None
        self._ended = self._ended_in_a_row = 0
        self._level: IsolationLevel | None = None
        self.bug = ""

    def __enter__(self) -> "Shards":
        """Start the shards. They warm up while the caller goes on."""
        try:
            for workers in self._plan.workers:
                self._start(workers)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End the shards, and with them all their guests."""
        self._selector.close()
        with ExitStack() as stack:  # in reverse order: stop all, then wait for all
            for shard in self._shards:
                stack.callback(shard.process.wait)
            for shard in self._shards:
                stack.callback(shard.process.stop)

    @property
    def level(self) -> IsolationLevel | None:
        """The weakest level of a shard."""
        return self._level

    @property
    def status(self) -> str:
        """How many shards were lost."""
        return f"{self._ended} processes lost" if self._ended else ""

    @property
    def facts(self) -> Sequence[tuple[str, str, str]]:
        """The number of shards."""
        lost = f"and {self._ended} that were lost and replaced" if self._ended else ""
        return [("processes", str(len(self._plan.workers)), lost)]

    @property
    def pids(self) -> tuple[int, ...]:
        """The ids of the processes."""
        return tuple(shard.process.pid for shard in self._shards)

    def wait_ready(self) -> None:
        """Wait until all shards are ready. Raises SandboxError if not, and SettingsError."""
        while not all(shard.is_ready for shard in self._shards):
            for _ in self._results():
                raise AssertionError("a shard has scored what nobody sent")

    def score(self, chunks: Chunks, *, full: bool) -> Generator[ScoredAt, None, None]:
        """Score the chunks on whichever shard is free. Raises SandboxError."""
        self._begin = Begin(full=full)
        for shard in self._shards:
            shard.process.send(frame_of(self._begin))
        while True:
            self._assign(chunks)
            if not any(shard.tasks for shard in self._shards):
                return
            yield from self._results()

    # -- tasks -------------------------------------------------------------------------

    def _assign(self, chunks: Chunks) -> None:
        """Give each shard a task, and then the next one."""
        for count in range(_TASKS_EACH):
            for shard in self._shards:
                if len(shard.tasks) > count:
                    continue
                task = self._next_task(chunks)
                if task is None:
                    return
                self._task_count += 1
                shard.tasks[self._task_count] = task
                entries = pack(tuple(task.left.values()))
                shard.process.send(frame_of(Work(number=self._task_count, entries=entries)))

    def _next_task(self, chunks: Chunks) -> _Task | None:
        if self._again:
            return self._again.popleft()
        chunk = chunks.take()
        if chunk is None:
            return None
        entries = dict(enumerate(chunk.entries))
        return _Task(chunk=chunk.number, indexes=tuple(entries), left=entries)

    def _results(self) -> Iterator[ScoredAt]:
        """Wait for shards, and yield what they have scored, or lost for good."""
        for shard in self._shards:
            events = selectors.EVENT_READ
            if shard.process.has_outgoing:
                events |= selectors.EVENT_WRITE
            self._selector.modify(shard.process.connection, events, shard)
        look_seconds = self._patience.quiet_seconds / _LOOKS
        for key, events in self._clock.wait(self._selector.select, look_seconds):
            shard = key.data
            if events & selectors.EVENT_WRITE:
                shard.process.send()
            if events & selectors.EVENT_READ:
                try:
                    yield from self._read(shard)
                except ConnectionError:
                    yield from self._replace(shard)
        if self._clock.now >= self._look_at:
            self._look_at = self._clock.now + look_seconds
            yield from self._replace_hanging()

    def _read(self, shard: _Shard) -> Iterator[ScoredAt]:
        for message in shard.process.receive():
            shard.watch.restart(self._clock.now)
            match message:
                case Ready(level=level):
                    shard.is_ready = True
                    self._level = min(self._level or level, level)
                case Refused(problem=problem, is_setting=is_setting):
                    raise (SettingsError if is_setting else SandboxError)(problem)
                case Scored(number=number, index=position, sample=sample, bug=bug):
                    self._ended_in_a_row = 0
                    self.bug = self.bug or bug
                    task = shard.tasks[number]
                    index = task.indexes[position]
                    del task.left[index]
                    if not task.left:
                        del shard.tasks[number]
                    yield task.chunk, index, sample

    # -- shards ------------------------------------------------------------------------

    def _start(self, workers: int) -> None:
        process = ShardProcess()
        watch = ShardWatch(process.pid, self._patience, self._clock.now)
        shard = _Shard(workers=workers, process=process, watch=watch)
        self._shards.append(shard)
        self._selector.register(shard.process.connection, selectors.EVENT_READ, shard)
        guests_bytes = self._plan.bytes_for(workers)
        start = Start(settings=self._settings, workers=workers, guests_bytes=guests_bytes)
        shard.process.send(frame_of(start))
        if self._begin:
            shard.process.send(frame_of(self._begin))

    def _replace_hanging(self) -> Iterator[ScoredAt]:
        for shard in list(self._shards):
            if shard.is_ready and not shard.tasks:
                shard.watch.restart(self._clock.now)
            elif problem := shard.watch.problem(self._clock.now):
                shard.process.kill()
                yield from self._replace(shard, problem)

    def _replace(self, shard: _Shard, problem: str = "") -> Iterator[ScoredAt]:
        """Start another shard in place of one that has ended, and take back its tasks.

        *problem* says why it was killed, if it hung. Yield the samples that are lost for good.
        Raises SandboxError if shards end and score nothing, or if the first of them does not start.
        """
        self._selector.unregister(shard.process.connection)
        self._shards.remove(shard)
        shard.process.stop()
        own_ending = shard.process.wait()
        ending = problem or own_ending
        self._ended += 1
        self._ended_in_a_row += 1
        problem = f"the process that scored it ended ({ending})"
        if self._level is None or self._ended_in_a_row > _ENDED_IN_A_ROW_MAX:
            raise SandboxError(f"processes that score end before they have scored ({ending})")
        self._start(shard.workers)
        tasks = list(shard.tasks.values())
        if tasks and shard.is_ready:  # only the first task was begun
            begun = tasks.pop(0)
            again = begun.again()
            if not again:
                for index, entry in begun.left.items():
                    yield begun.chunk, index, self._lost(entry, problem)
            tasks = again + tasks
        self._again.extendleft(reversed(tasks))

    def _lost(self, entry: Entry, problem: str) -> ScoredSample:
        full = self._begin is not None and self._begin.full
        rubric = self._settings.rubric
        return lost_sample(entry, problem, rubric=rubric, level=self._level, full=full)
