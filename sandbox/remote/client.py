"""Send requests to an executor function, and decide whose fault it is if no response comes.

In: jobs; `invoke`, which sends a payload and returns the response's. Out: a response, or the error
that says what is out of order.

Throttled calls are repeated until the deadline, and other calls that failed on the way a few
times. If a job that was sent alone crashes the function twice, or is never run, the client sends a
program of its own (the probe). If the function runs it, the job was at fault, which is a result; if
not, the function is broken, which is an outage.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from nova_code_verifier.sandbox import errors
from nova_code_verifier.sandbox.remote.fields import PAYLOAD_BYTES_MAX
from nova_code_verifier.sandbox.remote.frames import PayloadError
from nova_code_verifier.sandbox.remote.request import RunRequest, write_request
from nova_code_verifier.sandbox.remote.response import RunResponse, read_response
from nova_code_verifier.sandbox.types import Cause, Ending, Execution, IsolationLevel, Job, Run

Invoke = Callable[[bytes], bytes]
"""Sends a request to the executor function, and returns its response. Raises InvocationError."""

LONGEST_SECONDS = 900.0
"""No invocation lasts longer."""
DEADLINE = "the deadline came first"
_RETURN_SECONDS = 0.5  # reserved, of the time left, for the response to come back
_CLOSE_SECONDS = 2.0  # so close to the deadline, a job that was not run had no time
_PAUSE_SECONDS, _PAUSE_SECONDS_MAX = 0.05, 2.0
_UNREACHABLE_MAX = 12
_OF_THE_MACHINE = (Cause.KILLED, Cause.NO_ROOM)
_PROBE = Job(program="print(input())", questions=(Run(stdin=b"are you well?\n"),))
_PROBE_WITH_PRELUDE = replace(_PROBE, prelude="import sys")
_PROBE_OUTPUT = b"are you well?\n"


class ExecutorClient:
    """Sends requests to one function. Safe to share between threads."""

    def __init__(
        self, invoke: Invoke, *, required: IsolationLevel, modules: tuple[str, ...] = ()
    ) -> None:
        """Refuse responses that claim a weaker isolation level than *required*.

        Jobs that are sessions need the *modules* of their harnesses.
        """
        self._invoke = invoke
        self._required = required
        self._modules = modules
        self._level: IsolationLevel | None = None
        self._lock = threading.Lock()
        self._reading = threading.Lock()

    def claimed_level(self, deadline: float) -> IsolationLevel:
        """Return the weakest isolation level that a response has claimed so far.

        Probes the function if there was no response yet. Raises SandboxError if none comes before
        *deadline*.
        """
        if self._level is None:
            self._probe(deadline)
        assert self._level is not None  # noqa: S101  (the response claimed one)
        return self._level

    def send(
        self,
        jobs: tuple[Job, ...],
        *,
        seconds: float,
        deadline: float,
        stop: threading.Event | None = None,
    ) -> RunResponse:
        """Send a request, and wait for its response.

        The function gets *seconds* at most; *deadline* is in `time.monotonic` seconds. No call
        starts after *stop* is set.

        Raises SandboxError, most often an InvocationError, and EncodingError for arguments that
        cannot be sent.
        """
        stop = stop or threading.Event()
        unreachable_count = 0
        pause, last_problem = _PAUSE_SECONDS, ""
        while True:
            left = deadline - time.monotonic() - _RETURN_SECONDS
            if left <= 0 or stop.is_set():
                raise errors.DeadlineError(DEADLINE + last_problem)
            try:
                return self._send_once(
                    RunRequest(
                        jobs=jobs,
                        seconds=min(seconds, left, LONGEST_SECONDS),
                        modules=self._modules,
                    )
                )
            except (errors.ThrottledError, errors.UnreachableError) as error:
                last_problem = f"; {error}"
                unreachable_count += isinstance(error, errors.UnreachableError)
                if unreachable_count == _UNREACHABLE_MAX:
                    raise
            # Random: without it, all calls that were refused together come back together.
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
        """Send one job. If it crashes the function, the response says so.

        At the *last try*, a job that is not run though there was time counts as a crash, too:
        otherwise a candidate that kills its executor would turn its sample into an outage.

        Raises what `send` raises, but never FunctionCrashedError.
        """
        try:
            response = self._send_twice(job, seconds=seconds, deadline=deadline, stop=stop)
            if is_last_try and time.monotonic() < deadline - _CLOSE_SECONDS:
                self._expect_progress(job, response.results[0])
        except errors.FunctionCrashedError as error:
            self._probe(deadline, stop, job)
            is_late = isinstance(error, errors.FunctionOutOfTimeError)
            ending = Ending.OUT_OF_TIME if is_late else Ending.CRASHED
            execution = Execution(ending=ending, detail="it ended its executor")
            results = ((execution,) * len(job.questions),)
            response = RunResponse(level=self.claimed_level(deadline), results=results)
        return response

    def _expect_progress(self, job: Job, executions: tuple[Execution, ...]) -> None:
        """Raise FunctionCrashedError if another try would get no further."""
        lost = next((known for known in executions if known.ending is Ending.NOT_RUN), None)
        if lost is None or (job.is_divisible and executions[0] is not lost):
            return
        if lost.cause in _OF_THE_MACHINE and self._level is not IsolationLevel.NONE:
            return  # an isolated candidate cannot cause that, nor claim it
        is_late = lost.cause is Cause.DEADLINE
        raise (errors.FunctionOutOfTimeError if is_late else errors.FunctionCrashedError)(
            lost.detail
        )

    def _send_twice(
        self, job: Job, *, seconds: float, deadline: float, stop: threading.Event | None
    ) -> RunResponse:
        try:
            return self.send((job,), seconds=seconds, deadline=deadline, stop=stop)
        except errors.FunctionCrashedError:
            # An environment may also end by itself, or because of an earlier job.
            return self.send((job,), seconds=seconds, deadline=deadline, stop=stop)

    def _send_once(self, request: RunRequest) -> RunResponse:
        payload = write_request(request)
        if len(payload) > PAYLOAD_BYTES_MAX:
            raise errors.PayloadTooLargeError(
                f"the request has {len(payload)} bytes, packed, and an invocation carries at most "
                f"{PAYLOAD_BYTES_MAX}: score this sample without an executor function"
            )
        try:
            response_payload = self._invoke(payload)
            # One at a time: unpacked, a response may be a hundred times as large.
            with self._reading:
                response = read_response(response_payload, request.jobs)
        except PayloadError as error:
            raise errors.FunctionCrashedError(f"its response cannot be read: {error}") from error
        with self._lock:
            self._accept(response)
        return response

    def _accept(self, response: RunResponse) -> None:
        """Note what *response* claims. Raises SandboxError if that is not enough."""
        self._level = min(self._level or response.level, response.level)
        if response.level < self._required:
            raise errors.IsolationRefusedError(
                f"the executor function offers level {response.level}, {self._required} is required"
            )

    def _probe(
        self, deadline: float, stop: threading.Event | None = None, crashed: Job | None = None
    ) -> None:
        """Send a program of our own. Raises SandboxError if the function does not run it right.

        It is like the job that *crashed* the function, if there is one.
        """
        try:
            response = self._send_twice(
                self._probe_like(crashed), seconds=LONGEST_SECONDS, deadline=deadline, stop=stop
            )
        except errors.FunctionCrashedError as error:
            problem = f"the executor function is out of order: {error}"
            raise errors.UnreachableError(problem) from error
        self._check_probe(response.results[0][0])

    def _probe_like(self, crashed: Job | None) -> Job:
        # An executor that is older than preludes refuses them: that is no crash of the job.
        return _PROBE_WITH_PRELUDE if crashed and crashed.prelude else _PROBE

    def _check_probe(self, execution: Execution) -> None:
        if execution.stdout != _PROBE_OUTPUT:
            problem = execution.detail or execution.ending
            raise errors.UnreachableError(f"the executor function does not run programs: {problem}")
