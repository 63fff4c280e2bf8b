"""`verifier score --on lambda:NAME` against a fleet of the real runtime emulator, with faults.

The rows of this machine are the expected ones. The functions really end, hang, and are killed by
candidates; throttling and lost connections come from the fleet, as they would from AWS.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from benchmarks.scale.samples import samples
from tests.e2e.faulty_reward import NEVER
from tests.e2e.fleet import Deployment, Fleet, no_fault, running_fleet
from tests.e2e.samples import RIGHT, Sample, square_sample, without_durations
from tests.e2e.test_split import RUNTIME_KILLER
from tests.fakes import CREDENTIALS, RESET, HttpReply, fails
from tests.paths import REPOSITORY

pytestmark = pytest.mark.slow

THROTTLED = fails("TooManyRequestsException", 429, "Rate Exceeded.")
# As the command does, but with chunks of few samples, so that there are many calls.
PROGRAM = """
from nova_code_verifier.handlers.cli.app import app
from nova_code_verifier.handlers.cli.score.places.aws_lambda import AwsLambda

AwsLambda.chunk_samples = 6
app()
"""
COMMAND = (sys.executable, "-c", PROGRAM, "score")
HANDLER = "tests.e2e.faulty_reward.lambda_handler"
SECONDS = 110


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of samples of all kinds, and of broken lines. None of them is endless."""
    written = list(islice(samples(56), 8, None))
    lines = [json.dumps(sample) for sample in written]
    lines[3:3] = ["{", '{"id": 7}', '{"id": 8, "messages": []}']
    path = tmp_path_factory.mktemp("samples") / "samples.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def own_rows(file: Path) -> list[Any]:
    """Return the rows of this machine, with full details."""
    return rows_of(finished(file, "--details", "--quiet").stdout)


@pytest.fixture(scope="module")
def warm_fleet(emulator: Path) -> Iterator[Fleet]:
    """Deploy the function; two calls may run at a time."""
    with deployed(emulator) as fleet:
        yield fleet


@pytest.fixture
def fleet(warm_fleet: Fleet) -> Iterator[Fleet]:
    """Return a fleet that counts from zero, and whose faults end with the test."""
    deployment = warm_fleet.deployments["reward"]
    deployment.calls = deployment.throttled = 0
    yield warm_fleet
    deployment.before = deployment.after = no_fault


@contextmanager
def deployed(emulator: Path, **options: Any) -> Iterator[Fleet]:
    """Deploy the function with *options*."""
    variables = {"VERIFIER_WORKERS": "1"} | options.pop("variables", {})
    deployment = Deployment(handler=HANDLER, variables=variables, **options)
    with running_fleet(emulator, reward=deployment) as fleet:
        yield fleet


def environment(fleet: Fleet | None) -> dict[str, str]:
    """Return the variables with which boto3 finds the fleet."""
    own = {name: text for name, text in os.environ.items() if not name.startswith("VERIFIER_")}
    own |= {"PYTHONPATH": str(REPOSITORY), "NO_PROXY": "127.0.0.1"}
    return own | (CREDENTIALS | {"AWS_ENDPOINT_URL_LAMBDA": fleet.url} if fleet else {})


def started(
    file: Path, *arguments: str | Path, fleet: Fleet | None = None, function: str = "reward"
) -> "subprocess.Popen[str]":
    """Start the command, on a function of the fleet or on this machine."""
    place = ["--on", f"lambda:{function}"] if fleet else []
    return subprocess.Popen(
        [*COMMAND, file, *place, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env=environment(fleet),
    )


def finished(
    file: Path,
    *arguments: str | Path,
    fleet: Fleet | None = None,
    function: str = "reward",
    status: int = 0,
) -> "subprocess.CompletedProcess[str]":
    """Run the command to its end, which has this *status*."""
    process = started(file, *arguments, fleet=fleet, function=function)
    output, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == status, errors
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def rows_of(text: str) -> list[Any]:
    """Return the rows, without what differs between two runs.

    A file has ? for a surrogate, and an answer of a function U+FFFD.
    """
    text = text.replace("\\ufffd", "?")
    rows = without_durations(map(json.loads, text.splitlines()))
    for row in rows:
        for case in row.get("details", {}).get("cases", ()):
            for name in ("cpu_seconds", "wall_seconds", "memory_mb"):
                del case[name]
    return rows


def without_details(rows: list[Any]) -> list[Any]:
    """Return rows as a trainer gets them."""
    return [{key: row[key] for key in row if key != "details"} for row in rows]


def write(path: Path, *samples: Sample) -> Path:
    """Write a file of samples."""
    path.write_text("".join(json.dumps(sample) + "\n" for sample in samples), encoding="utf-8")
    return path


def test_rows_and_details_are_those_of_this_machine(
    fleet: Fleet, file: Path, own_rows: list[Any]
) -> None:
    """All kinds of samples and broken lines have the same row and details, in the same order."""
    done = finished(file, "--details", "--concurrency", "2", fleet=fleet)

    assert rows_of(done.stdout) == own_rows
    facts = [line.split() for line in done.stderr.splitlines()]
    assert ["invocations", str(fleet.deployments["reward"].calls)] in facts
    (billed,) = [float(words[2]) for words in facts if words[:2] == ["billed", "seconds"]]
    assert billed > 0


def test_no_fault_changes_a_row(
    emulator: Path, file: Path, own_rows: list[Any], tmp_path: Path
) -> None:
    """Throttling, functions that end in a call, lost calls and lost answers cost time only."""

    def before(call: int) -> HttpReply | None:
        faults = {1: THROTTLED, 2: THROTTLED, 4: RESET, 6: fails("ServiceException", 500)}
        return faults.get(call) or (THROTTLED if call % 4 == 0 else None)

    def after(call: int) -> HttpReply | None:
        return RESET if call % 5 == 0 else None

    out = tmp_path / "rows.jsonl"
    exits = {"FAULT_EXITS_AT": "5"}
    with deployed(emulator, variables=exits, before=before, after=after) as fleet:
        # More at a time than the function takes: the fleet throttles, too.
        done = finished(file, "--out", out, "--concurrency", "6", fleet=fleet)

    assert rows_of(out.read_text("utf-8")) == without_details(own_rows)
    (invocations,) = [line for line in done.stderr.splitlines() if line.startswith("invocations")]
    assert "throttled" in invocations
    assert fleet.deployments["reward"].throttled > 0


def test_a_candidate_that_kills_the_function_is_an_outage_of_its_own(
    emulator: Path, tmp_path: Path
) -> None:
    """At level `none` a candidate can kill its function; the others of its batch are graded."""
    honest = square_sample(RIGHT, sample_id="honest")
    killer = square_sample(RUNTIME_KILLER, sample_id="killer")
    file = write(tmp_path / "samples.jsonl", killer, honest)
    variables = {"VERIFIER_ISOLATION": "none", "VERIFIER_CONTROL_SAMPLES": "0"}
    with deployed(emulator, variables=variables, may_leave=True) as fleet:
        done = finished(file, fleet=fleet, status=1)

    rows = [(row["id"], row["aggregate_reward_score"]) for row in rows_of(done.stdout)]
    assert rows == [("killer", 0), ("honest", 1)]
    assert "1 of 2 samples could not be graded" in done.stderr
    assert "the function reward fails on it: " in done.stderr


def test_a_sample_that_is_never_answered_is_an_outage_of_its_own(
    emulator: Path, tmp_path: Path
) -> None:
    """A call that the function's own time-out ends costs the sample that caused it, by name."""
    honest = square_sample(RIGHT, sample_id="honest")
    hanging = square_sample(f"# {NEVER}", sample_id="hanging")
    file = write(tmp_path / "samples.jsonl", honest, hanging)
    variables = {"AWS_LAMBDA_FUNCTION_TIMEOUT": "10", "VERIFIER_CONTROL_SAMPLES": "0"}
    with deployed(emulator, variables=variables) as fleet:
        done = finished(file, fleet=fleet, status=1)

    assert [row["aggregate_reward_score"] for row in rows_of(done.stdout)] == [1, 0]
    assert "timed out" in done.stderr.lower()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_goes_on_where_it_was(
    fleet: Fleet, file: Path, own_rows: list[Any], tmp_path: Path, number: signal.Signals
) -> None:
    """With --resume, the file is the one of a run without an interruption."""
    out, is_hanging, may_go_on = tmp_path / "rows.jsonl", Event(), Event()

    def hang(call: int) -> None:
        if call > 4:
            is_hanging.set()
            assert may_go_on.wait(SECONDS)

    fleet.deployments["reward"].before = hang
    process = started(file, "--out", out, "--concurrency", "2", fleet=fleet)
    assert is_hanging.wait(SECONDS)
    process.send_signal(number)
    process.communicate(timeout=SECONDS)
    may_go_on.set()

    assert process.returncode != 0
    kept = rows_of(out.read_text("utf-8"))
    assert 0 < len(kept) < len(own_rows)
    finished(file, "--out", out, "--resume", "--concurrency", "2", fleet=fleet)
    assert rows_of(out.read_text("utf-8")) == without_details(own_rows)


def test_a_function_that_is_not_there_is_refused_before_anything_is_written(
    fleet: Fleet, file: Path, tmp_path: Path
) -> None:
    """The error names the function, and the file of rows keeps its content."""
    out = tmp_path / "rows.jsonl"
    out.write_text("as before", encoding="utf-8")

    done = finished(file, "--out", out, fleet=fleet, function="other", status=1)

    assert "the function other: " in done.stderr
    assert "ResourceNotFoundException" in done.stderr
    assert out.read_text("utf-8") == "as before"
