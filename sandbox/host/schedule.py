"""The schedule: which questions go to the next guest, and when a job is complete.

In: jobs, and executions in any order. Out: tasks (the questions for one guest) and, for each
complete job, its executions in order. They do not depend on the number of workers.
"""

import math
import random
import time
from bisect import insort
from collections import deque
from collections.abc import Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush
from typing import TypeVar

from nova_code_verifier.sandbox.types import (
    NOTHING_USED,
    Cause,
    Company,
    Ending,
    Execution,
    Job,
    Limits,
    Question,
    Run,
    Session,
    Used,
)

# Of a job's outputs and answers, so much is kept until all of its questions are answered, or as
# much as the limit of a single output, if that is more.
KEPT_BYTES_MAX = 128 * 2**20
_EXCERPT_BYTES = 2**12
_RANDOM = random.Random()  # noqa: S311  (of its own: a caller may seed the common one)

# What ended a guest came from outside, perhaps from another guest.
_OUTSIDE = frozenset({Cause.KILLED, Cause.FULL_DISK})

_Known = TypeVar("_Known", Execution, Execution | None)

_TOO_MUCH = Execution(
    ending=Ending.TOO_MUCH_OUTPUT,
    detail="all outputs together are longer than 128 MiB and limits.output_bytes",
)
_GUEST_LOST = Execution(ending=Ending.SKIPPED, detail="the guest of all questions was lost")
_NOT_ASKED = Execution(ending=Ending.SKIPPED, detail="too many earlier questions ran out of time")
_OUT_OF_TOTAL = Execution(ending=Ending.SKIPPED, detail="the earlier questions took all the time")
# A total does not include so much of each guest: its start, and what noise may add to it.
_START_SECONDS = 0.02


def used_by(job: Job, executions: Iterable[Execution | None]) -> Used:
    """Return what the known *executions* of *job* have used of its totals."""
    start = _START_SECONDS if job.is_divisible else 0.0
    cpu_seconds = wall_seconds = 0.0
    for execution in executions:
        if execution is not None:
            cpu_seconds += max(0.0, execution.cpu_seconds - start)
            wall_seconds += max(0.0, execution.own_seconds - start)
    return Used(cpu_seconds, wall_seconds)


def _find_excess(job: Job, executions: Sequence[Execution | None]) -> tuple[float, str]:
    """Return the index at which the known *executions* so far exceed a total, and which one.

    The index is infinity if they do not.
    """
    used = Used()
    for number, execution in enumerate(executions):
        if execution is not None:
            used = used.plus(used_by(job, [execution]))
            excess = used.excess(job.limits)
            if excess or execution.cause is Cause.TOTAL_TIME:
                return number, excess or execution.detail
    return math.inf, ""


def kept_bytes_max(job: Job) -> int:
    """Return how many bytes all outputs and answers of *job* may have together."""
    return max(KEPT_BYTES_MAX, job.limits.output_bytes)


@dataclass(slots=True)
class Progress:
    """A job that is not complete yet."""

    index: int
    job: Job
    executions: list[Execution | None]
    missing: int
    time_outs: list[int] = field(default_factory=list)  # indices of questions, in order
    used_seconds: float = 0.0
    is_postponed: bool = False
    kept: list[tuple[int, int]] = field(default_factory=list)  # a heap of (-index, bytes)
    kept_bytes: int = 0
    first_dropped: float = math.inf
    used: Used = NOTHING_USED
    total_exceeded_at: float = math.inf  # the index of the question
    is_confirmed: bool = False
    outage: Execution | None = None  # of a question: then no other one needs an answer
    program: int | None = None  # a descriptor of the program's text, as long as guests need it

    def record(self, first: int, executions: list[Execution]) -> None:
        """Record the executions of the questions from *first* on."""
        self.missing -= len(executions)
        if self.is_confirmed:  # only the question that ran out of time was left
            executions = [replace(execution, is_confirmed=True) for execution in executions]
        for number, execution in enumerate(executions, first):
            self._keep(number, execution)
            if execution.ending is Ending.OUT_OF_TIME:
                insort(self.time_outs, number)
            elif execution.ending is Ending.NOT_RUN:
                self.outage = execution
        self._add_used(executions)

    def limits_of(self, first: int) -> Limits:
        """Return the limits of a guest for the questions from *first* on."""
        if not any(self.used):
            return self.job.limits
        return used_by(self.job, self.executions[:first]).left_of(self.job.limits)

    def _add_used(self, executions: list[Execution]) -> None:
        used = used_by(self.job, executions)
        if any(used):
            self.used = self.used.plus(used)
            is_late = any(execution.cause is Cause.TOTAL_TIME for execution in executions)
            if is_late or self.used.excess(self.job.limits):
                self.total_exceeded_at, _ = _find_excess(self.job, self.executions)

    def forget(self, number: int) -> None:
        """Delete the execution of a question."""
        self.missing += 1
        self.executions[number] = None
        self.used = used_by(self.job, self.executions)
        self.time_outs.remove(number)
        self.kept_bytes -= sum(size for negative, size in self.kept if negative == -number)
        self.kept = [entry for entry in self.kept if entry[0] != -number]
        heapify(self.kept)

    @property
    def has_single_time_out(self) -> bool:
        """Whether a single question ran out of time, and it was CPU time: perhaps noise.

        The wall time limit is generous already, and a second sleep would cost as much again.
        Whoever asks for a session decides about its lost items.
        """
        if len(self.time_outs) != 1 or isinstance(self.job.questions[0], Session):
            return False
        execution = self.executions[self.time_outs[0]]
        return execution is not None and execution.cause is Cause.CPU_TIME

    @property
    def last_asked(self) -> float:
        """Return the index of the question after which the job is given up; infinity if it is not.

        It is the last time-out, or the question at which all so far exceed a total.
        """
        enough = self.job.give_up_after
        late = self.time_outs[enough - 1] if len(self.time_outs) >= enough else math.inf
        return min(late, self.total_exceeded_at)

    def _keep(self, number: int, execution: Execution) -> None:
        """Bound the memory that a job's outputs take: drop those of the last questions.

        So it does not depend on the order of arrival which outputs are dropped.
        """
        self.executions[number] = execution
        size = len(execution.stdout) + execution.value_bytes
        if size:
            heappush(self.kept, (-number, size))
            self.kept_bytes += size
        while self.kept and (
            self.kept_bytes > kept_bytes_max(self.job) or -self.kept[0][0] > self.first_dropped
        ):
            last, size = heappop(self.kept)
            self.kept_bytes -= size
            self.first_dropped = min(self.first_dropped, -last)
            self._drop(-last)

    def _drop(self, number: int) -> None:
        execution = self.executions[number]
        if execution is None:
            return
        excerpt = replace(execution, value=None, stdout=execution.stdout[:_EXCERPT_BYTES])
        if execution.ending is Ending.FINISHED:
            excerpt = replace(excerpt, ending=_TOO_MUCH.ending, detail=_TOO_MUCH.detail)
        self.executions[number] = excerpt


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestTask:
    """Questions for one guest: those of the job from *first* on (all its calls, or one run).

    Or all runs of the job *in company*: in one guest, one after the other in this *order*.
    Or one of them alone, to *confirm* what all of them did in company.

    A *second try* follows the loss of a guest through our own fault. It runs without another guest.
    """

    progress: Progress
    first: int
    is_second_try: bool = False
    order: tuple[int, ...] = ()
    confirms: tuple[Execution, ...] = ()
    questions: tuple[Question, ...]

    @property
    def is_trial(self) -> bool:
        """Whether the job runs as if nothing had been, if this task fails."""
        return bool(self.order or self.confirms)


class Schedule:
    """Hands out tasks and records executions. Fetches a job only when a worker needs one."""

    def __init__(self, jobs: Iterable[Job], company: Company | None = None) -> None:
        """Plan to ask every question of *jobs*, first in *company* where that may be."""
        self._jobs = enumerate(jobs)
        self._company = company
        self._unfetched = len(jobs) if isinstance(jobs, Sized) else 0
        self._pending: deque[GuestTask] = deque()
        self._postponed: deque[GuestTask] = deque()
        self._complete: deque[Progress] = deque()

    def next_task(self) -> GuestTask | None:
        """Return the next task, or None if no question is left to ask now."""
        while True:
            while not self._pending:
                if not self._fetch():
                    if not self._postponed:
                        return None
                    self._pending, self._postponed = self._postponed, self._pending
            task = self._pending.popleft()
            outage, count = task.progress.outage, len(task.questions)
            if outage is None and task.first <= task.progress.last_asked:
                return task
            self.record(task, [outage or _NOT_ASKED] * count)

    @property
    def has_others(self) -> bool:
        """Whether jobs wait that were not postponed themselves."""
        return self._unfetched > 0 or (
            bool(self._pending) and not self._pending[0].progress.is_postponed
        )

    def postpone(self, task: GuestTask) -> None:
        """Move a task, and all other tasks of its job, behind everything else."""
        progress = task.progress
        progress.is_postponed = True
        self._postponed.append(task)
        self._postponed.extend(other for other in self._pending if other.progress is progress)
        self._pending = deque(other for other in self._pending if other.progress is not progress)

    def completed(self) -> Iterator[Progress]:
        """Yield the jobs that are complete, each once."""
        while self._complete:
            yield self._complete.popleft()

    def record(self, task: GuestTask, executions: list[Execution]) -> None:
        """Record the executions of a task, and plan the questions that it left open."""
        progress = task.progress
        if task.is_trial:
            executions = self._conclude_trial(task, executions)
            if not executions:
                return
            task = replace(task, first=0, questions=progress.job.questions)
        elif executions[-1].cause in _OUTSIDE and not task.is_second_try:
            self._record_killed(task, executions)
            return
        progress.record(task.first, executions)
        progress.used_seconds += sum(execution.wall_seconds for execution in executions)
        end = task.first + len(executions)
        if len(executions) < len(task.questions):
            left = task.first + len(task.questions) - end
            if progress.first_dropped < math.inf:
                progress.record(end, [_TOO_MUCH] * left)
            elif progress.outage is not None:
                progress.record(end, [progress.outage] * left)
            elif progress.job.needs_all:
                progress.record(end, [_GUEST_LOST] * left)
            else:
                self._pending.appendleft(_task(progress, end))
        if not progress.missing:
            self._complete_or_confirm(progress)

    def _record_killed(self, task: GuestTask, executions: list[Execution]) -> None:
        """Record the answers of a guest until it was killed, and plan to ask the rest alone."""
        progress = task.progress
        answers = [execution for execution in executions if execution.cause not in _OUTSIDE]
        kept = [] if progress.job.needs_all else answers
        progress.record(task.first, kept)
        first, questions = task.first + len(kept), task.questions[len(kept) :]
        self.try_again(replace(task, first=first, questions=questions))

    def _conclude_trial(self, task: GuestTask, executions: list[Execution]) -> list[Execution]:
        """Return the executions of all runs in company, if they count; plan what is left to do.

        They count if all are accepted, or if one of the others, alone in a guest, does the same.
        """
        progress = task.progress
        if task.order and executions:
            number = self._one_not_accepted(task, executions)
            if number is None:
                return executions
            check = _task(progress, number)
            self._pending.appendleft(replace(check, confirms=tuple(executions)))
        elif executions and _facts(executions[0]) == _facts(task.confirms[task.first]):
            return list(task.confirms)
        else:
            self._pending.extendleft(reversed(_single_tasks(progress)))
        return []

    def _one_not_accepted(self, task: GuestTask, executions: list[Execution]) -> int | None:
        """Return any run that is not accepted, if there is one.

        Avoid the one that came first: it ran as if alone.
        """
        company, index = self._company, task.progress.index
        wrong = [
            number
            for number in task.order
            if company is not None and not company.accepts(index, number, executions[number])
        ]
        later = [number for number in wrong if number != task.order[0]]
        return _RANDOM.choice(later or wrong) if wrong else None

    def put_back(self, task: GuestTask) -> None:
        """Return a task that cannot start yet. It stays the next one."""
        self._pending.appendleft(task)

    def try_again(self, task: GuestTask) -> None:
        """Plan a task once more, alone: its guest was lost through our own fault."""
        self._pending.appendleft(replace(task, is_second_try=True))

    def _fetch(self) -> bool:
        index, job = next(self._jobs, (0, None))
        if job is None:
            return False
        self._unfetched -= 1
        count = len(job.questions)
        progress = Progress(index=index, job=job, executions=[None] * count, missing=count)
        if not job.questions:
            self._complete.append(progress)
        elif not job.is_divisible:
            self._pending.append(_task(progress, 0))
        elif self._may_share_guest(index, job):
            order = tuple(_RANDOM.sample(range(count), count))
            task = GuestTask(progress=progress, first=0, questions=job.questions, order=order)
            self._pending.append(task)
        else:
            self._pending.extend(_single_tasks(progress))
        return True

    def _may_share_guest(self, index: int, job: Job) -> bool:
        if self._company is None or len(job.questions) == 1:
            return False
        is_plain = all(isinstance(run, Run) and not run.argv for run in job.questions)
        return is_plain and self._company.may_share_guest(index)

    def _complete_or_confirm(self, progress: Progress) -> None:
        """Ask a single question that timed out once more; otherwise complete the job."""
        is_noise = progress.has_single_time_out and not progress.job.needs_all
        if is_noise and not progress.is_confirmed and progress.last_asked == math.inf:
            number = progress.time_outs[0]
            progress.is_confirmed = True
            progress.forget(number)
            question = progress.job.questions[number]
            self._pending.append(GuestTask(progress=progress, first=number, questions=(question,)))
            return
        # Several workers may have asked later questions before the job was given up.
        skip_after_time_outs(progress.job, progress.executions)
        if progress.total_exceeded_at < math.inf:
            skip_after_total(progress.job, progress.executions)
        self._complete.append(progress)


def skip_after_total(job: Job, executions: list[_Known]) -> None:
    """Replace all executions after the one at which those so far exceed a total of *job*.

    The sums are those of the questions in order, so it does not depend on the number of workers
    which executions these are. That one has run out of time, unless it failed otherwise.
    """
    number, excess = _find_excess(job, executions)
    if number >= len(executions):
        return
    execution = executions[int(number)]
    if execution and execution.ending in (Ending.FINISHED, Ending.RAISED):
        executions[int(number)] = replace(
            execution,
            ending=Ending.OUT_OF_TIME,
            detail=excess,
            cause=Cause.TOTAL_TIME,
            value=None,
        )
    executions[int(number) + 1 :] = [_OUT_OF_TOTAL] * (len(job.questions) - int(number) - 1)


def skip_after_time_outs(job: Job, executions: list[_Known]) -> None:
    """Replace all executions after the time-out at which *job* is given up, if it is."""
    time_outs = [
        index
        for index, execution in enumerate(executions)
        if execution and execution.ending is Ending.OUT_OF_TIME
    ]
    if len(time_outs) >= job.give_up_after:
        first = time_outs[job.give_up_after - 1] + 1
        executions[first:] = [_NOT_ASKED] * (len(job.questions) - first)


def fair_share_seconds(
    jobs: Iterable[Job], *, at_once: int, deadline: float, seconds_min: float
) -> float:
    """Divide the time until *deadline* among *jobs*, of which *at_once* run at the same time.

    A job that takes longer waits for the others. Without this, one endless loop with a generous
    limit leaves a whole batch ungraded. Infinite if all jobs run at once, or their number is
    unknown.
    """
    if not isinstance(jobs, Sized) or len(jobs) <= at_once:
        return math.inf
    return max(seconds_min, (deadline - time.monotonic()) * at_once / len(jobs))


def _facts(execution: Execution) -> Execution:
    """Return an execution without what is measured."""
    return replace(execution, cpu_seconds=0.0, wall_seconds=0.0, own_seconds=0.0, memory_bytes=0)


def _single_tasks(progress: Progress) -> list[GuestTask]:
    return [_task(progress, number) for number in range(len(progress.job.questions))]


def _task(progress: Progress, first: int) -> GuestTask:
    questions = progress.job.questions
    end = first + 1 if isinstance(questions[first], Run) else len(questions)
    return GuestTask(progress=progress, first=first, questions=questions[first:end])
