"""A fake executor function: programs are words that say what happens when they are run."""

import sys
import threading
from collections.abc import Callable, Iterator
from itertools import count

from nova_code_verifier.sandbox.errors import (
    FunctionCrashedError,
    FunctionOutOfTimeError,
    ThrottledError,
    UnreachableError,
)
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.remote.executor import RemoteExecutor
from nova_code_verifier.sandbox.remote.protections import Protection
from nova_code_verifier.sandbox.remote.request import read_request
from nova_code_verifier.sandbox.remote.response import RunResponse, write_response
from nova_code_verifier.sandbox.types import (
    Call,
    Cause,
    EncodedValue,
    Ending,
    Execution,
    IsolationLevel,
    Job,
    Question,
    Run,
    Session,
)

Invoke = Callable[[bytes], bytes]
PROBE = "print(input())"  # the program of the client's own
TOO_LATE = Execution(ending=Ending.NOT_RUN, cause=Cause.DEADLINE, detail="any text")


class FakeFunction:
    """Answers requests. The n-th word of a program says what happens at its n-th request.

    After its last word, and for a word that is no method, a program echoes its input.
    """

    def __init__(
        self,
        *,
        level: IsolationLevel = IsolationLevel.KERNEL,
        protections: frozenset[Protection] = frozenset(Protection),
    ) -> None:
        """Claim *level* and *protections* in every response."""
        self.level = level
        self.protections = protections
        self.requests: list[tuple[str, ...]] = []
        self.seconds: list[float] = []
        self.in_flight = self.in_flight_max = 0
        self._seen: dict[str, Iterator[int]] = {}
        self._lock = threading.Lock()

    def __call__(self, payload: bytes) -> bytes:
        """Answer a request."""
        request = read_request(payload)
        with self._lock:
            self.requests.append(tuple(job.program for job in request.jobs))
            self.seconds.append(request.seconds)
            self.in_flight += 1
            self.in_flight_max = max(self.in_flight_max, self.in_flight)
        try:
            results = tuple(self.run(job) for job in request.jobs)
        finally:
            with self._lock:
                self.in_flight -= 1
        response = RunResponse(level=self.level, results=results, protections=self.protections)
        return write_response(response, request.jobs)

    def run(self, job: Job) -> tuple[Execution, ...]:
        """Do what the program's next word says."""
        if job.program == PROBE:
            return self.echo(job)
        nth = next(self._seen.setdefault(job.program, count()))
        word = (job.program.split() + ["echo"] * 9)[nth]
        return (getattr(self, word, None) or self.echo)(job)

    @staticmethod
    def echo(job: Job) -> tuple[Execution, ...]:
        """Print the input of each run, return 1 from each call, and report 1 in each session."""
        return tuple(map(_echo, job.questions))

    def crash(self, _: Job) -> tuple[Execution, ...]:
        """End the process of the function."""
        raise FunctionCrashedError("Runtime.ExitError")

    def overtime(self, _: Job) -> tuple[Execution, ...]:
        """Run until the function's own time-out."""
        raise FunctionOutOfTimeError("Task timed out")

    def throttle(self, _: Job) -> tuple[Execution, ...]:
        """Refuse the call as one too many."""
        raise ThrottledError("429")

    def lose(self, _: Job) -> tuple[Execution, ...]:
        """Fail as a broken network does."""
        raise UnreachableError("no route")

    def half(self, job: Job) -> tuple[Execution, ...]:
        """Run the first question, and reach the deadline."""
        return (self.echo(job)[0], *[TOO_LATE] * (len(job.questions) - 1))

    def nothing(self, job: Job) -> tuple[Execution, ...]:
        """Run no question, because of a fault of the sandbox."""
        return (Execution(ending=Ending.NOT_RUN, detail="busy"),) * len(job.questions)

    def killed(self, job: Job) -> tuple[Execution, ...]:
        """Lose the guest of each question, twice."""
        return (Execution(ending=Ending.NOT_RUN, cause=Cause.KILLED),) * len(job.questions)

    def tired(self, job: Job) -> tuple[Execution, ...]:
        """Run no question before the deadline."""
        return (TOO_LATE,) * len(job.questions)

    def late(self, job: Job) -> tuple[Execution, ...]:
        """Run out of CPU time in every question."""
        return (Execution(ending=Ending.OUT_OF_TIME, cause=Cause.CPU_TIME),) * len(job.questions)


def _echo(question: Question) -> Execution:
    match question:
        case Run():
            return Execution(ending=Ending.FINISHED, exit_status=0, stdout=question.stdin)
        case Call():
            return Execution(ending=Ending.FINISHED, value=EncodedValue(b"1"))
        case Session():
            tag = str(sys.implementation.cache_tag).encode()
            is_handshake = b"cache_tag" in question.harness.encode()
            return Execution(ending=Ending.FINISHED, value=(tag if is_handshake else b"1",))


def job_of(program: str, questions: int = 1) -> Job:
    """Return a job that runs a program, with the question's number as input."""
    return Job(program=program, questions=tuple(Run(stdin=b"%d" % n) for n in range(questions)))


def remote(
    invoke: Invoke,
    *,
    concurrency: int = 2,
    jobs_per_request: int = 1,
    may_send_sessions: bool = True,
    required: IsolationLevel = IsolationLevel.INTERPRETER,
) -> RemoteExecutor:
    """Return an executor whose function is *invoke*, and which cannot run trusted programs."""
    return RemoteExecutor(
        invoke,
        _refuse_trusted,
        concurrency=concurrency,
        jobs_per_request=jobs_per_request,
        may_send_sessions=may_send_sessions,
        required=required,
    )


def _refuse_trusted(modules: tuple[str, ...]) -> LocalExecutor:
    raise NotImplementedError(modules)


def endings(
    executor: RemoteExecutor, jobs: list[Job], deadline: float = float("inf")
) -> list[list[str]]:
    """Run jobs, and return the endings of their questions."""
    results = dict(executor.run(jobs, deadline=deadline))
    return [[execution.ending for execution in results[index]] for index in range(len(jobs))]
