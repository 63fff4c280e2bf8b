"""Carry orders to an executor function, and find out whose fault it is if no reply comes.

In: jobs; `invoke`, which carries a payload there and brings one back. Out: a reply, or the error
that says what is out of order. Must not know: which orders are given when, tests, rewards.

Throttled calls are made again until the deadline, others that failed on the way a few times. If
a job that was sent alone brings the function down twice, or is never run, a program of our own is
sent: if that is run, it was the candidate's doing, and a fact; if not, the function is broken: an
outage.
"""

import random
import threading
import time
from collections.abc import Callable

from nova_code_verifier.sandbox.errors import (
    FunctionCrashedError,
    FunctionOutOfTimeError,
    IsolationRefusedError,
    PayloadTooLargeError,
    ThrottledError,
    UnreachableError,
)
from nova_code_verifier.sandbox.remote.fields import PAYLOAD_BYTES_MAX, PayloadError
from nova_code_verifier.sandbox.remote.request import RunRequest, write_request
from nova_code_verifier.sandbox.remote.response import RunResponse, read_response
from nova_code_verifier.sandbox.types import Cause, Ending, Execution, IsolationLevel, Job, Run

Invoke = Callable[[bytes], bytes]
"""Gives an order to the executor function, and returns its reply. Raises InvocationError."""

LONGEST_SECONDS = 900.0
"""No invocation lasts longer."""
DEADLINE = "the deadline came first"
_ON_THE_WAY_SECONDS = 0.5  # of the time there is, for the reply to come back
_CLOSE_SECONDS = 2.0  # to the deadline: what is not run then had no time
_PAUSE_SECONDS, _PAUSE_SECONDS_MAX = 0.05, 2.0
_UNREACHABLE_MAX = 12
_PROBE = Job(program="print(input())", questions=(Run(stdin=b"are you well?\n"),))
_PROBE_ANSWER = b"are you well?\n"


class ExecutorClient:
    """Gives orders to one function. Safe to share between threads."""

    def __init__(self, invoke: Invoke, *, required: IsolationLevel) -> None:
        """Refuse replies that claim a weaker wall than *required*."""
        self._invoke = invoke
        self._required = required
        self._level: IsolationLevel | None = None
        self._lock = threading.Lock()
        self._reading = threading.Lock()

    def claimed_level(self, deadline: float) -> IsolationLevel:
        """Return the weakest wall that was claimed so far.

        Asks if nothing was; raises SandboxError if nobody answers before *deadline*.
        """
        if self._level is None:
            self._probe(deadline)
        assert self._level is not None  # noqa: S101  (the reply said so)
        return self._level

    def give(
        self,
        jobs: tuple[Job, ...],
        *,
        seconds: float,
        deadline: float,
        stop: threading.Event | None = None,
    ) -> RunResponse:
        """Give an order, and wait for its reply.

        The function is told to take *seconds* at most; *deadline* is of `time.monotonic`. It is
        not called any more once *stop* is set.
        Raises SandboxError, most often an InvocationError, and EncodingError for arguments that
        cannot be sent.
        """
        stop = stop or threading.Event()
        unreachable = 0
        pause, hindrance = _PAUSE_SECONDS, ""
        while True:
            left = deadline - time.monotonic() - _ON_THE_WAY_SECONDS
            if left <= 0 or stop.is_set():
                raise UnreachableError(DEADLINE + hindrance)
            try:
                return self._try(RunRequest(jobs=jobs, seconds=min(seconds, left, LONGEST_SECONDS)))
            except ThrottledError as error:
                hindrance = f"; {error}"
            except UnreachableError as error:
                hindrance = f"; {error}"
                unreachable += 1
                if unreachable == _UNREACHABLE_MAX:
                    raise
            # Anything up to twice the last pause: else all who were refused come back together.
            stop.wait(min(random.uniform(0, pause), max(0.0, left)))  # noqa: S311
            pause = min(2 * pause, _PAUSE_SECONDS_MAX)

    def send_one(
        self,
        job: Job,
        *,
        seconds: float,
        deadline: float,
        stop: threading.Event | None = None,
        is_last_try: bool = False,
    ) -> RunResponse:
        """Give an order for one job. If it brings the function down, that is a fact, too.

        So it is if, at the *last try*, nothing is run though there was time: whoever ends what
        would run it must not have the batch taken for lost.
        Raises as `give` does, but FunctionCrashedError never.
        """
        try:
            reply = self._give_twice(job, seconds=seconds, deadline=deadline, stop=stop)
            if is_last_try and time.monotonic() < deadline - _CLOSE_SECONDS:
                _expect_progress(job, reply.results[0])
        except FunctionCrashedError as error:
            self._probe(deadline, stop)
            late = isinstance(error, FunctionOutOfTimeError)
            ending = Ending.OUT_OF_TIME if late else Ending.CRASHED
            fact = Execution(ending=ending, detail="it brought its executor down")
            return RunResponse(
                level=self.claimed_level(deadline), results=((fact,) * len(job.questions),)
            )
        else:
            return reply

    def _give_twice(
        self, job: Job, *, seconds: float, deadline: float, stop: threading.Event | None
    ) -> RunResponse:
        try:
            return self.give((job,), seconds=seconds, deadline=deadline, stop=stop)
        except FunctionCrashedError:
            # An environment may also die by itself, or of who was there before.
            return self.give((job,), seconds=seconds, deadline=deadline, stop=stop)

    def _try(self, order: RunRequest) -> RunResponse:
        payload = write_request(order)
        if len(payload) > PAYLOAD_BYTES_MAX:
            raise PayloadTooLargeError(
                f"an order of {len(payload)} bytes, packed, and an invocation carries no more than "
                f"{PAYLOAD_BYTES_MAX}: score this sample without an executor function"
            )
        try:
            replied = self._invoke(payload)
            # One at a time: unpacked, a reply may weigh a hundred times as much.
            with self._reading:
                reply = read_response(replied, order.jobs)
        except PayloadError as error:
            raise FunctionCrashedError(f"its reply cannot be read: {error}") from error
        self._note(reply.level)
        return reply

    def _probe(self, deadline: float, stop: threading.Event | None = None) -> None:
        """Send a program of our own. Raises SandboxError if it is not run as it should be."""
        try:
            reply = self._give_twice(_PROBE, seconds=LONGEST_SECONDS, deadline=deadline, stop=stop)
        except FunctionCrashedError as error:
            raise UnreachableError(f"the executor function is out of order: {error}") from error
        said = reply.results[0][0]
        if said.stdout != _PROBE_ANSWER:
            problem = said.detail or said.ending
            raise UnreachableError(f"the executor function does not run programs: {problem}")

    def _note(self, level: IsolationLevel) -> None:
        with self._lock:
            if self._level is None or level < self._level:
                self._level = level
        if level < self._required:
            raise IsolationRefusedError(
                f"the executor function offers level {level}, {self._required} is required"
            )


def _expect_progress(job: Job, executions: tuple[Execution, ...]) -> None:
    """Raise FunctionCrashedError if another try would come no further."""
    lost = next((one for one in executions if one.ending is Ending.NOT_RUN), None)
    if lost is None or (job.is_divisible and executions[0] is not lost):
        return
    is_late = lost.cause is Cause.DEADLINE
    raise (FunctionOutOfTimeError if is_late else FunctionCrashedError)(lost.detail)
