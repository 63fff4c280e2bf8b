"""The executor function by itself: orders in, replies out, and what it does with anything else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.executor_function.envelope import unwrap, wrap
from nova_code_verifier.sandbox.remote.request import RunRequest, write_request
from nova_code_verifier.sandbox.remote.response import RunResponse, read_response
from nova_code_verifier.sandbox.types import Ending, Job, Limits, Run
from tests.e2e.emulator import Function, running_function

HANDLER = "nova_code_verifier.handlers.executor.lambda_handler"
ECHO = Job(program="print(input())", questions=(Run(stdin=b"1\n"), Run(stdin=b"2\n")))
SLEEPER = Job(
    program="import time; time.sleep(1000)",
    questions=(Run(),),
    limits=Limits(wall_seconds=8 * 3600),
)


@pytest.fixture(scope="module")
def executor(emulator: Path) -> Iterator[Function]:
    """Run the executor function, warm through all the tests."""
    with running_function(emulator, handler=HANDLER, VERIFIER_WORKERS="2") as function:
        yield function


def order(function: Function, *jobs: Job, seconds: float = 60.0) -> RunResponse:
    """Give an order, and read the reply."""
    answer = function.invoke(wrap(write_request(RunRequest(jobs=jobs, seconds=seconds))))
    return read_response(unwrap(answer), jobs)


def test_an_order_is_carried_out(executor: Function) -> None:
    """Every question of every job is answered, in order."""
    reply = order(executor, ECHO)

    assert [one.stdout for one in reply.results[0]] == [b"1\n", b"2\n"]


def test_an_honest_candidate_leaves_it_warm(executor: Function) -> None:
    """One that writes files and prints is no reason to start again."""
    writer = Job(program="open('left', 'w').write('x'); print(1)", questions=(Run(),))
    order(executor, writer)
    before = executor.runtime_pid

    order(executor, writer, seconds=60)

    assert executor.runtime_pid == before


@pytest.mark.parametrize(
    "event",
    [{}, None, [], {"payload": 7}, {"payload": "%"}, {"payload": ""}, wrap(b"nonsense"),
     [{"id": 1, "messages": [], "reference_answer": "secret"}]],
    ids=str,
)  # fmt: skip
def test_what_is_no_order_is_an_error_and_leaves_it_warm(executor: Function, event: Any) -> None:
    """Whoever calls it with something else, a trainer's event say, is told what was expected."""
    order(executor, ECHO)
    before = executor.runtime_pid

    answer = executor.invoke(event)

    assert answer["errorType"] in ("ValueError", "PayloadError")
    assert "secret" not in answer["errorMessage"]
    order(executor, ECHO)
    assert executor.runtime_pid == before


def test_it_takes_no_longer_than_it_is_told(executor: Function) -> None:
    """What is not done by then was not run, which is no verdict."""
    ((sleeper,),) = order(executor, SLEEPER, seconds=1.0).results

    assert (sleeper.ending, sleeper.detail) == (Ending.NOT_RUN, "the deadline came first")


def test_it_replies_before_lambda_ends_it(emulator: Path) -> None:
    """A question with eight hours' patience in a function that has eight seconds."""
    with running_function(
        emulator, handler=HANDLER, AWS_LAMBDA_FUNCTION_TIMEOUT="8", VERIFIER_WORKERS="1"
    ) as function:
        function.invoke({})
        ((sleeper,),) = order(function, SLEEPER).results
        ((first, _),) = order(function, ECHO).results

    assert (sleeper.ending, first.stdout) == (Ending.NOT_RUN, b"1\n")
