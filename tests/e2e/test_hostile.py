"""Candidates that attack the reward function: its runtime interface and its environment.

A process in Lambda that reaches the runtime interface can read the event, with the references,
and can answer it instead of the function.
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
        event = ask("GET", "next")
        rows = [
            dict(id=sample["id"], aggregate_reward_score=1.0, metrics_list=[])
            for sample in json.load(event)
        ]
        request_id = event.headers["Lambda-Runtime-Aws-Request-Id"]
        ask("POST", request_id + "/response", json.dumps(rows)).read()
        ask("GET", "next")
    except (Exception, SystemExit):
        pass
    return n * n
"""
"""Answers the event, so that the invocation ends with rows of its own."""

BACKGROUND_FORGER = (
    FORGER
    + """
import os, threading, time

def answer_next_events(answer=square):
    while True:
        answer(0)
        time.sleep(0.01)

def square(n):
    try:
        if os.fork() == 0:
            os.setsid()
            answer_next_events()
    except (Exception, SystemExit):
        threading.Thread(target=answer_next_events, daemon=False).start()
    return n * n
"""
)
"""Leaves a process, or else a thread, that answers the next event."""

ENVIRONMENT_READER = """
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
"""Answers right only if it finds no variable of the function's environment."""


def forge(emulator: Path, **variables: Any) -> tuple[Any, Any]:
    """Send the forger. Return the answer, and the verdicts in the log."""
    with running_function(emulator, **variables) as function:
        program = FORGER.format(port=function.runtime_port)
        invocation = function.invoke_with_log([square_sample(program, wall_seconds=3)])
        verdicts = [line["verdict"] for line in invocation.log_lines if "verdict" in line]
        return invocation.answer, verdicts


def test_without_isolation_an_answer_can_be_forged(emulator: Path) -> None:
    """The attack is real: at level `none` the candidate's rows reach the trainer."""
    rows, _ = forge(emulator, VERIFIER_ISOLATION="none")

    assert rows == [{"id": "square", "aggregate_reward_score": 1.0, "metrics_list": []}]


@pytest.mark.parametrize("level", ["auto", "interpreter"])
def test_isolation_stops_a_forged_answer(emulator: Path, level: str) -> None:
    """At either level the verdict is a violation, and the trainer gets our row, with reward 0."""
    rows, verdicts = forge(emulator, VERIFIER_ISOLATION=level)

    assert verdicts == ["security_violation"]
    assert [row["aggregate_reward_score"] for row in rows] == [0.0]
    assert rows[0]["metrics_list"]


@pytest.mark.parametrize("level", ["auto", "interpreter"])
def test_a_forger_does_not_change_the_next_event(emulator: Path, level: str) -> None:
    """After the attack, the same process scores the next event."""
    with running_function(emulator, VERIFIER_ISOLATION=level) as function:
        function.invoke([square_sample(FORGER.format(port=function.runtime_port))])
        before = function.runtime_pid

        (row,) = function.invoke([square_sample(RIGHT)])

        assert (row["aggregate_reward_score"], function.runtime_pid) == (1.0, before)


@pytest.mark.parametrize("level", ["auto", "interpreter"])
def test_no_process_of_a_candidate_is_left_for_the_next_event(emulator: Path, level: str) -> None:
    """The attack is a violation, its processes end, and the next event gets our rows."""
    with running_function(emulator, VERIFIER_ISOLATION=level) as function:
        function.invoke([square_sample(RIGHT)])
        before = set(function.processes)
        attack = square_sample(BACKGROUND_FORGER.format(port=function.runtime_port), wall_seconds=3)
        (caught,) = function.invoke([attack])
        stayed = set(function.processes) - before

        rows = function.invoke([square_sample(RIGHT, sample_id="next"), square_sample("1 / 0")])

    assert (metrics_of(caught)["security_violation"], stayed) == (1.0, set())
    assert [row["aggregate_reward_score"] == 1.0 for row in rows] == [True, False]
    assert rows[0]["id"] == "next"


@pytest.mark.parametrize("level", ["auto", "interpreter"])
def test_a_candidate_cannot_read_the_functions_environment(emulator: Path, level: str) -> None:
    """It finds no variable of Lambda or of ours, in its own environment or in another's."""
    with running_function(emulator, VERIFIER_ISOLATION=level) as function:
        (row,) = function.invoke([square_sample(ENVIRONMENT_READER)])

    assert row["aggregate_reward_score"] == 1.0
