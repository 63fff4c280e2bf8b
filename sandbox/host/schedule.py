"""Which question is asked next, and what a job's executions come to in the end.

In: jobs, and executions as they happen, in any order. Out: visits (a guest's worth of
questions) and, for a finished job, its executions in order, the same whatever the number
of workers. Must not know: processes.
"""

import math
import time
from bisect import insort
from collections import deque
from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush
from typing import TypeVar

from nova_code_verifier.sandbox.types import Cause, Ending, Execution, Job, Operation, Question, Run

# What is kept for a job until all of its questions are answered. A value takes several
# times the memory of its encoded form.
KEPT_BYTES_MAX = 128 * 2**20
VALUE_FACTOR = 16
_EXCERPT_BYTES = 2**12

_Known = TypeVar("_Known", Execution, Execution | None)

_TOO_MUCH = Execution(ending=Ending.TOO_MUCH_OUTPUT, detail="all questions together")
_NOT_ASKED = Execution(ending=Ending.SKIPPED, detail="too many earlier questions ran out of time")
_TOO_LATE = Execution(ending=Ending.SKIPPED, detail="its guest had ended")


@dataclass(slots=True)
class Progress:
    """A job on its way."""

    place: int
    job: Job
    executions: list[Execution | None]
    missing: int
    late: list[int] = field(default_factory=list)  # which questions ran out of time, in order
    used_seconds: float = 0.0
    is_postponed: bool = False
    kept: list[tuple[int, int]] = field(default_factory=list)  # a heap: the last question first
    kept_bytes: int = 0
    kept_until: float = math.inf
    confirmed: bool = False
    program: int | None = None  # a descriptor of the program's text, while guests need it

    def put(self, first: int, executions: list[Execution]) -> None:
        """Note what happened to the questions from *first* on."""
        self.missing -= len(executions)
        for number, execution in enumerate(executions, first):
            self._keep(number, execution)
            if execution.ending is Ending.OUT_OF_TIME:
                insort(self.late, number)

    def take_back(self, number: int) -> None:
        """Forget what happened to a question."""
        self.missing += 1
        self.executions[number] = None
        self.late.remove(number)
        self.kept_bytes -= sum(size for negative, size in self.kept if negative == -number)
        self.kept = [entry for entry in self.kept if entry[0] != -number]
        heapify(self.kept)

    @property
    def has_a_lone_late_one(self) -> bool:
        """Whether a single question ran out of CPU time: noise, perhaps.

        The wall clock is generous already, and a second sleep would cost as much again.
        """
        if len(self.late) != 1 or isinstance(self.job.questions[0], Operation):
            return False
        execution = self.executions[self.late[0]]
        return execution is not None and execution.cause is Cause.CPU_TIME

    @property
    def asked_until(self) -> float:
        """The question after which no more are asked: enough have run out of time."""
        enough = self.job.give_up_after
        return self.late[enough - 1] if len(self.late) >= enough else math.inf

    def _keep(self, number: int, execution: Execution) -> None:
        """Bound what a job's outputs hold of our memory: the last ones have to go.

        They would be too much in whatever order they came.
        """
        self.executions[number] = execution
        size = len(execution.stdout) + execution.value_bytes * VALUE_FACTOR
        if size:
            heappush(self.kept, (-number, size))
            self.kept_bytes += size
        while self.kept and (
            self.kept_bytes > KEPT_BYTES_MAX or -self.kept[0][0] > self.kept_until
        ):
            last, size = heappop(self.kept)
            self.kept_bytes -= size
            self.kept_until = min(self.kept_until, -last)
            self._drop(-last)

    def _drop(self, number: int) -> None:
        execution = self.executions[number]
        if execution is None:
            return
        excerpt = replace(execution, value=None, stdout=execution.stdout[:_EXCERPT_BYTES])
        if execution.ending is Ending.FINISHED:
            excerpt = replace(
                excerpt, ending=Ending.TOO_MUCH_OUTPUT, detail="all questions together"
            )
        self.executions[number] = excerpt


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestTask:
    """Questions for one guest: the job's from *first* on (all its calls, or one run)."""

    progress: Progress
    first: int
    is_second_try: bool = False
    questions: tuple[Question, ...]


class Schedule:
    """Hands out visits, takes in executions. Jobs are fetched only as they are needed."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        """Plan to ask every question of *jobs*."""
        self._jobs = enumerate(jobs)
        self._unfetched = len(jobs) if isinstance(jobs, Sized) else 0
        self._pending: deque[GuestTask] = deque()
        self._postponed: deque[GuestTask] = deque()
        self._complete: deque[Progress] = deque()

    def next_task(self) -> GuestTask | None:
        """Hand out the next visit; None when no question is left to ask now."""
        while True:
            while not self._pending:
                if not self._fetch():
                    if not self._postponed:
                        return None
                    self._pending, self._postponed = self._postponed, self._pending
            task = self._pending.popleft()
            if task.first <= task.progress.asked_until:
                return task
            self.record(task, [_NOT_ASKED] * len(task.questions))

    @property
    def has_others(self) -> bool:
        """Whether there are jobs that wait and were not postponed themselves."""
        return self._unfetched > 0 or (
            bool(self._pending) and not self._pending[0].progress.is_postponed
        )

    def postpone(self, task: GuestTask) -> None:
        """Plan a visit, and all that its job still asks, after everything else."""
        progress = task.progress
        progress.is_postponed = True
        self._postponed.append(task)
        self._postponed.extend(one for one in self._pending if one.progress is progress)
        self._pending = deque(one for one in self._pending if one.progress is not progress)

    def completed(self) -> Iterator[Progress]:
        """Hand over the jobs that have come to their end."""
        while self._complete:
            yield self._complete.popleft()

    def record(self, task: GuestTask, executions: list[Execution]) -> None:
        """Take in what a visit brought, and plan what it leaves to do."""
        progress = task.progress
        progress.put(task.first, executions)
        progress.used_seconds += sum(execution.wall_seconds for execution in executions)
        end = task.first + len(executions)
        if len(executions) < len(task.questions):
            left = task.first + len(task.questions) - end
            if isinstance(task.questions[0], Operation):
                progress.put(end, [_TOO_LATE] * left)
            elif progress.kept_until < math.inf:
                progress.put(end, [_TOO_MUCH] * left)
            else:
                self._pending.appendleft(_task(progress, end))
        if not progress.missing:
            self._finish(progress)

    def try_again(self, task: GuestTask) -> None:
        """Plan a visit once more, as its guest was lost through our own fault."""
        self._pending.appendleft(replace(task, is_second_try=True))

    def _fetch(self) -> bool:
        place, job = next(self._jobs, (0, None))
        if job is None:
            return False
        self._unfetched -= 1
        count = len(job.questions)
        progress = Progress(place=place, job=job, executions=[None] * count, missing=count)
        if not job.questions:
            self._complete.append(progress)
        elif not job.is_divisible:
            self._pending.append(_task(progress, 0))
        else:
            self._pending.extend(_task(progress, number) for number in range(len(job.questions)))
        return True

    def _finish(self, progress: Progress) -> None:
        """Ask a lone late question once more; otherwise settle what was skipped."""
        if progress.has_a_lone_late_one and not progress.confirmed:
            number = progress.late[0]
            progress.confirmed = True
            progress.take_back(number)
            question = progress.job.questions[number]
            self._pending.append(GuestTask(progress=progress, first=number, questions=(question,)))
            return
        # Several workers may have gone past the point of giving up before they knew.
        skip_after_time_outs(progress.job, progress.executions)
        self._complete.append(progress)


def skip_after_time_outs(job: Job, executions: list[_Known]) -> None:
    """Replace all executions after the time-out at which *job* is given up, if it is."""
    late = [n for n, one in enumerate(executions) if one and one.ending is Ending.OUT_OF_TIME]
    if len(late) >= job.give_up_after:
        first = late[job.give_up_after - 1] + 1
        executions[first:] = [_NOT_ASKED] * (len(job.questions) - first)


def fair_share_seconds(
    jobs: Iterable[Job], *, at_once: int, deadline: float, seconds_min: float
) -> float:
    """Divide the time until *deadline* among *jobs*, of which *at_once* run at the same time.

    A job that takes longer waits for the others. Without this, one endless loop with a generous
    limit leaves a whole batch ungraded. Infinite if no job has to wait, or nobody knows.
    """
    if not isinstance(jobs, Sized) or len(jobs) <= at_once:
        return math.inf
    return max(seconds_min, (deadline - time.monotonic()) * at_once / len(jobs))


def _task(progress: Progress, first: int) -> GuestTask:
    questions = progress.job.questions
    end = first + 1 if isinstance(questions[first], Run) else len(questions)
    return GuestTask(progress=progress, first=first, questions=questions[first:end])
