"""What an operator gets from the real runtime, in both of Lambda's log formats."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.emulator import Function, running_function
from tests.e2e.samples import RIGHT, square_sample

BATCH = [square_sample(RIGHT), square_sample("def square(n):\n    return n", sample_id="wrong")]


@pytest.fixture(scope="module", params=["Text", "JSON"])
def logging_function(request: pytest.FixtureRequest, emulator: Path) -> Iterator[Function]:
    """Run a function with one of Lambda's log formats."""
    with running_function(emulator, AWS_LAMBDA_LOG_FORMAT=request.param) as function:
        yield function


def test_every_sample_has_one_flat_line(logging_function: Function) -> None:
    """The runtime client does not wrap our lines in lines of its own, and repeats none."""
    lines = logging_function.invoke_with_log(BATCH).log_lines

    samples = {line["id"]: line for line in lines if line.get("message") == "sample"}
    assert sorted(line["id"] for line in lines if "id" in line) == ["square", "wrong"]
    assert samples["square"]["aggregate_reward_score"] == 1.0
    assert len({line["function_request_id"] for line in samples.values()}) == 1


def test_metrics_are_in_lines_of_their_own(logging_function: Function) -> None:
    """CloudWatch reads metrics from lines that are a JSON document and nothing else."""
    lines = logging_function.invoke_with_log(BATCH).log_lines

    documents = [line for line in lines if "_aws" in line and "Samples" in line]
    assert sorted(document["verdict_class"] for document in documents) == ["accepted", "wrong"]
    assert {document["function_name"] for document in documents} == {"test_function"}


def test_metrics_are_published_before_an_outage_is_raised(emulator: Path) -> None:
    """The answer is an error, and the log has the metric `Outages`."""
    with running_function(emulator, AWS_LAMBDA_FUNCTION_TIMEOUT="8") as function:
        invocation = function.invoke_with_log([square_sample("import time\ntime.sleep(60)")])

    assert invocation.answer["errorType"] == "OutageError"
    assert [line["Outages"] for line in invocation.log_lines if "Outages" in line] == [[1.0]]
