"""The event loop: keeps every worker busy until no question is left.

In: workers and jobs. Out: executions, job by job. One thread and one `epoll` serve all workers;
only the guests run in parallel.
"""

import os
import select
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cached_property

from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.host import memory
from nova_code_verifier.sandbox.host.base_keeper import BaseKeeper
from nova_code_verifier.sandbox.host.company_keeper import CompanyKeeper
from nova_code_verifier.sandbox.host.disk import Disk
from nova_code_verifier.sandbox.host.guest_clock import GuestClock
from nova_code_verifier.sandbox.host.keeper import Keeper
from nova_code_verifier.sandbox.host.libraries import libraries_for
from nova_code_verifier.sandbox.host.pipes import sealed_file
from nova_code_verifier.sandbox.host.processors import Processors
from nova_code_verifier.sandbox.host.schedule import GuestTask, Schedule, fair_share_seconds
from nova_code_verifier.sandbox.host.session_keeper import SessionKeeper
from nova_code_verifier.sandbox.host.worker import Worker, WorkerLostError
from nova_code_verifier.sandbox.types import (
    Cause,
    Company,
    Ending,
    Execution,
    Job,
    Limits,
    Session,
)

# A zygote must report within this time that it started, or killed, a guest. Only time in which the
# event loop waits for it counts.
_STUCK_SECONDS = 10.0
_SHARE_SECONDS_MIN = 0.5
# The outputs of all running guests together may take so much memory. A guest with a larger limit
# than the default waits until there is room; so many workers never wait at the default limit.
_RUNNING_BYTES_MAX = 256 * 2**20
# Few harnesses need more. One that does may be killed beside other guests; then it runs alone.
_HARNESS_BYTES = 2**29
_TOO_LATE = ("the deadline came first", Cause.DEADLINE)
_UNWANTED = ("nobody waits for the result any more", Cause.DEADLINE)
_HUNG_UP = select.EPOLLHUP | select.EPOLLERR


class EventLoop:
    """Runs one batch of jobs: it knows which worker runs which task."""

    def __init__(
        self,
        pools: dict[tuple[str, ...], list[Worker]],
        new_worker: Callable[[int, tuple[str, ...]], Worker],
        jobs: Iterable[Job],
        deadline: float,
        *,
        company: Company | None = None,
        is_unwanted: Callable[[int], bool] | None = None,
        guests_bytes: float | None = None,
    ) -> None:
        """Prepare to run *jobs*. Replaces a lost worker in *pools* by one from *new_worker*.

        With *company*, runs that may share a guest are tried so first. The job at an index that *is
        unwanted* is not started, and its guests are ended. All guests together get *guests_bytes*,
        or all memory that there is for guests.

        *pools* holds the plain workers, and those that have libraries loaded: a worker of each for
        each number, of which one runs a guest at a time. They are started when a job needs them.
        A list that is empty holds those that could not be started.
        """
        self._pools = pools
        self._workers = workers = pools[()]
        self._new_worker = new_worker
        self._schedule = Schedule(jobs, company)
        self._deadline = deadline
        self._is_unwanted = is_unwanted or _never
        self._guests_bytes = memory.bytes_for_guests() if guests_bytes is None else guests_bytes
        self._fair_share = fair_share_seconds(
            jobs, at_once=len(workers), deadline=deadline, seconds_min=_SHARE_SECONDS_MIN
        )
        self._postponed: set[int] = set()
        self._busy: dict[int, tuple[GuestTask, BaseKeeper]] = {}
        self._used: set[Worker] = set()  # by this batch: only these may have something left to do
        self._draining: set[Worker] = set()
        self._running_bytes_max = max(_RUNNING_BYTES_MAX, len(workers) * Limits().output_bytes)
        self._open_programs: set[int] = set()
        self._worker_of: dict[int, int] = {}
        self._disk = Disk(workers[0].directory.parent)
        self._owner_pid = os.getpid()
        self._epoll = select.epoll()
        self._clock = GuestClock()

    @cached_property
    def _processors(self) -> Processors:
        return Processors()

    def run(self) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Yield each job's index and executions as soon as the job has ended."""
        try:
            while self._fill_workers():
                yield from self._completed()  # now: the caller judges while guests run
                self._wait()
            self._begin_drain()
            yield from self._completed()
        finally:
            self._shut_down()

    def _completed(self) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        for progress in self._schedule.completed():
            if progress.program is not None:
                self._open_programs.remove(progress.program)
                os.close(progress.program)
            yield progress.index, tuple(filter(None, progress.executions))

    # -- starting ----------------------------------------------------------------------

    def _fill_workers(self) -> bool:
        """Start a task on every idle worker. Return False when no task is left or running."""
        for number in range(len(self._workers)):
            while number not in self._busy:
                task = self._schedule.next_task()
                if task is None:
                    return bool(self._busy)
                if time.monotonic() >= self._deadline:
                    self._schedule.record(task, _not_run(task, *_TOO_LATE))
                elif self._is_unwanted(task.progress.index):
                    self._schedule.record(task, _not_run(task, *_UNWANTED))
                elif refusal := memory.refusal(_memory_bytes(task), self._guests_bytes):
                    self._schedule.record(task, _not_run(task, refusal, Cause.NO_ROOM))
                elif not self._may_start(task):
                    self._schedule.put_back(task)
                    return True
                elif task.is_second_try and self._stays_full():
                    self._schedule.record(task, self._without_disk(task))
                else:
                    self._start(number, task)
        return True

    def _may_start(self, task: GuestTask) -> bool:
        """Return whether one more guest has room beside those that run.

        So has its output in our own memory. What runs alone always has.
        """
        running = [other for other, _ in self._busy.values()]
        if not running:
            return True
        if task.is_second_try or running[0].is_second_try:
            return False
        tasks = [task, *running]
        return (
            sum(map(_output_bytes, tasks)) <= self._running_bytes_max
            and sum(map(_memory_bytes, tasks)) <= self._guests_bytes
        )

    def _start(self, number: int, task: GuestTask) -> None:
        progress = task.progress
        prelude = progress.job.prelude.encode("utf-8", "surrogatepass")
        if progress.program is None:
            text = progress.job.program.encode("utf-8", "surrogatepass")
            progress.program = sealed_file("program", prelude + text)
            self._open_programs.add(progress.program)
        try:
            worker = self._worker_for(number, task)
            self._used.add(worker)  # now: an interrupt may come before its keeper is known
            keeper = self._new_keeper(worker, task, progress.program, len(prelude))
        except WorkerLostError as error:
            self._replace(number, task, error)
            return
        self._busy[number] = (task, keeper)
        if keeper.is_interactive:
            self._watch(number, keeper.descriptors[-1])

    def _new_keeper(
        self, worker: Worker, task: GuestTask, program: int, prelude_bytes: int
    ) -> BaseKeeper:
        limits, session = task.progress.limits_of(task.first), task.questions[0]
        if task.order:
            return CompanyKeeper(
                worker,
                self._clock,
                program=program,
                prelude_bytes=prelude_bytes,
                questions=task.questions,
                order=task.order,
                limits=limits,
            )
        if not isinstance(session, Session):
            return Keeper(
                worker,
                self._clock,
                program=program,
                prelude_bytes=prelude_bytes,
                questions=task.questions,
                limits=limits,
            )
        if not worker.preloaded:
            raise ValueError("a session needs an executor with the harness's modules preloaded")
        session = self._within_memory(session, limits)
        processor = self._processors.take(worker.number)
        try:
            return SessionKeeper(
                worker,
                self._clock,
                program=program,
                prelude_bytes=prelude_bytes,
                session=session,
                limits=limits,
                processor=processor,
            )
        except BaseException:
            self._processors.release(processor)
            raise

    def _within_memory(self, session: Session, limits: Limits) -> Session:
        """Lower the memory of a harness to what its candidate leaves of the machine's."""
        of_harness, left = session.harness_limits, self._guests_bytes - limits.memory_bytes
        if of_harness.memory_bytes <= left:
            return session
        return replace(session, harness_limits=replace(of_harness, memory_bytes=int(left)))

    def _worker_for(self, number: int, task: GuestTask) -> Worker:
        """Return a worker whose zygote has what the task's program imports, if that can be."""
        libraries = self._libraries_of(task)
        if libraries not in self._pools:
            self._start_workers_with(libraries)
            libraries = self._libraries_of(task)
        workers = self._pools[libraries]
        if workers[number].is_closed:
            workers[number] = self._new_worker(number, libraries)
        worker = workers[number]
        if task.is_second_try:
            self._close_idle_libraries(worker)
        if worker.control.fileno() not in self._worker_of:
            _require_ready(worker)
            self._watch(number, worker.control.fileno())
        return worker

    def _close_idle_libraries(self, needed: Worker) -> None:
        """Close the big zygotes, apart from one: their memory may be what a guest lacked."""
        for libraries, workers in self._pools.items():
            for worker in workers:
                if libraries and worker is not needed and not worker.is_closed:
                    self._unwatch(worker.control.fileno())
                    worker.close()

    def _libraries_of(self, task: GuestTask) -> tuple[str, ...]:
        job = task.progress.job
        libraries = libraries_for(job.program, job.questions[0], self._workers[0].granted)
        return libraries if self._pools.get(libraries, True) else ()

    def _start_workers_with(self, libraries: tuple[str, ...]) -> None:
        """Start workers that have libraries loaded, all at the same time.

        If they do not start, programs have to load the libraries themselves. A candidate that only
        names one must not be able to stop the batch.
        """
        workers = self._pools[libraries] = []
        numbers = range(len(self._workers))
        try:
            workers += [self._new_worker(number, libraries) for number in numbers]
            for worker in workers:
                _require_ready(worker)
        except SandboxError:
            for worker in workers:
                worker.close()
            workers.clear()

    # -- waiting -----------------------------------------------------------------------

    def _wait(self) -> None:
        """Wait for events, and handle them, until a worker is idle.

        If one is idle already, do it once: there may be a job for it by then.
        """
        self._poll()
        while len(self._busy) == len(self._workers):
            self._poll()

    def _poll(self) -> None:
        soonest = min([keeper.next_tick for _, keeper in self._busy.values()])
        pause = max(0.0, min(soonest, self._deadline) - time.monotonic())
        for fd, flags in self._clock.wait(self._epoll.poll, pause):
            number = self._worker_of.get(fd)
            if number in self._busy:
                self._on_event(number, fd, flags)
        now = time.monotonic()
        for number, (_, keeper) in list(self._busy.items()):
            if now >= keeper.next_tick or now >= self._deadline:
                self._tick(number, keeper, now)

    def _on_event(self, number: int, fd: int, flags: int) -> None:
        task, keeper = self._busy[number]
        try:
            if fd == keeper.worker.control.fileno():
                keeper.on_control()
            else:
                keeper.on_output(fd)
                if flags & _HUNG_UP or keeper.is_flood(fd):
                    self._unwatch(fd)  # a closed end would wake this loop again and again
                elif keeper.has_unsent_input or flags & select.EPOLLOUT:
                    self._watch_channel(keeper)
        except WorkerLostError as error:
            self._replace(number, task, error)
            return
        if keeper.ended:
            self._release(number)
            is_postponed = number in self._postponed
            self._postponed.discard(number)
            if is_postponed and not task.is_trial:
                self._schedule.postpone(task)
            elif self._lacked_disk(task, keeper):
                self._schedule.record(task, self._without_disk(task))
            else:
                self._schedule.record(task, keeper.executions)

    def _tick(self, number: int, keeper: BaseKeeper, now: float) -> None:
        task, _ = self._busy[number]
        try:
            keeper.on_tick()
            if now >= self._deadline:
                keeper.terminate(Ending.NOT_RUN, *_TOO_LATE)
            elif self._is_unwanted(task.progress.index):
                keeper.terminate(Ending.NOT_RUN, *_UNWANTED)
            elif self._exceeds_fair_share(task, keeper):
                self._postponed.add(number)
                keeper.terminate(Ending.NOT_RUN, "postponed")
            elif task.first > task.progress.last_asked:
                keeper.terminate(Ending.SKIPPED)
            elif self._disk.became_full(now):
                self._make_room(task)
            if keeper.is_stuck(_STUCK_SECONDS):
                raise WorkerLostError("a zygote does not answer")  # noqa: TRY301
        except WorkerLostError as error:
            self._replace(number, task, error)
            return
        if keeper.is_talkative:
            self._watch_output(number, keeper)

    # -- a full disk -------------------------------------------------------------------

    def _make_room(self, task: GuestTask) -> None:
        """End all guests because the disk is full. One that ran alone has filled it itself."""
        if task.is_second_try:
            _, keeper = next(iter(self._busy.values()))
            keeper.terminate(Ending.TOO_MUCH_OUTPUT, "files")
            return
        for _, keeper in self._busy.values():
            with suppress(WorkerLostError):  # its own control socket will report that
                keeper.terminate(Ending.NOT_RUN, self._disk.description, Cause.FULL_DISK)

    def _lacked_disk(self, task: GuestTask, keeper: BaseKeeper) -> bool:
        """Return whether another one's files may have changed what the guests of *task* did.

        Programs that are tried in company have no files.
        """
        if task.order or not self._disk.was_full_since(keeper.started_at):
            return False
        return not task.is_second_try or self._stays_full()

    def _stays_full(self) -> bool:
        """Return whether the disk is full even when all directories have been emptied.

        No guest may be running.
        """
        if not self._disk.is_full():
            return False
        for worker in self._used:
            descriptor = worker.control.fileno()
            _drain([worker], Worker.begin_drain)
            _drain([worker], Worker.end_drain)
            if worker.is_closed:
                self._worker_of.pop(descriptor, None)
        return self._disk.is_full()

    def _without_disk(self, task: GuestTask) -> list[Execution]:
        return _not_run(task, self._disk.description, Cause.FULL_DISK)

    # -- the deadline ------------------------------------------------------------------

    def _exceeds_fair_share(self, task: GuestTask, keeper: BaseKeeper) -> bool:
        progress = task.progress
        return (
            keeper.terminated_at is None
            and not progress.is_postponed
            and progress.used_seconds + self._clock.now - keeper.started_at > self._fair_share
            and self._schedule.has_others
        )

    def _watch_output(self, number: int, keeper: BaseKeeper) -> None:
        if keeper.watch_again():
            for fd in keeper.descriptors:
                if fd not in self._worker_of:
                    self._watch(number, fd)

    def _watch_channel(self, keeper: BaseKeeper) -> None:
        channel = keeper.descriptors[-1]
        if channel in self._worker_of:
            flags = select.EPOLLIN | (select.EPOLLOUT if keeper.has_unsent_input else 0)
            self._epoll.modify(channel, flags)

    def _watch(self, number: int, fd: int) -> None:
        self._worker_of[fd] = number
        self._epoll.register(fd, select.EPOLLIN)

    def _unwatch(self, fd: int) -> None:
        if self._worker_of.pop(fd, None) is not None:
            with suppress(FileNotFoundError):  # Ctrl-C came between the two steps of `_watch`
                self._epoll.unregister(fd)

    # -- ending ------------------------------------------------------------------------

    def _release(self, number: int) -> None:
        _, keeper = self._busy.pop(number)
        for fd in keeper.descriptors:
            self._unwatch(fd)
        if keeper.processor >= 0:
            self._processors.release(keeper.processor)
        keeper.close()

    def _replace(self, number: int, task: GuestTask, error: WorkerLostError) -> None:
        """Replace a lost worker, and try its task once more."""
        if number in self._busy:
            self._release(number)
        self._postponed.discard(number)
        libraries = self._libraries_of(task)
        workers = self._pools[libraries]
        self._unwatch(workers[number].control.fileno())
        workers[number].close()
        try:
            worker = workers[number] = self._new_worker(number, libraries)
            _require_ready(worker)
        except WorkerLostError:  # where memory is short, the kernel may have killed it, too
            worker = workers[number] = self._new_worker(number, libraries)
            _require_ready(worker)
        self._watch(number, worker.control.fileno())
        if task.is_trial:
            self._schedule.record(task, [])
        elif task.is_second_try:
            self._schedule.record(task, _not_run(task, f"lost twice: {error}"))
        else:
            self._schedule.try_again(task)

    def _begin_drain(self) -> None:
        """Ask the workers of this batch to report when they have nothing left to do."""
        workers = self._used - self._draining
        self._draining |= workers
        _drain(workers, Worker.begin_drain)

    def _shut_down(self) -> None:
        """Free everything, even if the caller stopped before the end of the batch.

        Close each worker that cannot be used again. The next batch replaces it.
        """
        if os.getpid() != self._owner_pid:
            return  # a forked child must end no guest, and `epoll` belongs to both processes
        try:
            self._free_all()
        except BaseException:  # a second Ctrl-C
            # The next batch must not read what the workers of this one have still to report.
            for worker in self._used:
                worker.is_closed = True
            for worker in self._used:
                worker.close()
            raise

    def _free_all(self) -> None:
        for number, (_, keeper) in list(self._busy.items()):
            self._release(number)
            keeper.worker.close()
        # First ask all, then wait for each: they finish at the same time.
        self._begin_drain()
        _drain(self._used, Worker.end_drain)
        for fd in self._open_programs:
            os.close(fd)
        self._epoll.close()


def _never(_index: int) -> bool:
    return False


def _drain(workers: Iterable[Worker], step: Callable[[Worker], None]) -> None:
    """Take one step of a drain. Close each worker that is lost."""
    for worker in workers:
        try:
            if not worker.is_closed:
                step(worker)
        except WorkerLostError:
            worker.close()


def _output_bytes(task: GuestTask) -> int:
    """Return how much of our memory the output of a task's guests may take."""
    question = task.questions[0]
    if isinstance(question, Session):
        return question.harness_limits.output_bytes  # what the candidate prints is not kept
    return task.progress.job.limits.output_bytes


def _memory_bytes(task: GuestTask) -> int:
    """Return how much memory there must be for a task's guests."""
    candidate, question = task.progress.job.limits.memory_bytes, task.questions[0]
    if not isinstance(question, Session):
        return candidate
    return candidate + min(question.harness_limits.memory_bytes, _HARNESS_BYTES)


def _require_ready(worker: Worker) -> None:
    if not worker.wait_ready():
        worker.close()
        raise SandboxError("the kernel refuses a new zygote what it granted an older one")


def _not_run(task: GuestTask, detail: str, cause: Cause = Cause.NONE) -> list[Execution]:
    execution = Execution(ending=Ending.NOT_RUN, detail=detail, cause=cause)
    return [execution] * len(task.questions)
