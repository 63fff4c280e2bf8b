"""The schedule: the order of questions, and results that no number of workers changes."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nova_code_verifier.sandbox.host import schedule as schedule_module
from nova_code_verifier.sandbox.host.schedule import GuestTask, Schedule
from nova_code_verifier.sandbox.types import (
    Call,
    Cause,
    EncodedValue,
    Ending,
    Execution,
    Job,
    Limits,
    Run,
    Session,
)

RIGHT = Execution(ending=Ending.FINISHED, detail="right")
RAISED = Execution(ending=Ending.RAISED)
CRASHED = Execution(ending=Ending.CRASHED)
LATE = Execution(ending=Ending.OUT_OF_TIME, cause=Cause.CPU_TIME)
SLEEPY = Execution(ending=Ending.OUT_OF_TIME)
FATAL = (Ending.CRASHED, Ending.OUT_OF_TIME)  # a guest does not live on after these

Behaviour = tuple[Execution, ...]


def job_of(
    question: type[Run | Call],
    count: int,
    *,
    give_up_after: int = 5,
    limits: Limits = Limits(),
) -> Job:
    """Return a job of so many questions, each with its number in it."""
    numbers = range(count)
    questions = (
        tuple(Run(argv=(str(number),)) for number in numbers)
        if question is Run
        else tuple(Call(entry_point="f", arguments=(number,)) for number in numbers)
    )
    return Job(program="", questions=questions, give_up_after=give_up_after, limits=limits)


@dataclass(slots=True, kw_only=True)
class Workers:
    """Workers that answer tasks: *behaviours* says how each question of each job ends.

    A question that is asked again ends as *second_times* says, if it is in there. `order` selects
    which of the busy workers ends next.
    """

    behaviours: list[Behaviour]
    second_times: dict[tuple[int, int], Execution]
    count: int = 1
    order: Callable[[int], int] = lambda _: 0

    def run(self, jobs: Iterable[Job]) -> dict[int, list[Execution | None]]:
        """Ask all questions; return the executions of each job by its index."""
        schedule, busy, done = Schedule(jobs), list[GuestTask](), {}
        asked: set[tuple[int, int]] = set()
        while True:
            while len(busy) < self.count and (task := schedule.next_task()) is not None:
                busy.append(task)
            for progress in schedule.completed():
                assert progress.index not in done
                done[progress.index] = progress.executions
            if not busy:
                return done
            task = busy.pop(self.order(len(busy)))
            schedule.record(task, list(self._answers(task, asked)))

    def _answers(self, task: GuestTask, asked: set[tuple[int, int]]) -> Iterator[Execution]:
        index = task.progress.index
        for number in range(task.first, task.first + len(task.questions)):
            first_time = (index, number) not in asked
            asked.add((index, number))
            execution = self.behaviours[index][number]
            if not first_time:
                execution = self.second_times.get((index, number), execution)
            yield execution
            if execution.ending in FATAL:
                return


def executions_of(job: Job, behaviour: Behaviour, second: dict[int, Execution]) -> Behaviour:
    """Run one job in one worker."""
    workers = Workers(
        behaviours=[behaviour], second_times={(0, number): e for number, e in second.items()}
    )
    executions = workers.run([job])[0]
    assert None not in executions
    return tuple(execution for execution in executions if execution is not None)


def endings_of(job: Job, *behaviour: Execution, second: dict[int, Execution] | None = None) -> str:
    """Run one job in one worker, and return a letter for the ending of each question."""
    letters = {
        Ending.FINISHED: "f",
        Ending.RAISED: "r",
        Ending.CRASHED: "c",
        Ending.OUT_OF_TIME: "t",
        Ending.SKIPPED: "s",
    }
    return "".join(
        letters[execution.ending] for execution in executions_of(job, behaviour, second or {})
    )


def take_tasks(schedule: Schedule, count: int) -> list[GuestTask]:
    """Take so many tasks from a schedule."""
    tasks = [schedule.next_task() for _ in range(count)]
    return [task for task in tasks if task is not None]


both_kinds = pytest.mark.parametrize("question", [Run, Call])


# Order


@both_kinds
def test_executions_are_in_the_order_of_the_questions(question: type[Run | Call]) -> None:
    """Each question gets its own execution."""
    behaviour = (RIGHT, RAISED, CRASHED, RIGHT, LATE, SLEEPY, RIGHT)

    assert executions_of(job_of(question, 7), behaviour, {}) == behaviour


def test_every_run_is_a_task_of_its_own() -> None:
    """A program that is run answers one question in its own guest."""
    schedule = Schedule([job_of(Run, 3)])

    tasks = [task for _ in range(3) if (task := schedule.next_task())]

    assert [(task.first, len(task.questions)) for task in tasks] == [(0, 1), (1, 1), (2, 1)]


def test_all_calls_of_a_job_are_one_task() -> None:
    """The calls of a job share a guest, in order."""
    job = job_of(Call, 3)

    task = Schedule([job]).next_task()

    assert task is not None
    assert (task.first, task.questions) == (0, job.questions)


def test_calls_continue_in_a_new_guest_after_a_crash() -> None:
    """The calls after a crash are a new task."""
    job = job_of(Call, 5)
    schedule = Schedule([job])
    first = schedule.next_task()
    assert first is not None

    schedule.record(first, [RIGHT, CRASHED])

    second = schedule.next_task()
    assert second is not None
    assert (second.first, second.questions) == (2, job.questions[2:])


KILLED = Execution(ending=Ending.NOT_RUN, cause=Cause.KILLED)


def test_calls_without_an_answer_are_asked_again_after_a_kill() -> None:
    """They come next, as a second try; the answers before stay."""
    schedule = Schedule([job_of(Call, 4), job_of(Call, 1)])
    first, _ = take_tasks(schedule, 2)

    schedule.record(first, [RIGHT, KILLED])

    (again,) = tasks_of(schedule)
    assert (again.first, len(again.questions), again.is_second_try) == (1, 3, True)
    schedule.record(again, [RAISED] * 3)
    assert [done.executions for done in schedule.completed()] == [[RIGHT, *[RAISED] * 3]]


def test_answers_of_several_guests_do_not_count_if_all_are_needed_of_one() -> None:
    """The guest that is asked again gets all questions."""
    job = replace(job_of(Call, 4), needs_all=True)
    schedule = Schedule([job])
    first, *_ = take_tasks(schedule, 1)

    schedule.record(first, [RIGHT, KILLED])

    (again,) = tasks_of(schedule)
    assert again.questions == job.questions


@both_kinds
def test_a_second_kill_is_an_outage_of_the_whole_job(question: type[Run | Call]) -> None:
    """A sample without one of its answers is ungraded, so its other questions are not asked."""
    schedule = Schedule([job_of(question, 3)])
    for _ in range(2):
        task = schedule.next_task()
        assert task is not None
        schedule.record(task, [KILLED])

    assert list(tasks_of(schedule)) == []
    assert [done.executions for done in schedule.completed()] == [[KILLED] * 3]


def test_a_guest_that_may_have_killed_itself_has_crashed_at_the_second_time() -> None:
    """Its other questions are asked."""
    crash = replace(CRASHED, cause=Cause.KILLED)
    schedule = Schedule([job_of(Call, 2)])
    for _ in range(2):
        task = schedule.next_task()
        assert task is not None
        schedule.record(task, [crash])

    (rest,) = tasks_of(schedule)
    assert (rest.first, rest.is_second_try) == (1, False)


def test_the_rest_of_a_job_comes_before_the_next_job() -> None:
    """A job that was started is completed first, so that its row is ready early."""
    schedule = Schedule([job_of(Call, 2), job_of(Run, 2)])
    first, _ = take_tasks(schedule, 2)

    schedule.record(first, [CRASHED])

    assert [task.progress.index for task in take_tasks(schedule, 2)] == [0, 1]


def test_a_job_without_questions_is_complete_at_once() -> None:
    """A job without questions needs no worker."""
    schedule = Schedule([Job(program="", questions=())])

    assert schedule.next_task() is None
    assert [progress.index for progress in schedule.completed()] == [0]


def test_a_complete_job_is_returned_once() -> None:
    """`completed` does not return a job again."""
    schedule = Schedule([Job(program="", questions=())])
    schedule.next_task()
    list(schedule.completed())

    assert list(schedule.completed()) == []


def test_a_lost_task_is_tried_again_first() -> None:
    """A task that was lost through our own fault comes next, marked as a second try."""
    schedule = Schedule([job_of(Run, 2)])
    lost = schedule.next_task()
    assert lost is not None

    schedule.try_again(lost)

    again = schedule.next_task()
    assert again is not None
    assert (again.first, again.questions, again.is_second_try) == (0, lost.questions, True)


# Laziness


def record_fetches(jobs: Iterable[Job], fetched: list[Job]) -> Iterator[Job]:
    """Yield the jobs one by one, and record which were fetched."""
    for job in jobs:
        fetched.append(job)
        yield job


def test_no_job_is_fetched_before_it_is_needed() -> None:
    """A schedule fetches no job when it is created."""
    fetched: list[Job] = []

    Schedule(record_fetches([job_of(Run, 1)] * 3, fetched))

    assert fetched == []


@pytest.mark.parametrize("taken", [1, 2, 3, 4])
def test_a_job_is_fetched_when_a_worker_needs_it(taken: int) -> None:
    """A job is fetched when no question of an earlier one is left."""
    fetched: list[Job] = []
    schedule = Schedule(record_fetches([job_of(Run, 2)] * 9, fetched))

    for _ in range(taken):
        schedule.next_task()

    assert len(fetched) == (taken + 1) // 2


# Giving up


@both_kinds
@pytest.mark.parametrize(
    ("give_up_after", "endings"), [(2, "ttsss"), (3, "tttss"), (4, "tttts"), (5, "ttttt")]
)
def test_questions_after_enough_time_outs_are_skipped(
    question: type[Run | Call], give_up_after: int, endings: str
) -> None:
    """A program that is too slow does not use its limit for every question."""
    job = job_of(question, 5, give_up_after=give_up_after)

    assert endings_of(job, *[LATE] * 5) == endings


@both_kinds
def test_time_outs_need_not_follow_each_other(question: type[Run | Call]) -> None:
    """All time-outs of a job count, of CPU time and of wall time."""
    job = job_of(question, 7, give_up_after=2)

    assert endings_of(job, RIGHT, LATE, CRASHED, SLEEPY, RIGHT, LATE, RIGHT) == "ftctsss"


def test_only_time_outs_end_a_job_early() -> None:
    """Crashes and exceptions do not count as time-outs."""
    assert endings_of(job_of(Call, 8, give_up_after=2), *[CRASHED, RAISED] * 4) == "crcrcrcr"


def test_giving_up_a_job_changes_no_other_job() -> None:
    """The next job starts without time-outs."""
    workers = Workers(behaviours=[(LATE,) * 3, (RIGHT,) * 3], second_times={})

    done = workers.run([job_of(Run, 3, give_up_after=2)] * 2)

    assert done[1] == [RIGHT] * 3


# Out of the time of all

BUSY = replace(RIGHT, cpu_seconds=2.0)
DOZY = replace(RIGHT, own_seconds=2.0)


@both_kinds
@pytest.mark.parametrize("slow", [BUSY, DOZY, replace(RAISED, cpu_seconds=2.0)])
def test_questions_after_the_total_are_skipped(question: type[Run | Call], slow: Execution) -> None:
    """The question at which all so far exceed a total is out of time, and no later one counts."""
    job = job_of(question, 6, limits=Limits(total_cpu_seconds=5.0, total_wall_seconds=5.0))
    done = Workers(behaviours=[(slow,) * 6], second_times={}).run([job])[0]

    endings = "".join(execution.ending[0] for execution in done if execution)
    assert endings == slow.ending[0] * 2 + "osss"
    assert [execution.cause for execution in done if execution][2] is Cause.TOTAL_TIME


@both_kinds
def test_a_question_that_failed_at_the_total_stays_what_it_is(question: type[Run | Call]) -> None:
    """No program hides an attempt at a forbidden action behind the time that it took."""
    job = job_of(question, 3, limits=Limits(total_cpu_seconds=3.0))
    forbidden = Execution(ending=Ending.FORBIDDEN, cpu_seconds=2.0)

    done = Workers(behaviours=[(BUSY, forbidden, RIGHT)], second_times={}).run([job])[0]

    assert [execution and execution.ending for execution in done[1:]] == ["forbidden", "skipped"]


def test_the_start_of_guests_is_in_no_total() -> None:
    """A sample of many short runs is not late for what its guests cost."""
    short = replace(RIGHT, cpu_seconds=0.015, own_seconds=0.02)
    limits = Limits(total_cpu_seconds=0.05, total_wall_seconds=0.05)

    assert endings_of(job_of(Run, 50, limits=limits), *[short] * 50) == "f" * 50


def test_a_guest_gets_what_is_left_of_the_totals() -> None:
    """What is known of the earlier questions counts, and nothing else."""
    limits = Limits(total_cpu_seconds=5.0, total_wall_seconds=9.0)
    schedule = Schedule([job_of(Run, 3, limits=limits)])
    first, second, third = (schedule.next_task() for _ in range(3))
    assert first is not None
    assert second is not None
    assert third is not None
    progress = third.progress

    assert progress.limits_of(second.first) == limits
    schedule.record(second, [replace(RIGHT, cpu_seconds=1.02, own_seconds=2.02)])

    assert progress.limits_of(first.first) == limits
    assert progress.limits_of(third.first).total_cpu_seconds == pytest.approx(4.0)
    assert progress.limits_of(third.first).total_wall_seconds == pytest.approx(7.0)


def test_a_time_out_of_a_sample_without_time_is_not_asked_again() -> None:
    """One that exceeds a total has failed, so nobody needs to know about one question."""
    job = job_of(Run, 4, limits=Limits(total_cpu_seconds=3.0))

    assert endings_of(job, LATE, BUSY, BUSY, BUSY, second={0: RIGHT}) == "tfts"


# Once more


@both_kinds
def test_a_single_time_out_is_asked_again(question: type[Run | Call]) -> None:
    """The second execution counts, because a single time-out may be noise."""
    job = job_of(question, 3)

    assert endings_of(job, RIGHT, LATE, RIGHT, second={1: RIGHT}) == "fff"


def test_a_time_out_is_confirmed_in_a_guest_of_its_own() -> None:
    """The task that confirms a time-out holds one question."""
    job = job_of(Call, 3)
    schedule = Schedule([job])
    for executions in ([RIGHT, LATE], [RIGHT]):
        task = schedule.next_task()
        assert task is not None
        schedule.record(task, executions)

    confirming = schedule.next_task()

    assert confirming is not None
    assert (confirming.first, confirming.questions) == (1, (job.questions[1],))


@both_kinds
def test_a_time_out_is_confirmed_once(question: type[Run | Call]) -> None:
    """A question that times out twice keeps its time-out."""
    assert endings_of(job_of(question, 3), RIGHT, LATE, RIGHT, second={1: LATE}) == "ftf"


@both_kinds
def test_an_execution_says_that_it_is_the_second(question: type[Run | Call]) -> None:
    """Only what was asked again is confirmed."""
    found = executions_of(job_of(question, 3), (RIGHT, LATE, RIGHT), {1: RIGHT})

    assert [execution.is_confirmed for execution in found] == [False, True, False]


def test_two_time_outs_are_not_asked_again() -> None:
    """Two time-outs are no noise."""
    assert endings_of(job_of(Run, 3), LATE, RIGHT, LATE, second={0: RIGHT, 2: RIGHT}) == "tft"


def test_a_wall_time_out_is_not_asked_again() -> None:
    """The wall time limit is generous, and a second sleep would cost as much again."""
    assert endings_of(job_of(Run, 2), SLEEPY, RIGHT, second={0: RIGHT}) == "tf"


def test_a_job_is_not_complete_before_its_confirmation() -> None:
    """A job waits for the question that is asked again."""
    schedule = Schedule([job_of(Run, 1)])
    task = schedule.next_task()
    assert task is not None

    schedule.record(task, [LATE])

    assert list(schedule.completed()) == []


# Postponing


def test_a_postponed_job_comes_after_all_others() -> None:
    """A job that took more than its share waits for all other jobs."""
    schedule = Schedule([job_of(Run, 2), job_of(Run, 1), job_of(Call, 1)])
    (greedy,) = take_tasks(schedule, 1)

    schedule.postpone(greedy)

    tasks = take_tasks(schedule, 5)
    assert [(task.progress.index, task.first) for task in tasks] == [
        (1, 0),
        (2, 0),
        (0, 0),
        (0, 1),
    ]


def test_a_postponed_job_has_all_its_executions() -> None:
    """A postponed job is completed like any other."""
    schedule = Schedule([job_of(Run, 2), job_of(Run, 1)])
    schedule.postpone(take_tasks(schedule, 1)[0])

    for task in take_tasks(schedule, 3):
        schedule.record(task, [RIGHT])

    assert {progress.index: progress.executions for progress in schedule.completed()} == {
        0: [RIGHT] * 2,
        1: [RIGHT],
    }


def test_the_questions_of_a_postponed_job_are_no_others() -> None:
    """After a postponed job, its own questions do not count as other jobs."""
    schedule = Schedule([job_of(Run, 2)])
    schedule.postpone(take_tasks(schedule, 1)[0])
    take_tasks(schedule, 1)

    assert not schedule.has_others


def test_jobs_that_were_not_fetched_are_others() -> None:
    """Jobs of a list count as others before they are fetched."""
    schedule = Schedule([job_of(Run, 1)] * 2)
    take_tasks(schedule, 1)

    assert schedule.has_others


# Memory


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep only ten bytes of a job's outputs."""
    monkeypatch.setattr(schedule_module, "KEPT_BYTES_MAX", 10)


def printed(count: int) -> Execution:
    """Return the execution of a program that printed so many bytes."""
    return Execution(ending=Ending.FINISHED, exit_status=0, stdout=b"x" * count)


@pytest.mark.usefixtures("little_room")
def test_the_outputs_of_a_job_are_bounded_together() -> None:
    """Outputs of the last questions are dropped when all together are too large."""
    job = job_of(Run, 4, limits=Limits(output_bytes=5))
    executions = executions_of(job, tuple(map(printed, (4, 6, 1, 0))), {})

    assert [execution.ending for execution in executions] == [
        Ending.FINISHED,
        Ending.FINISHED,
        Ending.TOO_MUCH_OUTPUT,
        Ending.FINISHED,  # it holds nothing
    ]


@pytest.mark.usefixtures("little_room")
def test_all_outputs_may_be_as_long_as_the_limit_of_one() -> None:
    """A job whose own limit is larger than the bound keeps as much as its limit."""
    job = job_of(Run, 3, limits=Limits(output_bytes=20))
    executions = executions_of(job, tuple(map(printed, (12, 8, 1))), {})

    finished, too_much = Ending.FINISHED, Ending.TOO_MUCH_OUTPUT
    assert [execution.ending for execution in executions] == [finished, finished, too_much]


@pytest.mark.usefixtures("little_room")
def test_answers_count_as_long_as_they_are_encoded() -> None:
    """A call's value takes as much room as its encoded form: nobody has decoded it."""
    job = job_of(Call, 2, limits=Limits(output_bytes=5))
    answer = replace(RIGHT, value=EncodedValue(b"[1,2]"), value_bytes=5)

    assert executions_of(job, (answer, answer), {}) == (answer, answer)


@pytest.mark.usefixtures("little_room")
def test_the_bound_on_outputs_is_per_job() -> None:
    """The output of one job does not count against the next."""
    workers = Workers(behaviours=[(printed(10),)] * 2, second_times={})

    done = workers.run([job_of(Run, 1, limits=Limits(output_bytes=5))] * 2)

    assert done == {0: [printed(10)], 1: [printed(10)]}


@pytest.mark.usefixtures("little_room")
def test_dropped_outputs_do_not_depend_on_the_workers() -> None:
    """The same outputs are dropped for any number of workers."""
    job = job_of(Run, 2, limits=Limits(output_bytes=5))
    one = Workers(behaviours=[(printed(9), printed(4))], second_times={})
    two = Workers(behaviours=one.behaviours, second_times={}, count=2, order=lambda busy: busy - 1)

    assert one.run([job]) == two.run([job])


# Any number of workers

ends = st.sampled_from(
    [
        RIGHT,
        RIGHT,
        RAISED,
        CRASHED,
        LATE,
        LATE,
        SLEEPY,
        printed(4),
        replace(LATE, stdout=b"12345"),
        BUSY,
        DOZY,
        replace(LATE, cpu_seconds=1.5),
        replace(CRASHED, own_seconds=1.5),
    ]
)
behaviours = st.lists(ends, max_size=9).map(tuple)
kinds = st.sampled_from([Run, Call])
LITTLE_TIME = Limits(total_cpu_seconds=5.0, total_wall_seconds=5.0)


@settings(max_examples=300)
@given(
    jobs=st.lists(st.tuples(kinds, behaviours, st.integers(2, 6)), max_size=4),
    second=ends,
    workers=st.integers(2, 7),
    data=st.data(),
)
def test_executions_do_not_depend_on_the_workers(
    jobs: list[tuple[type[Run | Call], Behaviour, int]],
    second: Execution,
    workers: int,
    data: st.DataObject,
) -> None:
    """In whatever order workers end, every question has the same execution."""
    one = Workers(
        behaviours=[behaviour for _, behaviour, _ in jobs],
        second_times={
            (index, n): second for index, job in enumerate(jobs) for n in range(len(job[1]))
        },
    )
    several = Workers(
        behaviours=one.behaviours,
        second_times=one.second_times,
        count=workers,
        order=lambda busy: data.draw(st.integers(0, busy - 1)),
    )
    to_run = [
        job_of(kind, len(behaviour), give_up_after=give_up_after, limits=LITTLE_TIME)
        for kind, behaviour, give_up_after in jobs
    ]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule_module, "KEPT_BYTES_MAX", 10)

        assert several.run(to_run) == one.run(to_run)


# Many questions

MANY = 10_000
STEPS_PER_QUESTION = 60


class TooManyStepsError(AssertionError):
    """More function calls than a linear schedule needs."""


def within_steps(steps: int, act: Callable[[], object]) -> None:
    """Call a function, and raise after too many calls of Python functions."""
    left = steps

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal left
        left -= event == "call"
        if left < 0:
            raise TooManyStepsError

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(before)


@pytest.mark.parametrize(
    ("question", "execution"),
    [
        pytest.param(Call, RIGHT, id="calls"),
        pytest.param(Run, RIGHT, id="runs"),
        pytest.param(Run, LATE, id="late runs"),
        pytest.param(Call, LATE, id="late calls"),
        pytest.param(Call, CRASHED, id="crashing calls"),
    ],
)
def test_ten_thousand_questions_take_linear_work(
    question: type[Run | Call], execution: Execution
) -> None:
    """The work for a question does not grow with their number."""
    job = job_of(question, MANY)
    workers = Workers(behaviours=[(execution,) * MANY], second_times={}, count=4)

    within_steps(MANY * STEPS_PER_QUESTION, lambda: workers.run([job]))


def test_ten_thousand_jobs_take_linear_work() -> None:
    """The work for a job does not grow with their number."""
    workers = Workers(behaviours=[(RIGHT,)] * MANY, second_times={}, count=4)
    jobs = [job_of(Run, 1)] * MANY

    within_steps(MANY * STEPS_PER_QUESTION, lambda: workers.run(jobs))


def test_a_session_out_of_cpu_time_is_not_asked_again() -> None:
    """Whoever asked for it decides about its lost items."""
    session = Session(harness="", harness_limits=Limits())
    schedule = Schedule([Job(program="", questions=(session,))])
    task = schedule.next_task()
    assert task is not None

    schedule.record(task, [LATE])

    assert schedule.next_task() is None
    assert [progress.executions for progress in schedule.completed()] == [[LATE]]


class SomeCompany:
    """Lets the jobs at some indices share guests, and accepts all questions but some."""

    def __init__(self, *indices: int, wrong: tuple[int, ...] = ()) -> None:
        """Remember the indices of the jobs, and of the wrong questions."""
        self._indices, self._wrong = indices, wrong

    def may_share_guest(self, job: int) -> bool:
        """Return whether the job is one of these."""
        return job in self._indices

    def accepts(self, _job: int, question: int, _execution: Execution) -> bool:
        """Return whether the question is none of the wrong ones."""
        return question not in self._wrong


def plain_runs(count: int) -> Job:
    """Return a job of runs without arguments."""
    return Job(program="", questions=tuple(Run(stdin=b"%d" % n) for n in range(count)))


def tasks_of(schedule: Schedule) -> Iterator[GuestTask]:
    """Yield the tasks that are left."""
    while (task := schedule.next_task()) is not None:
        yield task


def test_runs_that_may_share_a_guest_are_one_task() -> None:
    """A job in company is complete with the executions of this task."""
    schedule = Schedule([plain_runs(3)], SomeCompany(0))
    (task,) = tasks_of(schedule)
    schedule.record(task, [RIGHT] * 3)

    assert sorted(task.order) == [0, 1, 2]
    assert [progress.executions for progress in schedule.completed()] == [[RIGHT] * 3]


def test_without_an_accepted_company_a_job_runs_as_if_there_had_been_none() -> None:
    """Every run then has a guest of its own, before the jobs behind it, and costs no second try."""
    schedule = Schedule([plain_runs(3), plain_runs(1)], SomeCompany(0))
    task = schedule.next_task()
    assert task is not None
    schedule.record(task, [])
    later = list(tasks_of(schedule))

    assert [(one.progress.index, one.first) for one in later] == [(0, 0), (0, 1), (0, 2), (1, 0)]
    assert not any(one.is_trial or one.is_second_try for one in later)
    assert later[0].progress.used_seconds == 0


def outputs_in_company(count: int) -> list[Execution]:
    """Return an execution for each run, each with an output of its own."""
    return [replace(RIGHT, stdout=b"%d" % n, memory_bytes=9, cpu_seconds=n) for n in range(count)]


@pytest.mark.parametrize("seed", range(5))
def test_one_run_that_was_not_accepted_is_asked_alone(seed: int) -> None:
    """It is not the run that came first in company, if there is another."""
    schedule = Schedule([plain_runs(9)], SomeCompany(0, wrong=(1, 4)))
    schedule_module._RANDOM.seed(seed)
    (task,) = tasks_of(schedule)
    schedule.record(task, outputs_in_company(9))
    (check,) = tasks_of(schedule)

    assert check.first in {1, 4} - {task.order[0]}
    assert (check.order, check.questions) == ((), (task.questions[check.first],))


def test_the_executions_in_company_count_if_a_run_alone_does_the_same() -> None:
    """All of them, with what was measured there, and no run is asked again."""
    schedule = Schedule([plain_runs(3)], SomeCompany(0, wrong=(1,)))
    (task,) = tasks_of(schedule)
    schedule.record(task, outputs_in_company(3))
    (check,) = tasks_of(schedule)
    schedule.record(check, [replace(RIGHT, stdout=b"1", wall_seconds=7)])

    assert list(tasks_of(schedule)) == []
    assert [done.executions for done in schedule.completed()] == [outputs_in_company(3)]


@pytest.mark.parametrize(
    "alone",
    [
        [],
        [replace(RIGHT, stdout=b"2")],
        [replace(RIGHT, stdout=b"1", stderr=b"x")],
        [replace(RIGHT, stdout=b"1", exit_status=1)],
        [replace(LATE, stdout=b"1")],
    ],
)
def test_every_run_is_asked_if_a_run_alone_does_something_else(alone: list[Execution]) -> None:
    """Nothing that happened in company counts then, and nothing that happened in the check."""
    schedule = Schedule([plain_runs(3), plain_runs(1)], SomeCompany(0, wrong=(1,)))
    task = schedule.next_task()
    assert task is not None
    schedule.record(task, outputs_in_company(3))
    check = schedule.next_task()
    assert check is not None
    schedule.record(check, alone)
    later = list(tasks_of(schedule))

    assert [(one.progress.index, one.first) for one in later] == [(0, 0), (0, 1), (0, 2), (1, 0)]
    assert not any(one.is_trial or one.is_second_try for one in later)
    assert later[0].progress.executions == [None] * 3


@pytest.mark.parametrize(
    ("job", "index"),
    [
        (plain_runs(2), 1),
        (plain_runs(1), 0),
        (job_of(Run, 2), 0),
        (job_of(Call, 2), 0),
    ],
    ids=["not allowed", "one run", "arguments", "calls"],
)
def test_other_jobs_are_never_in_company(job: Job, index: int) -> None:
    """Only several runs without arguments can be in company, and only where that is allowed."""
    assert not any(task.is_trial for task in tasks_of(Schedule([job], SomeCompany(index))))
