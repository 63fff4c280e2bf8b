"""Batches of many callers."""

import asyncio
import math
import time
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from nova_code_verifier.handlers.gathering.batches import Gatherer, Graders, Inbox, Waiting
from nova_code_verifier.handlers.service import Outcome, Service
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.types import Ending, Execution, Job
from nova_code_verifier.verifier.types import FailureClass, Sample, Verdict
from tests.fakes import ScriptedExecutor

REFERENCE = {"inputs": ["4\n"], "outputs": ["8\n"]}
LOST = Execution(ending=Ending.NOT_RUN, detail="lost")
RIGHT = Execution(ending=Ending.FINISHED, exit_status=0, stdout=b"8\n")


def entry(program: str) -> Entry:
    """Return an entry whose program is to print 8."""
    return Entry(
        id=program, sample=Sample(completion=f"```python\n{program}\n```", reference=REFERENCE)
    )


class Caller:
    """A caller who waits for one outcome."""

    def __init__(self, program: str, deadline: float = math.inf) -> None:
        """Wait for nothing yet."""
        self.outcome: Future[Outcome] = Future()
        self.is_there = True
        self.waiting = Waiting(
            entry=entry(program),
            deliver=self.outcome.set_result,
            is_wanted=lambda: self.is_there,
            size_bytes=10,
            deadline=deadline,
        )


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """Return an inbox that gives two entries at a time."""
    inbox = Inbox(batch_max=2)
    yield inbox
    inbox.close()


def start(inbox: Inbox, executor: ScriptedExecutor) -> None:
    """Grade what is in the inbox."""
    service = Service(executor, Settings(control_samples=0))
    Graders(inbox, service, None).start()


def test_an_outage_is_tried_again(inbox: Inbox) -> None:
    """A sample that was lost twice gets its verdict at the third attempt."""
    answers = iter([LOST, LOST, RIGHT])
    caller = Caller("print(8)")
    start(inbox, ScriptedExecutor(answer=lambda _: next(answers)))
    inbox.put([caller.waiting])

    assert caller.outcome.result(timeout=60).score.verdict is Verdict.ACCEPTED


def test_an_outage_that_stays_is_delivered_as_one(inbox: Inbox) -> None:
    """After three attempts, the caller learns that the sample is ungraded by our fault."""
    caller = Caller("print(8)")
    start(inbox, ScriptedExecutor(answer=lambda _: LOST))
    inbox.put([caller.waiting])

    score = caller.outcome.result(timeout=60).score
    assert (score.verdict, score.is_outage, score.reward) == (Verdict.UNGRADED, True, None)


def test_a_bug_of_a_batch_costs_no_other_sample_its_reward(inbox: Inbox) -> None:
    """The executor raises for one program: that sample is an outage, and the other is graded."""

    def answer(job: Job) -> tuple[Execution]:
        if "bug" in job.program:
            raise RuntimeError("a bug")
        return (RIGHT,)

    executor = ScriptedExecutor(answer_job=answer)
    good, bad = Caller("print(8)"), Caller("print(8)  # bug")
    start(inbox, executor)
    inbox.put([good.waiting, bad.waiting])

    assert good.outcome.result(timeout=60).score.verdict is Verdict.ACCEPTED
    assert bad.outcome.result(timeout=60).score.failure is FailureClass.INFRASTRUCTURE


def test_nothing_runs_for_a_caller_who_has_gone(inbox: Inbox) -> None:
    """Its program never reaches the executor; the entries of others do, two at a time."""
    executor = ScriptedExecutor(answer=lambda _: RIGHT)
    callers = [Caller(f"print(8)  # {number}") for number in range(5)]
    callers.append(Caller("print(8)  # who leaves early"))
    callers[-1].is_there = False
    inbox.put([caller.waiting for caller in callers])
    assert (len(inbox), inbox.waiting_bytes) == (6, 60)
    inbox.drop_unwanted()
    assert (len(inbox), inbox.waiting_bytes) == (5, 50)
    callers.pop()
    callers[0].is_there = False
    start(inbox, executor)
    for caller in callers[1:]:
        caller.outcome.result(timeout=60)

    assert sorted(job.program.strip()[-1] for job in executor.jobs) == ["1", "2", "3", "4"]
    assert not callers[0].outcome.done()
    assert (len(inbox), inbox.waiting_bytes) == (0, 0)


def test_no_verdict_depends_on_the_deadline(inbox: Inbox) -> None:
    """The limits of a job are the same with a short deadline, which the executor learns."""
    executor = ScriptedExecutor(answer=lambda _: RIGHT)
    deadline = time.monotonic() + 60
    start(inbox, executor)
    for caller in (Caller("print(8)"), Caller("print(8)  # soon", deadline)):
        inbox.put([caller.waiting])
        caller.outcome.result(timeout=60)

    assert executor.jobs[0].limits == executor.jobs[1].limits
    assert executor.deadlines == [math.inf, deadline]


@pytest.mark.parametrize("waiting_jobs", [0, 100])
def test_nobody_waits_long_for_others(inbox: Inbox, waiting_jobs: int) -> None:
    """Entries are gathered and handed over, also if jobs wait for a worker all the time."""

    async def gather() -> int:
        gatherer = Gatherer(inbox, has_waiting_jobs=lambda: waiting_jobs > 0)
        gatherer.add(Caller("print(8)").waiting)
        gatherer.add(Caller("print(4 * 2)").waiting)
        assert (len(inbox), gatherer.waiting_bytes) == (0, 20)
        while not len(inbox):
            await asyncio.sleep(0.001)
        return gatherer.waiting_bytes

    assert (asyncio.run(gather()), len(inbox)) == (20, 2)
