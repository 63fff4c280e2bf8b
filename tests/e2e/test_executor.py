"""The executor function alone: requests to run jobs, and events that are no such request."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.executor_function.envelope import unwrap, wrap
from nova_code_verifier.sandbox.remote.protections import Protection
from nova_code_verifier.sandbox.remote.request import RunRequest, write_request
from nova_code_verifier.sandbox.remote.response import RunResponse, read_response
from nova_code_verifier.sandbox.types import Ending, Job, Limits, Run, Session
from nova_code_verifier.verifier.test_code.jobs import HARNESS_MODULES
from tests.e2e.emulator import Function, running_function

HANDLER = "nova_code_verifier.handlers.executor.lambda_handler"
ECHO = Job(program="print(input())", questions=(Run(stdin=b"1\n"), Run(stdin=b"2\n")))
SLEEPER = Job(
    program="import time; time.sleep(1000)",
    questions=(Run(),),
    limits=Limits(wall_seconds=8 * 3600),
)
REPORTER = "import os; os.write(CHANNEL_FD, (2).to_bytes(4, 'big') + b'hi')"
SESSION = Job(
    program="", questions=(Session(harness=REPORTER, harness_limits=Limits(memory_bytes=2**30)),)
)


@pytest.fixture(scope="module")
def executor(emulator: Path) -> Iterator[Function]:
    """Start the executor function. All tests use the same process."""
    with running_function(emulator, handler=HANDLER, VERIFIER_WORKERS="2") as function:
        yield function


def run_jobs(
    function: Function, *jobs: Job, seconds: float = 60.0, modules: tuple[str, ...] = ()
) -> RunResponse:
    """Send a request to run *jobs*, and return the response."""
    request = RunRequest(jobs=jobs, seconds=seconds, modules=modules)
    return read_response(unwrap(function.invoke(wrap(write_request(request)))), jobs)


def test_a_session_is_run_and_the_function_lists_its_protections(executor: Function) -> None:
    """The messages of the harness come back, and the same process serves the next request."""
    run_jobs(executor, ECHO)
    before = executor.runtime_pid

    response = run_jobs(executor, SESSION, modules=HARNESS_MODULES)
    run_jobs(executor, ECHO)

    ((session,),) = response.results
    assert (session.ending, session.harness_ending) == (Ending.FINISHED, Ending.FINISHED)
    assert session.value == (b"hi",)
    assert response.protections == frozenset(Protection)
    assert executor.runtime_pid == before


@pytest.mark.parametrize("level", ["interpreter", "kernel without Landlock"])
def test_a_weak_function_runs_no_session(emulator: Path, level: str) -> None:
    """Even if it is asked for one: the caller may have another function in mind."""
    variables: dict[str, Any] = {"VERIFIER_ISOLATION": "interpreter"}
    handler = HANDLER
    if level != "interpreter":
        handler, variables = "tests.e2e.executor_without_landlock.lambda_handler", {}
    with running_function(emulator, handler=handler, VERIFIER_WORKERS="1", **variables) as function:
        response = run_jobs(function, SESSION, modules=HARNESS_MODULES)

    ((session,),) = response.results
    assert (session.ending, session.value) == (Ending.NOT_RUN, ())
    assert "landlock" in session.detail
    assert Protection.LANDLOCK not in response.protections


def test_other_modules_are_refused(executor: Function) -> None:
    """A zygote would import them before it is confined."""
    run_jobs(executor, ECHO)
    before = executor.runtime_pid
    request = RunRequest(jobs=(SESSION,), seconds=60.0, modules=("antigravity",))

    answer = executor.invoke(wrap(write_request(request)))

    assert answer["errorType"] == "RefusedRequestError"
    assert executor.runtime_pid == before


def test_every_question_is_answered(executor: Function) -> None:
    """The response has the execution of each question, in order."""
    response = run_jobs(executor, ECHO)

    assert [execution.stdout for execution in response.results[0]] == [b"1\n", b"2\n"]


def test_an_honest_candidate_does_not_restart_the_function(executor: Function) -> None:
    """After a candidate that writes a file and prints, the same process serves the next request."""
    writer = Job(program="open('left', 'w').write('x'); print(1)", questions=(Run(),))
    run_jobs(executor, writer)
    before = executor.runtime_pid

    run_jobs(executor, writer, seconds=60)

    assert executor.runtime_pid == before


@pytest.mark.parametrize(
    "event",
    [{}, None, [], {"payload": 7}, {"payload": "%"}, {"payload": ""}, wrap(b"nonsense"),
     [{"id": 1, "messages": [], "reference_answer": "secret"}]],
    ids=str,
)  # fmt: skip
def test_a_malformed_event_is_an_error_and_does_not_restart_the_function(
    executor: Function, event: Any
) -> None:
    """The error does not quote the event, which may be a trainer's, with a reference."""
    run_jobs(executor, ECHO)
    before = executor.runtime_pid

    answer = executor.invoke(event)

    assert answer["errorType"] in ("ValueError", "PayloadError")
    assert "secret" not in answer["errorMessage"]
    run_jobs(executor, ECHO)
    assert executor.runtime_pid == before


def test_a_request_ends_after_its_seconds(executor: Function) -> None:
    """A question that is not answered by then was not run."""
    ((sleeper,),) = run_jobs(executor, SLEEPER, seconds=1.0).results

    assert (sleeper.ending, sleeper.detail) == (Ending.NOT_RUN, "the deadline came first")


def test_the_function_answers_before_lambda_ends_it(emulator: Path) -> None:
    """A question that may take 8 hours, in a function that has 8 seconds, was not run."""
    with running_function(
        emulator, handler=HANDLER, AWS_LAMBDA_FUNCTION_TIMEOUT="8", VERIFIER_WORKERS="1"
    ) as function:
        function.invoke({})
        ((sleeper,),) = run_jobs(function, SLEEPER).results
        ((first, _),) = run_jobs(function, ECHO).results

    assert (sleeper.ending, first.stdout) == (Ending.NOT_RUN, b"1\n")
