"""The rows of an image, compared with those of this machine."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nova_code_verifier.handlers.cli.docker_check.comparison import compare
from nova_code_verifier.handlers.cli.files import UnusableFileError
from nova_code_verifier.handlers.containers.container import Answer
from nova_code_verifier.handlers.containers.image import ContainerError
from nova_code_verifier.handlers.reward import lambda_handler
from nova_code_verifier.handlers.service import Service
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.host.local import LocalExecutor
from tests.e2e.samples import RIGHT, square_sample

LINES = [json.dumps(square_sample(RIGHT, sample_id=number)).encode() for number in range(3)]


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """Return a service that scores on this machine."""
    with LocalExecutor(workers=1) as executor:
        yield Service(executor, Settings())


def image_that(change: Callable[[Any], Any] = lambda rows: rows) -> Callable[[bytes], Answer]:
    """Return a function that answers as the image would, after a *change* of its rows."""

    def invoke(event: bytes) -> Answer:
        rows = change(lambda_handler(json.loads(event), None))
        return Answer(status=200, body=json.dumps(rows).encode())

    return invoke


def test_equal_rows_are_no_difference(service: Service) -> None:
    """Durations always differ, and are not compared."""
    found = compare(LINES, image_that(), service)

    assert (found.rows, found.differences, found.levels) == (3, (), ("kernel",))


def test_a_different_reward_is_shown_with_both_values(service: Service) -> None:
    """The line has the id, the field, and the value on each side."""

    def cheapen(rows: Any) -> Any:
        rows[1]["aggregate_reward_score"] = 0.25
        return rows

    found = compare(LINES, image_that(cheapen), service)

    assert found.differences == ("1: reward is 0.25 in the image, 1.0 on this machine",)


def test_a_metric_that_is_missing_is_a_difference(service: Service) -> None:
    """So an image of an older version is noticed."""

    def forget(rows: Any) -> Any:
        rows[0]["metrics_list"] = [m for m in rows[0]["metrics_list"] if m["name"] != "safety"]
        return rows

    found = compare(LINES, image_that(forget), service)

    assert found.differences == ("0: safety is None in the image, 1.0 on this machine",)


@pytest.mark.parametrize(
    "body", [b"Task timed out after 900.00 seconds", b'{"errorType": "OutageError"}', b"[]", b""]
)
def test_an_answer_without_rows_is_an_error(service: Service, body: bytes) -> None:
    """A function that fails raises ContainerError, and counts as no difference."""
    with pytest.raises(ContainerError):
        compare(LINES, lambda _: Answer(status=200, body=body), service)


def test_rows_that_were_not_graded_are_not_compared() -> None:
    """An outage of this machine raises ContainerError, even if the rows are equal."""

    class Broken(LocalExecutor):
        def with_deadline(self, _deadline: float) -> Any:
            return super().with_deadline(0.0)

    with Broken(workers=1) as executor, pytest.raises(ContainerError, match="failed to grade 3"):
        compare(LINES, image_that(), Service(executor, Settings()))


def test_a_file_without_samples_is_an_error(service: Service) -> None:
    """An empty file does not count as success."""
    with pytest.raises(UnusableFileError, match="found no samples"):
        compare([b"\n"], image_that(), service)


def test_many_lines_are_sent_in_several_events(service: Service) -> None:
    """No event has more than 64 samples, and no sample is lost between two events."""
    sizes = []

    def invoke(event: bytes) -> Answer:
        sizes.append(len(json.loads(event)))
        return image_that()(event)

    found = compare(LINES * 30, invoke, service)

    assert (sizes, found.rows) == ([64, 26], 90)


def test_a_line_that_is_not_json_is_named(service: Service) -> None:
    """It is found before an event is sent, which it would make unreadable."""
    with pytest.raises(UnusableFileError, match="line 2: not JSON"):
        compare([LINES[0], b"{"], image_that(), service)
