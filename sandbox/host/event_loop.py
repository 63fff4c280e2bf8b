"""One batch: a loop that keeps every worker busy until no question is left.

In: workers and jobs. Out: executions, job by job. One thread and one `epoll` serve all
workers; the guests are the parallel part. Must not know: what an execution means.
"""

import os
import select
import time
from collections.abc import Callable, Iterable, Iterator

from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.host.keeper import Keeper
from nova_code_verifier.sandbox.host.pipes import sealed_file
from nova_code_verifier.sandbox.host.schedule import (
    GuestTask,
    Progress,
    Schedule,
    fair_share_seconds,
)
from nova_code_verifier.sandbox.host.worker import Worker, WorkerLostError
from nova_code_verifier.sandbox.types import Cause, Ending, Execution, Job

# Between our word to start or end a guest, and the zygote's that it has been done.
_STUCK_SECONDS = 10.0
_SHARE_SECONDS_MIN = 0.5
_TOO_LATE = ("the deadline came first", Cause.DEADLINE)
_GONE = select.EPOLLHUP | select.EPOLLERR


class Batch:
    """Which worker is busy with which visit."""

    def __init__(
        self,
        workers: list[Worker],
        new_worker: Callable[[int], Worker],
        jobs: Iterable[Job],
        deadline: float,
    ) -> None:
        """Prepare to run *jobs*. A worker that is lost is replaced in *workers* by *new_worker*."""
        self._workers = workers
        self._new_worker = new_worker
        self._schedule = Schedule(jobs)
        self._deadline = deadline
        self._fair_share = fair_share_seconds(
            jobs, at_once=len(workers), deadline=deadline, seconds_min=_SHARE_SECONDS_MIN
        )
        self._postponed: set[int] = set()
        self._busy: dict[int, tuple[GuestTask, Keeper]] = {}
        self._open_programs: set[int] = set()
        self._worker_of: dict[int, int] = {}
        self._epoll = select.epoll()
        self._attended_at = time.monotonic()
        for number in range(len(workers)):
            self._watch(number, workers[number].control.fileno())

    def run(self) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Yield a job's place and executions as soon as it has ended."""
        try:
            while self._fill_workers():
                self._wait()
                yield from self._completed()
            yield from self._completed()
        finally:
            self._clear_up()

    def _completed(self) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        for progress in self._schedule.completed():
            if progress.program is not None:
                self._open_programs.remove(progress.program)
                os.close(progress.program)
            yield progress.place, tuple(one for one in progress.executions if one is not None)

    # -- starting ----------------------------------------------------------------------

    def _fill_workers(self) -> bool:
        """Give every idle worker a visit. False when all is done."""
        for number in range(len(self._workers)):
            while number not in self._busy:
                task = self._schedule.next_task()
                if task is None:
                    return bool(self._busy)
                if time.monotonic() >= self._deadline:
                    self._schedule.record(task, _not_run(task, *_TOO_LATE))
                else:
                    self._begin(number, task)
        return True

    def _begin(self, number: int, task: GuestTask) -> None:
        progress = task.progress
        if progress.program is None:
            progress.program = self._open_program(progress)
        try:
            keeper = Keeper(
                self._workers[number],
                program=progress.program,
                questions=task.questions,
                limits=progress.job.limits,
            )
        except WorkerLostError as error:
            self._replace(number, task, error)
            return
        self._busy[number] = (task, keeper)
        if keeper.is_interactive:
            self._watch_output(number, keeper)

    def _open_program(self, progress: Progress) -> int:
        fd = sealed_file("program", progress.job.program.encode("utf-8", "surrogatepass"))
        self._open_programs.add(fd)
        return fd

    # -- waiting -----------------------------------------------------------------------

    def _wait(self) -> None:
        """Wait for something to happen, and see to it."""
        away = time.monotonic() - self._attended_at
        for _, keeper in self._busy.values():
            keeper.discount_pause(away)
        soonest = min(keeper.next_tick for _, keeper in self._busy.values())
        pause = max(0.0, min(soonest, self._deadline) - time.monotonic())
        events = self._epoll.poll(pause)
        self._attended_at = time.monotonic()
        for fd, flags in events:
            number = self._worker_of.get(fd)
            if number in self._busy:
                self._attend(number, fd, flags)
        now = time.monotonic()
        for number, (_, keeper) in list(self._busy.items()):
            if now >= keeper.next_tick or now >= self._deadline:
                self._tick(number, keeper, now)

    def _attend(self, number: int, fd: int, flags: int) -> None:
        task, keeper = self._busy[number]
        try:
            if fd == keeper.worker.control.fileno():
                keeper.on_control()
            else:
                keeper.on_output(fd)
                if flags & _GONE:
                    self._forget(fd)  # else an end that a guest closed would wake us for ever
                elif keeper.has_unsent_input or flags & select.EPOLLOUT:
                    self._watch_channel(keeper)
        except WorkerLostError as error:
            self._replace(number, task, error)
            return
        if keeper.ended:
            self._release(number)
            if number in self._postponed:
                self._postponed.remove(number)
                self._schedule.postpone(task)
            else:
                self._schedule.record(task, keeper.executions)

    def _tick(self, number: int, keeper: Keeper, now: float) -> None:
        task, _ = self._busy[number]
        try:
            keeper.on_tick()
            if now >= self._deadline:
                keeper.terminate(Ending.NOT_RUN, *_TOO_LATE)
            elif self._takes_too_much(task, keeper, now):
                self._postponed.add(number)
                keeper.terminate(Ending.NOT_RUN, "postponed")
            if keeper.is_stuck(now, _STUCK_SECONDS):
                raise WorkerLostError("a zygote does not answer")  # noqa: TRY301
        except WorkerLostError as error:
            self._replace(number, task, error)
            return
        self._watch_output(number, keeper)

    def _takes_too_much(self, task: GuestTask, keeper: Keeper, now: float) -> bool:
        progress = task.progress
        return (
            keeper.terminated_at is None
            and not progress.is_postponed
            and progress.used_seconds + now - keeper.started_at > self._fair_share
            and self._schedule.has_others
        )

    def _watch_output(self, number: int, keeper: Keeper) -> None:
        if not keeper.is_watched:
            keeper.is_watched = True
            for fd in keeper.descriptors:
                self._watch(number, fd)
            self._watch_channel(keeper)

    def _watch_channel(self, keeper: Keeper) -> None:
        channel = keeper.descriptors[-1]
        if channel in self._worker_of:
            flags = select.EPOLLIN | (select.EPOLLOUT if keeper.has_unsent_input else 0)
            self._epoll.modify(channel, flags)

    def _watch(self, number: int, fd: int) -> None:
        self._worker_of[fd] = number
        self._epoll.register(fd, select.EPOLLIN)

    def _forget(self, fd: int) -> None:
        if self._worker_of.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    # -- ending ------------------------------------------------------------------------

    def _release(self, number: int) -> None:
        _, keeper = self._busy.pop(number)
        for fd in keeper.descriptors:
            self._forget(fd)
        keeper.close()

    def _replace(self, number: int, task: GuestTask, error: WorkerLostError) -> None:
        """Put a new worker in place of a lost one. Its visit gets one more try."""
        if number in self._busy:
            self._release(number)
        self._postponed.discard(number)
        self._renew(number)
        if task.is_second_try:
            self._schedule.record(task, _not_run(task, f"lost twice: {error}"))
        else:
            self._schedule.try_again(task)

    def _renew(self, number: int) -> None:
        self._forget(self._workers[number].control.fileno())
        self._workers[number].close()
        self._workers[number] = self._new_worker(number)
        if not self._workers[number].wait_ready():
            self._workers[number].close()
            raise SandboxError("a new zygote was refused what an older one was granted")
        self._watch(number, self._workers[number].control.fileno())

    def _clear_up(self) -> None:
        """Leave nothing behind, even if nobody waited for the end of the batch.

        A worker that cannot be kept is closed. Who runs the next batch replaces it.
        """
        for number in list(self._busy):
            self._release(number)
            self._workers[number].close()
        for worker in self._workers:
            try:
                if not worker.is_closed:
                    worker.drain()
            except WorkerLostError:
                worker.close()
        for fd in self._open_programs:
            os.close(fd)
        self._epoll.close()


def _not_run(task: GuestTask, detail: str, cause: Cause = Cause.NONE) -> list[Execution]:
    execution = Execution(ending=Ending.NOT_RUN, detail=detail, cause=cause)
    return [execution] * len(task.questions)
