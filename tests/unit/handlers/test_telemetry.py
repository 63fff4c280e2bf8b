"""What an operator is told: lines, metrics, traces; and what is kept from them."""

import io
import json
import logging
import os
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from nova_code_verifier.handlers import reward, telemetry
from nova_code_verifier.handlers.service import OutageError
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.handlers.telemetry import CLASSES, Telemetry, VerdictClass, write_line
from nova_code_verifier.handlers.wire import MalformedEventError
from nova_code_verifier.verifier.types import Source, Verdict
from tests.fakes import Context
from tests.paths import REPOSITORY
from tests.unit.handlers.test_reward import (
    ADD,
    ADDING,
    ALL_KINDS,
    HALF,
    PROSE,
    RIGHT,
    UNUSABLE,
    fenced,
    rows,
    sample,
    values,
)

SECRET = "swordfish"
LABEL: dict[str, object] = {
    "id": "label",
    "messages": [{"role": "assistant", "content": "\\boxed{positive}"}],
    "reference_answer": "positive",
}
TEST_CODE = sample("def square(n):\n    return n * n", {"test_list": ["assert square(3) == 9"]})


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Catch what is logged, as it is written."""
    written = io.StringIO()
    handler = reward.logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    stream = handler.setStream(written)
    yield written
    handler.setStream(stream)


def lines_of(log: io.StringIO) -> list[dict[str, Any]]:
    """Read the log: one JSON object a line."""
    return [json.loads(line) for line in log.getvalue().splitlines()]


def documents_in(output: str) -> list[dict[str, Any]]:
    """Read the documents of metrics out of what was printed."""
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return [line for line in lines if "_aws" in line]


def total(documents: list[dict[str, Any]], name: str) -> float:
    """Add up a metric over all documents."""
    return sum(sum(document.get(name, [])) for document in documents)


def dimensions_of(document: dict[str, Any]) -> dict[str, str]:
    """Return the values of all dimensions of a document."""
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    return {name: document[name] for names in directive["Dimensions"] for name in names}


def run_handler(program: str, **variables: str) -> str:
    """Run a program that has the handler in a process of its own, and return what it printed."""
    preamble = "from tests.unit.handlers.test_reward import RIGHT\nfrom handlers import reward\n"
    done = subprocess.run(
        [sys.executable, "-c", preamble + program],
        env=os.environ | variables,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


# Metrics


def test_every_verdict_has_a_class() -> None:
    """A new verdict cannot be forgotten here, nor a class be without one."""
    assert CLASSES.keys() == set(Verdict)
    assert set(CLASSES.values()) == set(VerdictClass)


def test_metrics_count_what_the_rows_say(capsys: pytest.CaptureFixture[str]) -> None:
    """Samples, zeros, ungraded ones and violations add up to those of the answer."""
    answered = rows(ALL_KINDS)

    documents = documents_in(capsys.readouterr().out)
    graded = [row for row in answered if not values(row)["ungraded"]]
    counted = {name: total(documents, name) for name in ("Samples", "RewardZero", "Ungraded")}
    assert counted == {
        "Samples": len(answered),
        "RewardZero": sum(row["aggregate_reward_score"] == 0 for row in graded),
        "Ungraded": len(answered) - len(graded),
    }
    assert total(documents, "SecurityViolations") == 1
    assert total(documents, "Outages") == 0


def test_metrics_hold_every_reward(capsys: pytest.CaptureFixture[str]) -> None:
    """Averages and percentiles of CloudWatch rest on each sample's own reward and duration."""
    answered = rows([RIGHT, HALF, PROSE, UNUSABLE])

    documents = documents_in(capsys.readouterr().out)
    found = [reward for document in documents for reward in document.get("Reward", [])]
    took = [duration for document in documents for duration in document["DurationMs"]]
    assert sorted(found) == sorted(row["aggregate_reward_score"] for row in answered[:3])
    assert sorted(took) == sorted(values(row)["duration_ms"] for row in answered)


@pytest.mark.parametrize(
    ("one", "source"),
    [
        (RIGHT, Source.STDIO),
        (PROSE, Source.STDIO),
        (HALF, Source.CALL),
        (TEST_CODE, Source.CODE),
        (LABEL, Source.SENTIMENT),
        (UNUSABLE, Source.NONE),
    ],
    ids=["stdio", "prose", "call", "code", "sentiment", "unusable"],
)
def test_a_source_is_the_kind_of_the_tests(
    capsys: pytest.CaptureFixture[str], one: dict[str, object], source: Source
) -> None:
    """Metrics tell apart what rewards come from, whatever becomes of the sample."""
    rows([one])

    (document,) = [d for d in documents_in(capsys.readouterr().out) if "Samples" in d]
    assert document["source"] == source


def test_no_dimension_is_chosen_by_a_sample(capsys: pytest.CaptureFixture[str]) -> None:
    """Ids and names of a dataset, of which there is no end, name no metric: each costs money."""
    chosen = {"id": SECRET, "data_source": SECRET, "source": SECRET, "metadata": {SECRET: SECRET}}

    rows([{**one, **chosen} for one in [*ALL_KINDS, LABEL, TEST_CODE]])

    documents = documents_in(capsys.readouterr().out)
    closed = {"service", "function_name", "verdict_class", "source"}
    assert all(dimensions_of(document).keys() <= closed for document in documents)
    assert {d.get("verdict_class", "wrong") for d in documents} <= set(VerdictClass)
    assert {d.get("source", "none") for d in documents} <= set(Source)
    assert SECRET not in json.dumps(documents)


def test_every_set_of_dimensions_begins_with_the_function(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A document counts for the function alone, for its class of verdict and for its source."""
    rows([RIGHT])

    (document,) = [d for d in documents_in(capsys.readouterr().out) if "Samples" in d]
    assert document["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [
        ["service", "function_name"],
        ["service", "function_name", "verdict_class"],
        ["service", "function_name", "source"],
    ]


@pytest.mark.parametrize("size", [99, 100, 101, 250])
def test_a_big_batch_loses_no_value(capsys: pytest.CaptureFixture[str], size: int) -> None:
    """CloudWatch takes a hundred values of a metric a document: more make more documents."""
    rows([PROSE] * size)

    documents = documents_in(capsys.readouterr().out)
    counted = [document[name] for document in documents for name in ("Reward",) if name in document]
    assert max(map(len, counted)) <= 100
    assert sum(map(len, counted)) == total(documents, "Samples") == size


def test_an_outage_is_counted_though_it_is_raised(capsys: pytest.CaptureFixture[str]) -> None:
    """What the trainer gets as an error is in the metrics all the same."""
    with pytest.raises(OutageError):
        rows([RIGHT, PROSE], Context(0))

    documents = documents_in(capsys.readouterr().out)
    assert (total(documents, "Outages"), total(documents, "Samples")) == (1, 2)


def test_a_malformed_event_has_no_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    """Without samples there is nothing to count; Lambda itself counts the error."""
    with pytest.raises(MalformedEventError):
        rows({})

    assert total(documents_in(capsys.readouterr().out), "Samples") == 0


def test_the_first_invocation_is_marked() -> None:
    """The first invocation of an environment is a cold start, in metric and lines; no other is."""
    output = run_handler("reward.lambda_handler([RIGHT]); reward.lambda_handler([RIGHT])")

    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["cold_start"] for line in lines if "cold_start" in line] == [True, False]
    assert total(documents_in(output), "ColdStart") == 1


def test_provisioned_environments_do_not_start_cold() -> None:
    """Where Lambda started an environment ahead, nobody waited for it."""
    output = run_handler(
        "reward.lambda_handler([RIGHT])", AWS_LAMBDA_INITIALIZATION_TYPE="provisioned-concurrency"
    )

    assert total(documents_in(output), "ColdStart") == 0


def test_powertools_own_variables_name_the_metrics() -> None:
    """Namespace, service and function are those of the deployment."""
    output = run_handler(
        "reward.lambda_handler([RIGHT])",
        POWERTOOLS_METRICS_NAMESPACE="Space",
        POWERTOOLS_SERVICE_NAME="Service",
        AWS_LAMBDA_FUNCTION_NAME="SageMaker-f",
    )

    for document in documents_in(output):
        assert document["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Space"
        assert (document["service"], document["function_name"]) == ("Service", "SageMaker-f")


# Lines


def test_a_line_names_its_invocation(log: io.StringIO) -> None:
    """All lines of an invocation are found by its request id, as Powertools names it."""
    rows([RIGHT, PROSE], Context(60_000))

    assert [line["function_request_id"] for line in lines_of(log)] == ["r-1", "r-1"]


def test_a_samples_level_is_that_of_its_wall(log: io.StringIO) -> None:
    """In the line of a sample `level` is the wall's, and `severity` the log's."""
    rows([RIGHT])

    (line,) = lines_of(log)
    assert line["level"] == reward.EXECUTOR.level
    assert line["severity"] == "INFO"


def test_other_lines_keep_the_logs_level(log: io.StringIO) -> None:
    """A bug is still found by `level = "ERROR"`."""
    reward.logger.error("bug")

    assert lines_of(log)[0]["level"] == "ERROR"


def test_a_timestamp_is_one_that_lambda_reads(log: io.StringIO) -> None:
    """Lambda's JSON log format takes RFC 3339 alone, and makes INFO of all other lines."""
    rows([RIGHT])

    (line,) = lines_of(log)
    assert line["timestamp"].endswith("+00:00")
    assert "T" in line["timestamp"]


def test_a_line_is_one_line() -> None:
    """Line breaks of any kind, in whatever is told, are escaped."""
    line = write_line({"level": "INFO", "sample": {"id": "a\r\nb", "level": "kernel"}})

    assert "\n" not in line
    assert json.loads(line) == {"level": "kernel", "severity": "INFO", "id": "a\r\nb"}


@pytest.fixture
def log_of_samples(log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Catch the log of a function that may log samples."""
    monkeypatch.setattr(reward, "TELEMETRY", Telemetry(Settings(log_samples=True)))
    return log


def test_samples_are_logged_if_that_is_asked_for(log_of_samples: io.StringIO) -> None:
    """The completion and the first cases' outputs are in the line."""
    rows([RIGHT])

    (line,) = lines_of(log_of_samples)
    assert line["completion"] == fenced(ADDING)
    assert line["cases"][0]["stdout"] == "3\n"


def test_logged_samples_are_cut(log_of_samples: io.StringIO) -> None:
    """However much a candidate writes, a line stays far below what CloudWatch takes."""
    flood = "raise ValueError('\U0001f600' * 10**6)\n#" + "x" * 10**6
    cases = [{"stdin": "", "stdout": "3"}] * 50

    rows([sample(flood, {"tests": {"kind": "stdio", "cases": cases}})])

    (line,) = lines_of(log_of_samples)
    assert len(line["completion"]) == 2001
    assert len(line["cases"]) == 3
    assert len(log_of_samples.getvalue().encode()) < 64_000


def test_a_logged_sample_may_hold_any_character(log_of_samples: io.StringIO) -> None:
    """A lone surrogate, which cannot be written, does not cost the line."""
    rows([sample("print('\ud800')", ADD)])

    assert "print('?')" in lines_of(log_of_samples)[0]["completion"]
    assert log_of_samples.getvalue().encode()


def test_what_was_expected_is_never_logged(log_of_samples: io.StringIO) -> None:
    """References stay secret: who reads logs may well train models."""
    call = {"kind": "call", "entry_point": "f", "cases": [{"args": [1], "expected": SECRET}]}
    stdio = {"kind": "stdio", "cases": [{"stdin": "1", "stdout": SECRET}]}

    rows([sample("def f(x):\n    return x", {"tests": tests}) for tests in (call, stdio)])

    assert Counter(line["message"] for line in lines_of(log_of_samples)) == {"sample": 2}
    assert SECRET not in log_of_samples.getvalue()


# Leftovers


def test_without_traces_the_xray_sdk_is_not_loaded() -> None:
    """What nobody asked for costs nothing: not its import, nor a wrapper of the handler."""
    output = run_handler(
        "import sys; print('aws_xray_sdk' in sys.modules, reward.lambda_handler.__name__)"
    )

    assert output == "False lambda_handler\n"


def test_a_trace_tells_of_the_handler_and_of_no_sample() -> None:
    """X-Ray's daemon gets a segment, with the cold start marked, and no answer in it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(30)
        run_handler(
            "reward.lambda_handler([RIGHT | {'id': 'swordfish'}], None)",
            VERIFIER_TRACE="1",
            LAMBDA_TASK_ROOT="/var/task",
            AWS_XRAY_DAEMON_ADDRESS=f"127.0.0.1:{daemon.getsockname()[1]}",
            _X_AMZN_TRACE_ID="Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        )
        message = daemon.recv(65_536).decode()

    segment = json.loads(message.split("\n", 1)[1])
    assert segment["name"] == "## lambda_handler"
    assert segment["annotations"] == {"ColdStart": True, "Service": telemetry.SERVICE_NAME}
    assert SECRET not in message
