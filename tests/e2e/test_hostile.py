"""Candidates that go for the function itself: its runtime interface, its environment.

In Lambda, whoever reaches the runtime interface can read the event, with the references,
and answer in the function's place.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.emulator import running_function
from tests.e2e.samples import RIGHT, metrics_of, square_sample

FORGER = """
import json
from http.client import HTTPConnection

def ask(method, path, body=None):
    connection = HTTPConnection("127.0.0.1", {port}, timeout=20)
    connection.request(method, "/2018-06-01/runtime/invocation/" + path, body)
    return connection.getresponse()

def square(n):
    try:
        told = ask("GET", "next")
        rows = [
            dict(id=sample["id"], aggregate_reward_score=1.0, metrics_list=[])
            for sample in json.load(told)
        ]
        request_id = told.headers["Lambda-Runtime-Aws-Request-Id"]
        ask("POST", request_id + "/response", json.dumps(rows)).read()
        ask("GET", "next")
    except (Exception, SystemExit):
        pass
    return n * n
"""
"""Gives the answer itself, and ends the invocation in the runtime's name."""

STAYER = (
    FORGER
    + """
import os, threading, time

def wait_for_the_next(stay=square):
    while True:
        stay(0)
        time.sleep(0.01)

def square(n):
    try:
        if os.fork() == 0:
            os.setsid()
            wait_for_the_next()
    except (Exception, SystemExit):
        threading.Thread(target=wait_for_the_next, daemon=False).start()
    return n * n
"""
)
"""Leaves a process behind, or else a thread, that answers whatever event comes next."""

SPY = """
import glob, os

def square(n):
    seen = [" ".join(os.environ)]
    for path in glob.glob("/proc/[0-9]*/environ") + ["/proc/self/environ"]:
        try:
            seen.append(open(path, "rb").read().decode("utf-8", "replace"))
        except OSError:
            pass
    found = any("AWS_" in text or "VERIFIER_" in text for text in seen)
    return None if found else n * n
"""
"""Gives the right answer only if it sees nothing of the function's environment."""


def forge(emulator: Path, **variables: Any) -> tuple[Any, Any]:
    """Send the forger, and return the answer and what the log says of the sample."""
    with running_function(emulator, **variables) as function:
        program = FORGER.format(port=function.runtime_port)
        invocation = function.invoke_and_listen([square_sample(program, wall_seconds=3)])
        verdicts = [line["verdict"] for line in invocation.log_lines if "verdict" in line]
        return invocation.answer, verdicts


def test_without_a_wall_an_answer_can_be_forged(emulator: Path) -> None:
    """The attack is real: at level `none` the candidate's rows reach the trainer."""
    rows, _ = forge(emulator, VERIFIER_ISOLATION="none")

    assert rows == [{"id": "square", "aggregate_reward_score": 1.0, "metrics_list": []}]


@pytest.mark.parametrize("level", ["auto", "interpreter"])
def test_a_forged_answer_never_arrives(emulator: Path, level: str) -> None:
    """Behind either wall the attempt is reported, and the true row, a zero, is sent."""
    rows, verdicts = forge(emulator, VERIFIER_ISOLATION=level)

    assert verdicts == ["security_violation"]
    assert [row["aggregate_reward_score"] for row in rows] == [0.0]
    assert rows[0]["metrics_list"]


@pytest.mark.parametrize("level", ["auto", "interpreter"])
def test_a_forger_does_no_harm_to_the_next_event(emulator: Path, level: str) -> None:
    """After the attempt, the same process goes on with true answers."""
    with running_function(emulator, VERIFIER_ISOLATION=level) as function:
        function.invoke([square_sample(FORGER.format(port=function.runtime_port))])
        before = function.runtime_pid

        (row,) = function.invoke([square_sample(RIGHT)])

        assert (row["aggregate_reward_score"], function.runtime_pid) == (1.0, before)


@pytest.mark.parametrize("level", ["auto", "interpreter"])
def test_nobody_stays_behind_for_the_next_event(emulator: Path, level: str) -> None:
    """The attempt is reported, nothing of it lives on, and the next event gets its true rows."""
    with running_function(emulator, VERIFIER_ISOLATION=level) as function:
        function.invoke([square_sample(RIGHT)])
        before = set(function.processes)
        attack = square_sample(STAYER.format(port=function.runtime_port), wall_seconds=3)
        (caught,) = function.invoke([attack])
        stayed = set(function.processes) - before

        rows = function.invoke([square_sample(RIGHT, sample_id="next"), square_sample("1 / 0")])

    assert (metrics_of(caught)["security_violation"], stayed) == (1.0, set())
    assert [row["aggregate_reward_score"] == 1.0 for row in rows] == [True, False]
    assert rows[0]["id"] == "next"


@pytest.mark.parametrize("level", ["auto", "interpreter"])
def test_the_environment_of_the_function_is_out_of_sight(emulator: Path, level: str) -> None:
    """No variable of Lambda's or of ours is in the guest's, or in any that it can read."""
    with running_function(emulator, VERIFIER_ISOLATION=level) as function:
        (row,) = function.invoke([square_sample(SPY)])

    assert row["aggregate_reward_score"] == 1.0
