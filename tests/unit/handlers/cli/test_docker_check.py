"""What `verifier docker-check` makes of rows from an image; and where there is none."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.cli.docker_check import compare
from nova_code_verifier.handlers.cli.files import UnusableFileError
from nova_code_verifier.handlers.containers.container import Answer
from nova_code_verifier.handlers.containers.image import ContainerError
from nova_code_verifier.handlers.reward import lambda_handler
from nova_code_verifier.handlers.service import Service
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.host.local import LocalExecutor
from tests.e2e.samples import RIGHT, square_sample
from tests.paths import REPOSITORY

LINES = [json.dumps(square_sample(RIGHT, sample_id=number)).encode() for number in range(3)]


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """Return what scores on this machine."""
    with LocalExecutor(workers=1) as executor:
        yield Service(executor, Settings())


def image_that(change: Callable[[Any], Any] = lambda rows: rows) -> Callable[[bytes], Answer]:
    """Return what answers as the image would, but for a *change* of its rows."""

    def invoke(event: bytes) -> Answer:
        rows = change(lambda_handler(json.loads(event), None))
        return Answer(status=200, body=json.dumps(rows).encode())

    return invoke


def test_the_same_rows_are_no_difference(service: Service) -> None:
    """Durations differ always, and do not count."""
    found = compare(LINES, image_that(), service)

    assert (found.rows, found.differences, found.levels) == (3, (), ("kernel",))


def test_another_reward_is_told_with_both_values(service: Service) -> None:
    """Sample, name, and what it is on either side."""

    def cheapen(rows: Any) -> Any:
        rows[1]["aggregate_reward_score"] = 0.25
        return rows

    found = compare(LINES, image_that(cheapen), service)

    assert found.differences == ("1: reward is 0.25 in the image, 1.0 on this machine",)


def test_a_metric_that_is_missing_is_a_difference(service: Service) -> None:
    """An older image cannot pass for this one."""

    def forget(rows: Any) -> Any:
        rows[0]["metrics_list"] = [m for m in rows[0]["metrics_list"] if m["name"] != "safety"]
        return rows

    found = compare(LINES, image_that(forget), service)

    assert found.differences == ("0: safety is None in the image, 1.0 on this machine",)


@pytest.mark.parametrize(
    "body", [b"Task timed out after 900.00 seconds", b'{"errorType": "OutageError"}', b"[]", b""]
)
def test_an_answer_without_rows_is_our_fault(service: Service, body: bytes) -> None:
    """A function that fails is told, and is no difference of rewards."""
    with pytest.raises(ContainerError):
        compare(LINES, lambda _: Answer(status=200, body=body), service)


def test_rows_that_nobody_graded_are_not_the_same() -> None:
    """Where this machine has an outage, equal rows say nothing."""

    class Broken(LocalExecutor):
        def with_deadline(self, _deadline: float) -> Any:
            return super().with_deadline(0.0)

    with Broken(workers=1) as executor, pytest.raises(ContainerError, match="cannot grade 3"):
        compare(LINES, image_that(), Service(executor, Settings()))


def test_no_samples_are_no_agreement(service: Service) -> None:
    """An empty file shows nothing."""
    with pytest.raises(UnusableFileError, match="no sample"):
        compare([b"\n"], image_that(), service)


def test_many_lines_take_several_events(service: Service) -> None:
    """No event has more samples than a trainer would send, and none is lost between two."""
    sizes = []

    def invoke(event: bytes) -> Answer:
        sizes.append(len(json.loads(event)))
        return image_that()(event)

    found = compare(LINES * 30, invoke, service)

    assert (sizes, found.rows) == ([64, 26], 90)


def test_a_line_that_is_not_json_is_named(service: Service) -> None:
    """It would make the whole event unreadable."""
    with pytest.raises(UnusableFileError, match="line 2: not JSON"):
        compare([LINES[0], b"{"], image_that(), service)


def test_no_engine_is_one_sentence(tmp_path: Path) -> None:
    """Whoever has no container engine is told what to do, and gets exit status 1."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "nova_code_verifier.handlers.cli",
            "docker-check",
            "examples/completions.jsonl",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        env=os.environ | {"DOCKER_HOST": f"unix://{tmp_path}/none", "PYTHONPATH": str(REPOSITORY)},
    )

    assert done.returncode == 1
    assert "no container engine answers: start Docker, or set DOCKER_HOST" in done.stderr
    assert "Traceback" not in done.stderr
