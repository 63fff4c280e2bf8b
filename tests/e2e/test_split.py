"""The reward function and the executor function, as two: through the real runtime and boto3.

What is right is said by one function that does all (`handlers.reward` without an executor
function); here it is asked whether two say the same, and what happens when the second is busy,
broken, or brought down by a candidate.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.emulator import Function, client_of
from tests.e2e.fleet import Deployment, Fleet, running_fleet
from tests.e2e.samples import (
    ENDLESS,
    RIGHT,
    SLEEPING,
    Sample,
    example_samples,
    known_samples,
    metrics_of,
    square_sample,
)
from tests.e2e.test_same_rows import KODSPORT, QUIXBUGS, comparable
from tests.paths import REPOSITORY

pytestmark = pytest.mark.slow

KILLER = """
import os, signal

def square(n):
    zygote = open(f"/proc/{os.getppid()}/stat").read().rpartition(")")[2].split()
    os.kill(int(zygote[1]), signal.SIGKILL)
    return n * n
"""
"""Kills the process that Lambda runs the handler in: its zygote's parent."""

LITTERER = """
import os, subprocess

def square(n):
    subprocess.Popen(["sleep", "100"], start_new_session=True)
    return n * n
"""
"""Leaves a process behind, and is right."""

FILER = """
import os

def square(n):
    with open(os.path.dirname(os.getcwd()) + "/left", "w") as file:
        file.write("for the next one")
    return n * n
"""
"""Leaves a file behind, outside of its work directory, and is right."""


BREAKER = """
import os, shutil

def square(n):
    for place in os.scandir(os.path.dirname(os.path.dirname(os.getcwd()))):
        shutil.rmtree(place, ignore_errors=True)
    return n * n
"""
"""Deletes what the executor runs its guests in, and is right."""


@contextmanager
def split(
    emulator: Path,
    *,
    executor: dict[str, str] | None = None,
    handler: str = "nova_code_verifier.handlers.executor.lambda_handler",
    concurrency: int = 2,
    mixes_tenants: bool = False,
    **reward: str,
) -> Iterator[Fleet]:
    """Deploy both functions, with these variables."""
    deployments = {
        "executor": Deployment(
            handler=handler,
            variables={"VERIFIER_WORKERS": "2"} | (executor or {}),
            concurrency=concurrency,
            mixes_tenants=mixes_tenants,
            may_leave=True,
        ),
        "reward": Deployment(
            handler="nova_code_verifier.handlers.reward.lambda_handler",
            variables={"VERIFIER_EXECUTOR_FUNCTION": "executor", "VERIFIER_WORKERS": "2"} | reward,
        ),
    }
    with running_fleet(emulator, **deployments) as fleet:
        deployments["reward"].variables.setdefault("AWS_ENDPOINT_URL_LAMBDA", fleet.url)
        yield fleet


WITHOUT_WALLS = {"VERIFIER_ISOLATION": "none"}
NO_WALL_REQUIRED: dict[str, Any] = {
    "VERIFIER_REQUIRED_ISOLATION": "none",
    "VERIFIER_EXECUTOR_FRESH_ENVIRONMENT": "true",
}
"""The reward function's variables for an executor without walls: it refuses all other callers."""


def score(fleet: Fleet, samples: list[Sample]) -> Any:
    """Call the reward function, and return its answer."""
    payload = json.dumps(samples).encode()
    response = client_of(fleet.url).invoke(FunctionName="reward", Payload=payload)
    return json.loads(response["Payload"].read())


def rewards(fleet: Fleet, samples: list[Sample]) -> list[float]:
    """Call the reward function, and return the rewards."""
    return [row["aggregate_reward_score"] for row in score(fleet, samples)]


@pytest.fixture(scope="module", params=["examples", "quixbugs", "kodsport"])
def samples(request: pytest.FixtureRequest) -> list[Sample]:
    """Return a set of samples that lies in the repository."""
    match request.param:
        case "quixbugs":
            return known_samples("quixbugs", QUIXBUGS)
        case "kodsport":
            return known_samples("kodsport", KODSPORT)
    return example_samples()


@pytest.mark.parametrize("batch", ["1", "4"])
def test_two_functions_give_the_rows_of_one(
    emulator: Path, function: Function, samples: list[Sample], batch: str
) -> None:
    """Stdin and calls, test code and sentiment: no row changes, however candidates are sent."""
    with split(emulator, VERIFIER_EXECUTOR_BATCH=batch) as fleet:
        rows = score(fleet, samples)

    assert comparable(rows) == comparable(function.invoke(samples))


def test_a_busy_executor_changes_no_row(emulator: Path) -> None:
    """Where most calls are refused at first, all samples get their rewards."""
    batch = [square_sample(RIGHT, sample_id=n) for n in range(20)]

    with split(emulator, concurrency=1, VERIFIER_EXECUTOR_CONCURRENCY="8") as fleet:
        assert rewards(fleet, batch) == [1.0] * 20
        assert fleet.deployments["executor"].throttled > 0


def test_an_executor_that_cannot_start_is_an_outage(emulator: Path) -> None:
    """A broken deployment crashes at every call: that is raised, and is nobody's zero."""
    with split(
        emulator, handler="nova_code_verifier.handlers.no_such_module.lambda_handler"
    ) as fleet:
        answer = score(fleet, [square_sample(RIGHT)])

    assert answer["errorType"] == "UnreachableError"
    assert "the executor function is out of order" in answer["errorMessage"]


def test_an_executor_that_is_not_there_is_an_outage(emulator: Path) -> None:
    """Nobody listens at its address: that is raised, and is nobody's zero."""
    with split(emulator, AWS_ENDPOINT_URL_LAMBDA="http://127.0.0.1:1") as fleet:
        answer = score(fleet, [square_sample(RIGHT)])

    assert answer["errorType"] == "UnreachableError"


def test_without_an_executor_there_is_a_row_where_that_is_asked_for(emulator: Path) -> None:
    """What needs none is scored, and the others are ungraded, by the first call already."""
    label = square_sample("") | {"reference_answer": "positive"}
    label["messages"][-1]["content"] = "\\boxed{positive}"
    nowhere: dict[str, Any] = {"AWS_ENDPOINT_URL_LAMBDA": "http://127.0.0.1:1"}

    with split(emulator, VERIFIER_ON_OUTAGE="value", **nowhere) as fleet:
        rows = score(fleet, [square_sample(RIGHT), label])

    assert [metrics_of(row)["ungraded"] for row in rows] == [1.0, 0.0]
    assert rows[1]["aggregate_reward_score"] == 1.0


def test_an_executor_that_may_not_be_called_is_an_outage(emulator: Path) -> None:
    """AWS's refusal is passed on in its own words, at once."""
    with split(emulator, VERIFIER_EXECUTOR_FUNCTION="another") as fleet:
        answer = score(fleet, [square_sample(RIGHT)])

    assert answer["errorType"] == "InvocationError"
    assert "ResourceNotFoundException" in answer["errorMessage"]


def test_an_executor_below_the_required_level_is_an_outage(emulator: Path) -> None:
    """Whoever requires a wall of the reward function requires it of the executor, too."""
    executor = {"VERIFIER_ISOLATION": "interpreter"}
    with split(emulator, executor=executor, VERIFIER_REQUIRED_ISOLATION="kernel") as fleet:
        answer = score(fleet, [square_sample(RIGHT)])

    assert answer["errorType"] == "IsolationRefusedError"


def test_an_executor_without_a_wall_lets_no_two_candidates_meet(emulator: Path) -> None:
    """Whoever does not ask for an environment for each call is refused, and told what to set."""
    with split(emulator, executor=WITHOUT_WALLS, VERIFIER_REQUIRED_ISOLATION="none") as fleet:
        answer = score(fleet, [square_sample(RIGHT)])

    assert answer["errorType"] == "UnreachableError"
    assert "each call takes an environment of its own" in answer["errorMessage"]


@pytest.mark.parametrize(
    "attack", [KILLER, LITTERER, FILER, BREAKER], ids=["kills", "process", "file", "breaks"]
)
def test_who_brings_the_executor_down_costs_no_other_row(emulator: Path, attack: str) -> None:
    """Without any wall: its own row is a crash's, the others are as they should be."""
    batch = [square_sample(RIGHT), square_sample(attack), square_sample(RIGHT)]

    with split(emulator, executor=WITHOUT_WALLS, mixes_tenants=True, **NO_WALL_REQUIRED) as fleet:
        rows = score(fleet, batch)
        again = rewards(fleet, [square_sample(RIGHT)] * 3)

    correctness = [metrics_of(row)["correctness"] for row in rows]
    assert (correctness, again) == ([1.0, 0.0, 1.0], [1.0] * 3)
    assert metrics_of(rows[1])["runtime_error"] == 1.0


def test_several_candidates_are_together_only_behind_the_kernels_wall(emulator: Path) -> None:
    """Without it the executor refuses their order, unread; each is sent alone then."""
    batch = [square_sample(RIGHT, sample_id=n) for n in range(4)]
    reward = NO_WALL_REQUIRED | {"VERIFIER_EXECUTOR_BATCH": "4"}

    with split(emulator, executor=WITHOUT_WALLS, mixes_tenants=True, **reward) as fleet:
        assert rewards(fleet, batch) == [1.0] * 4
        assert fleet.deployments["executor"].calls == 6  # a probe, the four, and each


def test_a_loop_of_hours_costs_its_own_row(emulator: Path) -> None:
    """Where one call at a time is all there is, its limits end it, and the others are scored."""
    loop = square_sample(ENDLESS, cpu_seconds=1)

    with split(emulator, concurrency=1, VERIFIER_EXECUTOR_CONCURRENCY="1") as fleet:
        rows = score(fleet, [loop, square_sample(RIGHT), square_sample(RIGHT)])

    assert [metrics_of(row)["correctness"] for row in rows] == [0.0, 1.0, 1.0]
    assert metrics_of(rows[0])["timeout"] == 1.0


def test_what_cannot_be_done_in_time_is_said_in_time(emulator: Path) -> None:
    """A sleeper with three hours' patience: both functions end before Lambda ends them."""
    sleeper = square_sample(SLEEPING, wall_seconds=3 * 3600)
    reward: dict[str, Any] = {"AWS_LAMBDA_FUNCTION_TIMEOUT": "9", "VERIFIER_ON_OUTAGE": "value"}

    with split(emulator, **reward) as fleet:
        score(fleet, [square_sample(RIGHT)])
        started = time.monotonic()
        rows = score(fleet, [sleeper, square_sample(RIGHT)])
        assert time.monotonic() - started > 4  # it has slept; the emulator ends it after nine
        again = rewards(fleet, [square_sample(RIGHT)])

    assert [metrics_of(row)["ungraded"] for row in rows] == [1.0, 0.0]
    assert (rows[1]["aggregate_reward_score"], again) == (1.0, [1.0])


def test_tests_that_need_the_candidate_beside_them_are_refused(emulator: Path) -> None:
    """They would have to go where candidates are, or a candidate to where references are."""
    tests = {"kind": "code", "code": "assert square(3) == 9", "shared_process": True}
    sample = square_sample(RIGHT) | {"reference_answer": {"tests": tests}}

    with split(emulator) as fleet:
        (row,) = score(fleet, [sample])
        (reward,) = fleet.deployments["reward"].idle
        assert "tests.shared_process: found true" in reward.log

    assert (row["aggregate_reward_score"], metrics_of(row)["ungraded"]) == (0.0, 1.0)


def test_the_command_line_can_use_the_executor_function(emulator: Path, tmp_path: Path) -> None:
    """With the same variables, `verifier score` has its candidates run there."""
    sent = tmp_path / "samples.jsonl"
    sent.write_text(json.dumps(square_sample(RIGHT)), encoding="utf-8")

    with split(emulator) as fleet:
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
        assert fleet.deployments["executor"].calls == 2  # a probe, and the sample

    assert json.loads(printed)["aggregate_reward_score"] == 1.0
