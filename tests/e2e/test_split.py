"""The reward function and the executor function together, through the real runtime and boto3.

The expected rows are those of one function alone (`handlers/reward.py` without an executor
function). The other tests show what happens when the executor function is busy, broken, or
stopped by a candidate.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.emulator import Function
from tests.e2e.fleet import Fleet
from tests.e2e.samples import (
    ENDLESS,
    RIGHT,
    SLEEPING,
    Sample,
    metrics_of,
    session_samples,
    square_sample,
    without_durations,
)
from tests.e2e.two_functions import (
    NO_ISOLATION,
    NO_ISOLATION_REQUIRED,
    rewards,
    score,
    two_functions,
)
from tests.paths import REPOSITORY

pytestmark = pytest.mark.slow

RUNTIME_KILLER = """
import os, signal

def square(n):
    zygote = open(f"/proc/{os.getppid()}/stat").read().rpartition(")")[2].split()
    os.kill(int(zygote[1]), signal.SIGKILL)
    return n * n
"""
"""Kills the process in which Lambda runs the handler: the parent of the candidate's zygote."""

PROCESS_LEAVER = """
import os, subprocess

def square(n):
    subprocess.Popen(["sleep", "100"], start_new_session=True)
    return n * n
"""
"""Leaves a process running. Its answers are right."""

FILE_LEAVER = """
import os

def square(n):
    with open(os.path.dirname(os.getcwd()) + "/left", "w") as file:
        file.write("for the next one")
    return n * n
"""
"""Leaves a file outside of its work directory. Its answers are right."""


DIRECTORY_DELETER = """
import os, shutil

def square(n):
    for place in os.scandir(os.path.dirname(os.path.dirname(os.getcwd()))):
        shutil.rmtree(place, ignore_errors=True)
    return n * n
"""
"""Deletes the directories in which the executor runs guests. Its answers are right."""


@pytest.mark.parametrize("batch", ["1", "4"])
def test_two_functions_give_the_rows_of_one(
    emulator: Path, function: Function, sample_set: list[Sample], batch: str
) -> None:
    """No row changes, neither with one candidate per request nor with several."""
    with two_functions(emulator, VERIFIER_EXECUTOR_BATCH=batch) as fleet:
        rows = score(fleet, sample_set)

    assert without_durations(rows) == without_durations(function.invoke(sample_set))


def test_control_samples_pass_through_both_functions(emulator: Path) -> None:
    """Samples of all kinds are graded, also where the function refuses sessions."""
    handler = "tests.e2e.executor_without_landlock.lambda_handler"
    with two_functions(emulator, handler=handler, VERIFIER_CONTROL_SAMPLES="100") as fleet:
        ungraded_reasons(fleet)
        calls = fleet.deployments["executor"].calls
        assert rewards(fleet, right_samples(1)) == [1.0]
        assert fleet.deployments["executor"].calls == calls + 1


def right_samples(count: int) -> list[dict[str, object]]:
    """Return samples whose programs are right, and all different: equal ones would run once."""
    return [square_sample(f"{RIGHT}\n# {number}", sample_id=number) for number in range(count)]


def ungraded_reasons(fleet: Fleet) -> set[str]:
    """Score samples that need sessions, and another one. Return why the first are ungraded."""
    samples = session_samples()
    *rows, other = score(fleet, [*samples, square_sample(RIGHT)])

    assert [metrics_of(row)["ungraded"] for row in rows] == [1.0] * len(samples)
    assert other["aggregate_reward_score"] == 1.0
    (reward,) = fleet.deployments["reward"].idle
    lines = [json.loads(line) for line in reward.log.splitlines() if line.startswith('{"level"')]
    return {line["problem"] for line in lines if line.get("problem")}


def test_a_session_does_not_restart_the_executor(emulator: Path) -> None:
    """Two guests, their harness and their zygotes leave nothing behind."""
    samples = [sample for sample in session_samples() if sample["id"] in ("files-0", "patches-1")]

    with two_functions(emulator, concurrency=1) as fleet:
        assert rewards(fleet, samples) == [1.0, 1.0]
        (function,) = fleet.deployments["executor"].idle
        before, calls = function.runtime_pid, fleet.deployments["executor"].calls
        assert rewards(fleet, samples) == [1.0, 1.0]
        assert function.runtime_pid == before
        # No second handshake.
        assert fleet.deployments["executor"].calls == calls + len(samples)


def test_no_session_is_sent_if_the_operator_forbids_it(emulator: Path) -> None:
    """With `never`, samples that need one are ungraded, and the reason names the setting."""
    with two_functions(emulator, VERIFIER_EXECUTOR_SESSIONS="never") as fleet:
        (reason,) = ungraded_reasons(fleet)
        assert fleet.deployments["executor"].calls == 2  # a probe, and the other sample

    assert "VERIFIER_EXECUTOR_SESSIONS is never" in reason


def test_no_session_is_sent_to_an_executor_of_a_weak_level(emulator: Path) -> None:
    """Samples that need one are ungraded, and the reason names the level."""
    with two_functions(emulator, executor={"VERIFIER_ISOLATION": "interpreter"}) as fleet:
        (reason,) = ungraded_reasons(fleet)
        assert fleet.deployments["executor"].calls == 2

    assert "missing: isolation level kernel (it has interpreter)" in reason


def test_no_session_is_sent_to_an_executor_without_landlock(emulator: Path) -> None:
    """Its level is `kernel`, and that is not enough: the reason names what is missing."""
    handler = "tests.e2e.executor_without_landlock.lambda_handler"
    with two_functions(emulator, handler=handler) as fleet:
        (reason,) = ungraded_reasons(fleet)
        (row,) = score(fleet, [square_sample(RIGHT)])

    assert "missing: landlock" in reason
    assert metrics_of(row)["isolation_level"] == 3.0


def test_a_busy_executor_changes_no_row(emulator: Path) -> None:
    """Most calls are throttled at first, and all samples get their rewards."""
    batch = right_samples(20)

    with two_functions(emulator, concurrency=1, VERIFIER_EXECUTOR_CONCURRENCY="8") as fleet:
        assert rewards(fleet, batch) == [1.0] * 20
        assert fleet.deployments["executor"].throttled > 0


def test_an_executor_that_cannot_start_is_an_outage(emulator: Path) -> None:
    """A deployment that crashes at every call is an error, and no sample gets a zero."""
    with two_functions(
        emulator, handler="nova_code_verifier.handlers.no_such_module.lambda_handler"
    ) as fleet:
        answer = score(fleet, [square_sample(RIGHT)])

    assert answer["errorType"] == "UnreachableError"
    assert "the executor function is out of order" in answer["errorMessage"]


def test_an_unreachable_executor_is_an_outage(emulator: Path) -> None:
    """An address that refuses connections is an error, and no sample gets a zero."""
    with two_functions(emulator, AWS_ENDPOINT_URL_LAMBDA="http://127.0.0.1:1") as fleet:
        answer = score(fleet, [square_sample(RIGHT)])

    assert answer["errorType"] == "UnreachableError"


def test_an_unreachable_executor_leaves_rows_ungraded_on_request(emulator: Path) -> None:
    """With `VERIFIER_ON_OUTAGE=value`, samples that need no executor are scored as usual."""
    label = square_sample("") | {"reference_answer": "positive"}
    label["messages"][-1]["content"] = "\\boxed{positive}"
    unreachable: dict[str, Any] = {"AWS_ENDPOINT_URL_LAMBDA": "http://127.0.0.1:1"}

    with two_functions(emulator, VERIFIER_ON_OUTAGE="value", **unreachable) as fleet:
        rows = score(fleet, [square_sample(RIGHT), label])

    assert [metrics_of(row)["ungraded"] for row in rows] == [1.0, 0.0]
    assert rows[1]["aggregate_reward_score"] == 1.0


def test_an_executor_that_may_not_be_called_is_an_outage(emulator: Path) -> None:
    """The error message holds AWS's own error code."""
    with two_functions(emulator, VERIFIER_EXECUTOR_FUNCTION="another") as fleet:
        answer = score(fleet, [square_sample(RIGHT)])

    assert answer["errorType"] == "InvocationError"
    assert "ResourceNotFoundException" in answer["errorMessage"]


def test_an_executor_below_the_required_level_is_an_outage(emulator: Path) -> None:
    """The isolation that the reward function requires is required of the executor, too."""
    executor = {"VERIFIER_ISOLATION": "interpreter"}
    with two_functions(emulator, executor=executor, VERIFIER_REQUIRED_ISOLATION="kernel") as fleet:
        answer = score(fleet, [square_sample(RIGHT)])

    assert answer["errorType"] == "IsolationRefusedError"


def test_an_executor_without_isolation_requires_fresh_environments(emulator: Path) -> None:
    """A caller that does not ask for them is refused, and the error names the setting."""
    with two_functions(
        emulator, executor=NO_ISOLATION, VERIFIER_REQUIRED_ISOLATION="none"
    ) as fleet:
        answer = score(fleet, [square_sample(RIGHT)])

    assert answer["errorType"] == "UnreachableError"
    assert "each call takes an environment of its own" in answer["errorMessage"]


@pytest.mark.parametrize(
    "attack",
    [RUNTIME_KILLER, PROCESS_LEAVER, FILE_LEAVER, DIRECTORY_DELETER],
    ids=["kills the runtime", "leaves a process", "leaves a file", "deletes directories"],
)
def test_a_candidate_that_stops_the_executor_costs_no_other_row(
    emulator: Path, attack: str
) -> None:
    """Even without isolation its own row is a crash, and the other rows do not change."""
    first, second, *later = right_samples(5)
    batch = [first, square_sample(attack), second]

    with two_functions(
        emulator, executor=NO_ISOLATION, mixes_tenants=True, **NO_ISOLATION_REQUIRED
    ) as fleet:
        rows = score(fleet, batch)
        # The attack is real: its request crashed the executor, so that it was sent again.
        assert fleet.deployments["executor"].calls > 1 + len(batch)
        again = rewards(fleet, later)

    correctness = [metrics_of(row)["correctness"] for row in rows]
    assert (correctness, again) == ([1.0, 0.0, 1.0], [1.0] * 3)
    assert metrics_of(rows[1])["runtime_error"] == 1.0


def test_only_kernel_isolation_allows_several_candidates_in_a_request(emulator: Path) -> None:
    """Without it the executor refuses the request unread, and each candidate is sent alone."""
    batch = right_samples(4)
    reward = NO_ISOLATION_REQUIRED | {"VERIFIER_EXECUTOR_BATCH": "4"}

    with two_functions(emulator, executor=NO_ISOLATION, mixes_tenants=True, **reward) as fleet:
        assert rewards(fleet, batch) == [1.0] * 4
        assert fleet.deployments["executor"].calls == 6  # a probe, the four, then each alone


def test_an_endless_loop_costs_only_its_own_row(emulator: Path) -> None:
    """With one call at a time, the loop ends at its limits, and then the others are scored."""
    loop = square_sample(ENDLESS, cpu_seconds=1)

    with two_functions(emulator, concurrency=1, VERIFIER_EXECUTOR_CONCURRENCY="1") as fleet:
        rows = score(fleet, [loop, square_sample(RIGHT), square_sample(RIGHT)])

    assert [metrics_of(row)["correctness"] for row in rows] == [0.0, 1.0, 1.0]
    assert metrics_of(rows[0])["timeout"] == 1.0


def test_both_functions_answer_before_lambda_ends_them(emulator: Path) -> None:
    """A candidate that sleeps for hours is ungraded, and the functions answer the next call."""
    sleeper = square_sample(SLEEPING, wall_seconds=3 * 3600)
    reward: dict[str, Any] = {"AWS_LAMBDA_FUNCTION_TIMEOUT": "9", "VERIFIER_ON_OUTAGE": "value"}

    with two_functions(emulator, **reward) as fleet:
        score(fleet, [square_sample(RIGHT)])
        calls = fleet.deployments["executor"].calls
        rows = score(fleet, [sleeper, square_sample(RIGHT)])
        assert fleet.deployments["executor"].calls >= calls + 2  # the sleeper was sent, too
        again = rewards(fleet, [square_sample(RIGHT)])

    assert [metrics_of(row)["ungraded"] for row in rows] == [1.0, 0.0]
    assert (rows[1]["aggregate_reward_score"], again) == (1.0, [1.0])


def test_tests_that_share_a_process_with_the_candidate_are_refused(emulator: Path) -> None:
    """The reference would have to go to the executor, or the candidate to the references."""
    tests = {"kind": "code", "code": "assert square(3) == 9", "shared_process": True}
    sample = square_sample(RIGHT) | {"reference_answer": {"tests": tests}}

    with two_functions(emulator) as fleet:
        (row,) = score(fleet, [sample])
        (reward,) = fleet.deployments["reward"].idle
        assert "tests.shared_process: found true" in reward.log

    assert (row["aggregate_reward_score"], metrics_of(row)["ungraded"]) == (0.0, 1.0)


def test_the_command_line_can_use_the_executor_function(emulator: Path, tmp_path: Path) -> None:
    """With the same variables, `verifier score` sends its candidates there."""
    sent = tmp_path / "samples.jsonl"
    sent.write_text(json.dumps(square_sample(RIGHT)), encoding="utf-8")

    with two_functions(emulator) as fleet:
        variables = {"AWS_ENDPOINT_URL_LAMBDA": fleet.url, "VERIFIER_EXECUTOR_FUNCTION": "executor"}
        variables |= {"AWS_DEFAULT_REGION": "none", "AWS_ACCESS_KEY_ID": "none"}
        printed = subprocess.run(
            [sys.executable, "-m", "nova_code_verifier.handlers.cli", "score", sent, "--quiet"],
            check=True,
            timeout=100,
            capture_output=True,
            cwd=REPOSITORY,
            env=os.environ | variables | {"AWS_SECRET_ACCESS_KEY": "none", "NO_PROXY": "127.0.0.1"},
        ).stdout
        assert fleet.deployments["executor"].calls == 4  # a probe, two control samples, the sample

    assert json.loads(printed)["aggregate_reward_score"] == 1.0
