"""Which question is asked next, and what comes of it: the same with any number of workers."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nova_code_verifier.sandbox.host import schedule as schedule_module
from nova_code_verifier.sandbox.host.schedule import GuestTask, Schedule
from nova_code_verifier.sandbox.types import Call, Cause, Ending, Execution, Job, Run

RIGHT = Execution(ending=Ending.FINISHED, detail="right")
RAISED = Execution(ending=Ending.RAISED)
CRASHED = Execution(ending=Ending.CRASHED)
LATE = Execution(ending=Ending.OUT_OF_TIME, cause=Cause.CPU_TIME)
SLEEPY = Execution(ending=Ending.OUT_OF_TIME)
FATAL = (Ending.CRASHED, Ending.OUT_OF_TIME)  # a guest does not live on after these

Behaviour = tuple[Execution, ...]


def job_of(question: type[Run | Call], count: int, *, give_up_after: int = 5) -> Job:
    """Make a job of so many questions, each with its number in it."""
    numbers = range(count)
    questions = (
        tuple(Run(argv=(str(number),)) for number in numbers)
        if question is Run
        else tuple(Call(entry_point="f", arguments=(number,)) for number in numbers)
    )
    return Job(program="", questions=questions, give_up_after=give_up_after)


@dataclass(slots=True, kw_only=True)
class Workers:
    """Workers that answer visits: *behaviours* tells how each question of each job ends.

    A question that is asked once more ends as the second time in *second_times*, if there
    is one. `order` picks which of the busy workers is the next to come to an end.
    """

    behaviours: list[Behaviour]
    second_times: dict[tuple[int, int], Execution]
    count: int = 1
    order: Callable[[int], int] = lambda _: 0

    def run(self, jobs: Iterable[Job]) -> dict[int, list[Execution | None]]:
        """Ask everything; return the executions of each job by its index."""
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
    return tuple(one for one in executions if one is not None)


def endings_of(job: Job, *behaviour: Execution, second: dict[int, Execution] | None = None) -> str:
    """Run one job in one worker, and sum up how its questions ended: a letter for each."""
    letters = {
        Ending.FINISHED: "f",
        Ending.RAISED: "r",
        Ending.CRASHED: "c",
        Ending.OUT_OF_TIME: "t",
        Ending.SKIPPED: "s",
    }
    return "".join(letters[one.ending] for one in executions_of(job, behaviour, second or {}))


def handed_out(schedule: Schedule, count: int) -> list[GuestTask]:
    """Take so many visits."""
    tasks = [schedule.next_task() for _ in range(count)]
    return [task for task in tasks if task is not None]


both_kinds = pytest.mark.parametrize("question", [Run, Call])


# Order


@both_kinds
def test_executions_are_in_the_order_of_the_questions(question: type[Run | Call]) -> None:
    """Each question gets its own execution."""
    behaviour = (RIGHT, RAISED, CRASHED, RIGHT, LATE, SLEEPY, RIGHT)

    assert executions_of(job_of(question, 7), behaviour, {}) == behaviour


def test_every_run_is_a_visit_of_its_own() -> None:
    """A program that is run answers one question, and has no other guest's state."""
    schedule = Schedule([job_of(Run, 3)])

    tasks = [task for _ in range(3) if (task := schedule.next_task())]

    assert [(task.first, len(task.questions)) for task in tasks] == [(0, 1), (1, 1), (2, 1)]


def test_all_calls_are_one_visit() -> None:
    """The calls of a job share a guest, in order."""
    job = job_of(Call, 3)

    task = Schedule([job]).next_task()

    assert task is not None
    assert (task.first, task.questions) == (0, job.questions)


def test_calls_go_on_after_a_crash() -> None:
    """The calls after one that ended its guest are asked of a fresh guest."""
    job = job_of(Call, 5)
    schedule = Schedule([job])
    first = schedule.next_task()
    assert first is not None

    schedule.record(first, [RIGHT, CRASHED])

    second = schedule.next_task()
    assert second is not None
    assert (second.first, second.questions) == (2, job.questions[2:])


def test_the_rest_of_a_job_comes_before_the_next_job() -> None:
    """A job that was begun is ended first, so that its row is ready early."""
    schedule = Schedule([job_of(Call, 2), job_of(Run, 2)])
    first, _ = handed_out(schedule, 2)

    schedule.record(first, [CRASHED])

    assert [task.progress.index for task in handed_out(schedule, 2)] == [0, 1]


def test_a_job_without_questions_is_complete_at_once() -> None:
    """Nothing to ask is no reason to wait."""
    schedule = Schedule([Job(program="", questions=())])

    assert schedule.next_task() is None
    assert [progress.index for progress in schedule.completed()] == [0]


def test_a_job_is_handed_over_once() -> None:
    """What was complete and handed over does not come again."""
    schedule = Schedule([Job(program="", questions=())])
    schedule.next_task()
    list(schedule.completed())

    assert list(schedule.completed()) == []


def test_a_lost_visit_is_tried_again_first_and_marked() -> None:
    """A visit that was lost through our own fault comes back at once, as a second try."""
    schedule = Schedule([job_of(Run, 2)])
    lost = schedule.next_task()
    assert lost is not None

    schedule.try_again(lost)

    again = schedule.next_task()
    assert again is not None
    assert (again.first, again.questions, again.is_second_try) == (0, lost.questions, True)


# Laziness


def fetching(jobs: Iterable[Job], fetched: list[Job]) -> Iterator[Job]:
    """Give the jobs one by one, and note which were taken."""
    for job in jobs:
        fetched.append(job)
        yield job


def test_no_job_is_fetched_before_it_is_needed() -> None:
    """A million jobs may be described by an iterator: none is taken in advance."""
    fetched: list[Job] = []

    Schedule(fetching([job_of(Run, 1)] * 3, fetched))

    assert fetched == []


@pytest.mark.parametrize("taken", [1, 2, 3, 4])
def test_jobs_are_fetched_as_workers_become_free(taken: int) -> None:
    """A job is fetched when no question of an earlier one is left to hand out."""
    fetched: list[Job] = []
    schedule = Schedule(fetching([job_of(Run, 2)] * 9, fetched))

    for _ in range(taken):
        schedule.next_task()

    assert len(fetched) == (taken + 1) // 2


# Giving up


@both_kinds
@pytest.mark.parametrize(
    ("give_up_after", "endings"), [(2, "ttsss"), (3, "tttss"), (4, "tttts"), (5, "ttttt")]
)
def test_after_enough_late_questions_the_rest_is_skipped(
    question: type[Run | Call], give_up_after: int, endings: str
) -> None:
    """A program that is too slow does not use up its limit for every question."""
    job = job_of(question, 5, give_up_after=give_up_after)

    assert endings_of(job, *[LATE] * 5) == endings


@both_kinds
def test_late_questions_need_not_be_neighbours(question: type[Run | Call]) -> None:
    """What counts is how many earlier questions were late, by either clock."""
    job = job_of(question, 7, give_up_after=2)

    assert endings_of(job, RIGHT, LATE, CRASHED, SLEEPY, RIGHT, LATE, RIGHT) == "ftctsss"


def test_only_being_late_counts() -> None:
    """Crashes and exceptions are quick: they are no reason to give up."""
    assert endings_of(job_of(Call, 8, give_up_after=2), *[CRASHED, RAISED] * 4) == "crcrcrcr"


def test_giving_up_costs_its_own_job_only() -> None:
    """The next job starts with no late question."""
    workers = Workers(behaviours=[(LATE,) * 3, (RIGHT,) * 3], second_times={})

    done = workers.run([job_of(Run, 3, give_up_after=2)] * 2)

    assert done[1] == [RIGHT] * 3


# Once more


@both_kinds
def test_a_lone_late_question_is_asked_once_more(question: type[Run | Call]) -> None:
    """A single timeout may be the machine's fault: the second answer counts."""
    job = job_of(question, 3)

    assert endings_of(job, RIGHT, LATE, RIGHT, second={1: RIGHT}) == "fff"


def test_a_question_is_confirmed_alone() -> None:
    """The question that is asked once more gets a guest for itself."""
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
def test_a_question_that_is_late_twice_is_late(question: type[Run | Call]) -> None:
    """There is one confirmation, not one for every timeout."""
    assert endings_of(job_of(question, 3), RIGHT, LATE, RIGHT, second={1: LATE}) == "ftf"


def test_two_late_questions_are_not_asked_again() -> None:
    """Two timeouts are no accident."""
    assert endings_of(job_of(Run, 3), LATE, RIGHT, LATE, second={0: RIGHT, 2: RIGHT}) == "tft"


def test_a_sleeper_is_not_asked_again() -> None:
    """The wall clock is generous already, and a second sleep would cost as much again."""
    assert endings_of(job_of(Run, 2), SLEEPY, RIGHT, second={0: RIGHT}) == "tf"


def test_a_job_is_not_complete_before_its_confirmation() -> None:
    """No row is written while a question is to be asked once more."""
    schedule = Schedule([job_of(Run, 1)])
    task = schedule.next_task()
    assert task is not None

    schedule.record(task, [LATE])

    assert list(schedule.completed()) == []


@pytest.mark.parametrize("give_up_after", [1, 0, -1])
def test_no_job_gives_up_after_a_timeout_that_may_be_none(give_up_after: int) -> None:
    """What a lone timeout had skipped would stay skipped when its confirmation is in time."""
    with pytest.raises(ValueError, match="expected 2 or more"):
        job_of(Run, 3, give_up_after=give_up_after)


# Postponing


def test_a_postponed_job_comes_after_all_others() -> None:
    """Who takes more than a share of the time waits for the others, and is then asked."""
    schedule = Schedule([job_of(Run, 2), job_of(Run, 1), job_of(Call, 1)])
    (greedy,) = handed_out(schedule, 1)

    schedule.postpone(greedy)

    tasks = handed_out(schedule, 5)
    assert [(task.progress.index, task.first) for task in tasks] == [
        (1, 0),
        (2, 0),
        (0, 0),
        (0, 1),
    ]


def test_a_postponed_job_has_all_its_executions() -> None:
    """To wait costs no answer."""
    schedule = Schedule([job_of(Run, 2), job_of(Run, 1)])
    schedule.postpone(handed_out(schedule, 1)[0])

    for task in handed_out(schedule, 3):
        schedule.record(task, [RIGHT])

    assert {one.index: one.executions for one in schedule.completed()} == {
        0: [RIGHT] * 2,
        1: [RIGHT],
    }


def test_a_job_alone_has_no_others() -> None:
    """The questions that are left of the last job are nobody else's turn after it was postponed."""
    schedule = Schedule([job_of(Run, 2)])
    schedule.postpone(handed_out(schedule, 1)[0])
    handed_out(schedule, 1)

    assert not schedule.has_others


def test_jobs_that_were_not_begun_are_others() -> None:
    """A list of jobs tells how many are still to come."""
    schedule = Schedule([job_of(Run, 1)] * 2)
    handed_out(schedule, 1)

    assert schedule.has_others


# Memory


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep ten bytes of a job's outputs, and no more."""
    monkeypatch.setattr(schedule_module, "KEPT_BYTES_MAX", 10)


def printing(count: int) -> Execution:
    """Describe a program that printed so many bytes."""
    return Execution(ending=Ending.FINISHED, exit_status=0, stdout=b"x" * count)


@pytest.mark.usefixtures("little_room")
def test_what_a_job_prints_is_bounded_all_together() -> None:
    """Many outputs, each within its limit, must not fill our memory until they are judged."""
    executions = executions_of(job_of(Run, 4), tuple(map(printing, (4, 6, 1, 0))), {})

    assert [one.ending for one in executions] == [
        Ending.FINISHED,
        Ending.FINISHED,
        Ending.TOO_MUCH_OUTPUT,
        Ending.FINISHED,  # it holds nothing
    ]


@pytest.mark.usefixtures("little_room")
def test_each_job_has_room_of_its_own() -> None:
    """What one job prints is not held against the next."""
    workers = Workers(behaviours=[(printing(10),)] * 2, second_times={})

    done = workers.run([job_of(Run, 1)] * 2)

    assert done == {0: [printing(10)], 1: [printing(10)]}


@pytest.mark.usefixtures("little_room")
def test_the_number_of_workers_does_not_decide_who_prints_too_much() -> None:
    """Whose output finds no more room depends on the questions, not on who is first."""
    one = Workers(behaviours=[(printing(9), printing(4))], second_times={})
    two = Workers(behaviours=one.behaviours, second_times={}, count=2, order=lambda busy: busy - 1)

    assert one.run([job_of(Run, 2)]) == two.run([job_of(Run, 2)])


# Any number of workers

ends = st.sampled_from(
    [RIGHT, RIGHT, RAISED, CRASHED, LATE, LATE, SLEEPY, printing(4), replace(LATE, stdout=b"12345")]
)
behaviours = st.lists(ends, max_size=9).map(tuple)
kinds = st.sampled_from([Run, Call])


@settings(max_examples=300)
@given(
    jobs=st.lists(st.tuples(kinds, behaviours, st.integers(2, 6)), max_size=4),
    second=ends,
    workers=st.integers(2, 7),
    data=st.data(),
)
def test_the_number_of_workers_changes_nothing(
    jobs: list[tuple[type[Run | Call], Behaviour, int]],
    second: Execution,
    workers: int,
    data: st.DataObject,
) -> None:
    """Whichever worker comes to an end first, every question has the same execution."""
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
        job_of(kind, len(behaviour), give_up_after=give_up_after)
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
    """Do something, and raise once it took more than so many calls of Python functions."""
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
    """What a question costs does not grow with the number of questions."""
    job = job_of(question, MANY)
    workers = Workers(behaviours=[(execution,) * MANY], second_times={}, count=4)

    within_steps(MANY * STEPS_PER_QUESTION, lambda: workers.run([job]))


def test_ten_thousand_jobs_take_linear_work() -> None:
    """What a job costs does not grow with the number of jobs."""
    workers = Workers(behaviours=[(RIGHT,)] * MANY, second_times={}, count=4)
    jobs = [job_of(Run, 1)] * MANY

    within_steps(MANY * STEPS_PER_QUESTION, lambda: workers.run(jobs))
