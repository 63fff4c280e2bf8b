"""Telemetry: log lines, metrics, traces, and what must not be in them."""

import io
import json
import os
import socket
import subprocess
import sys
from collections import Counter
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
    lines_of,
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


def documents_in(output: str) -> list[dict[str, Any]]:
    """Return the documents of metrics in what was printed."""
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return [line for line in lines if "_aws" in line]


def total(documents: list[dict[str, Any]], name: str) -> float:
    """Return the sum of a metric over all documents."""
    return sum(sum(document.get(name, [])) for document in documents)


def dimensions_of(document: dict[str, Any]) -> dict[str, str]:
    """Return the values of all dimensions of a document."""
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    return {name: document[name] for names in directive["Dimensions"] for name in names}


def run_handler(program: str, **variables: str) -> str:
    """Run a program that has the handler in a new process, and return its output."""
    preamble = (
        "from tests.unit.handlers.test_reward import RIGHT\n"
        "from nova_code_verifier.handlers import reward\n"
    )
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
    """Each verdict has a class, and each class has a verdict."""
    assert CLASSES.keys() == set(Verdict)
    assert set(CLASSES.values()) == set(VerdictClass)


def test_the_counts_equal_those_of_the_rows(capsys: pytest.CaptureFixture[str]) -> None:
    """Samples, zero rewards, ungraded samples and violations equal those of the rows."""
    answered = rows(ALL_KINDS)

    documents = documents_in(capsys.readouterr().out)
    graded = [row for row in answered if not values(row)["ungraded"]]
    expected = {
        "Samples": len(answered),
        "RewardZero": sum(row["aggregate_reward_score"] == 0 for row in graded),
        "CorrectnessZero": sum(values(row)["correctness"] == 0 for row in graded),
        "Ungraded": len(answered) - len(graded),
    }
    assert {name: total(documents, name) for name in expected} == expected
    assert expected["CorrectnessZero"] > expected["RewardZero"] > 0
    assert total(documents, "SecurityViolations") == 1
    assert total(documents, "Outages") == 0


def test_the_weakest_isolation_level_is_a_metric(capsys: pytest.CaptureFixture[str]) -> None:
    """An alarm sees the level at which graded samples ran; those that did not run have none."""
    (right, _) = rows([RIGHT, UNUSABLE])

    documents = documents_in(capsys.readouterr().out)
    levels = [document["IsolationLevel"] for document in documents if "IsolationLevel" in document]
    assert levels == [[values(right)["isolation_level"]]]


def test_reruns_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """A program that runs out of CPU time in its only case was run twice."""
    endless = sample("while True: pass", ADD | {"limits": {"cpu_seconds": 0.1}})

    answered = rows([RIGHT, endless])

    documents = documents_in(capsys.readouterr().out)
    assert [values(row)["reruns"] for row in answered] == [0.0, 1.0]
    assert total(documents, "Reruns") == 1


def test_prompt_groups_of_equal_rewards_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """A document for the function counts the groups of an invocation, and the equal ones."""
    # RIGHT and HALF have one prompt and different rewards.
    turns = [{"role": "user", "content": "Answer."}, {"role": "assistant", "content": "I cannot."}]
    equal = [PROSE | {"messages": turns}] * 2

    rows([*equal, RIGHT, HALF])

    documents = documents_in(capsys.readouterr().out)
    (document,) = [document for document in documents if "PromptGroups" in document]
    assert (document["PromptGroups"], document["EqualGroups"]) == ([2.0], [1.0])
    assert dimensions_of(document).keys() == {"service", "function_name"}


def test_each_reward_and_duration_is_a_value(capsys: pytest.CaptureFixture[str]) -> None:
    """CloudWatch gets the reward and the duration of each sample for its percentiles."""
    answered = rows([RIGHT, HALF, PROSE, UNUSABLE])

    documents = documents_in(capsys.readouterr().out)
    found = [reward for document in documents for reward in document.get("Reward", [])]
    took = [duration for document in documents for duration in document.get("DurationMs", [])]
    assert sorted(found) == sorted(row["aggregate_reward_score"] for row in answered[:3])
    assert sorted(took) == sorted(values(row)["duration_ms"] for row in answered)


@pytest.mark.parametrize(
    ("sent", "source"),
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
def test_the_source_is_the_kind_of_the_tests(
    capsys: pytest.CaptureFixture[str], sent: dict[str, object], source: Source
) -> None:
    """The dimension `source` is the kind of the reference, whatever the verdict."""
    rows([sent])

    (document,) = [d for d in documents_in(capsys.readouterr().out) if "Samples" in d]
    assert document["source"] == source


def test_no_dimension_is_chosen_by_a_sample(capsys: pytest.CaptureFixture[str]) -> None:
    """Texts of a sample never become a dimension: each new value costs money."""
    chosen = {"id": SECRET, "data_source": SECRET, "source": SECRET, "metadata": {SECRET: SECRET}}

    rows([{**sent, **chosen} for sent in [*ALL_KINDS, LABEL, TEST_CODE]])

    documents = documents_in(capsys.readouterr().out)
    closed = {"service", "function_name", "verdict_class", "source"}
    assert all(dimensions_of(document).keys() <= closed for document in documents)
    assert {d.get("verdict_class", "wrong") for d in documents} <= set(VerdictClass)
    assert {d.get("source", "none") for d in documents} <= set(Source)
    assert SECRET not in json.dumps(documents)


def test_documents_have_three_sets_of_dimensions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A document counts for the function, for its verdict class and for its source."""
    rows([RIGHT])

    (document,) = [d for d in documents_in(capsys.readouterr().out) if "Samples" in d]
    assert document["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [
        ["service", "function_name"],
        ["service", "function_name", "verdict_class"],
        ["service", "function_name", "source"],
    ]


@pytest.mark.parametrize("size", [99, 100, 101, 250])
def test_a_large_batch_loses_no_value(capsys: pytest.CaptureFixture[str], size: int) -> None:
    """A batch of more than 100 samples, CloudWatch's limit, gets several documents."""
    rows([PROSE] * size)

    documents = documents_in(capsys.readouterr().out)
    counted = [document[name] for document in documents for name in ("Reward",) if name in document]
    assert max(map(len, counted)) <= 100
    assert sum(map(len, counted)) == total(documents, "Samples") == size


def test_an_outage_that_is_raised_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Samples of an invocation that raises an outage are in the metrics."""
    with pytest.raises(OutageError):
        rows([sample(f"{ADDING}  # counted", ADD), PROSE], Context(0))

    documents = documents_in(capsys.readouterr().out)
    assert (total(documents, "Outages"), total(documents, "Samples")) == (1, 2)


def test_a_malformed_event_has_no_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    """An event without samples adds nothing to the metrics."""
    with pytest.raises(MalformedEventError):
        rows({})

    assert total(documents_in(capsys.readouterr().out), "Samples") == 0


def test_the_first_invocation_is_a_cold_start() -> None:
    """Only the first invocation of a process is a cold start, in the metric and in the lines."""
    output = run_handler("reward.lambda_handler([RIGHT]); reward.lambda_handler([RIGHT])")

    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["cold_start"] for line in lines if "cold_start" in line] == [True, False]
    assert total(documents_in(output), "ColdStart") == 1


def test_provisioned_environments_do_not_start_cold() -> None:
    """With provisioned concurrency, the first invocation is not a cold start."""
    output = run_handler(
        "reward.lambda_handler([RIGHT])", AWS_LAMBDA_INITIALIZATION_TYPE="provisioned-concurrency"
    )

    assert total(documents_in(output), "ColdStart") == 0


def test_variables_of_powertools_name_the_metrics() -> None:
    """Namespace, service and function name come from the environment."""
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


def test_a_line_has_the_request_id(log: io.StringIO) -> None:
    """All lines of an invocation have its request id, under Powertools' name."""
    rows([RIGHT, PROSE], Context(60_000))

    assert [line["function_request_id"] for line in lines_of(log)] == ["r-1", "r-1"]


def test_the_level_of_a_sample_is_its_isolation_level(log: io.StringIO) -> None:
    """In the line of a sample, `level` is the isolation level and `severity` the log level."""
    rows([RIGHT])

    (line,) = lines_of(log)
    assert line["level"] == reward.EXECUTOR.level
    assert line["severity"] == "INFO"


def test_other_lines_keep_the_log_level(log: io.StringIO) -> None:
    """In other lines, `level` is the log level."""
    reward.TELEMETRY.logger.error("bug")

    assert lines_of(log)[0]["level"] == "ERROR"


def test_the_timestamp_is_rfc_3339(log: io.StringIO) -> None:
    """Lambda's JSON log format accepts RFC 3339 timestamps only."""
    rows([RIGHT])

    (line,) = lines_of(log)
    assert line["timestamp"].endswith("+00:00")
    assert "T" in line["timestamp"]


def test_line_breaks_are_escaped() -> None:
    """Line breaks in any field are escaped."""
    line = write_line({"level": "INFO", "sample": {"id": "a\r\nb", "level": "kernel"}})

    assert "\n" not in line
    assert json.loads(line) == {"level": "kernel", "severity": "INFO", "id": "a\r\nb"}


@pytest.fixture
def log_of_samples(log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Capture the log of a function with `log_samples`."""
    monkeypatch.setattr(reward, "TELEMETRY", Telemetry(Settings(log_samples=True)))
    return log


def test_samples_are_logged_with_log_samples(log_of_samples: io.StringIO) -> None:
    """With `log_samples`, a line has the completion and the outputs of the first cases."""
    rows([RIGHT])

    (line,) = lines_of(log_of_samples)
    assert line["completion"] == fenced(ADDING)
    assert line["cases"][0]["stdout"] == "3\n"


def test_logged_texts_are_clipped(log_of_samples: io.StringIO) -> None:
    """However much a candidate writes, a line stays far below CloudWatch's limit."""
    flood = "raise ValueError('\U0001f600' * 10**6)\n#" + "x" * 10**6
    cases = [{"stdin": "", "stdout": "3"}] * 50

    rows([sample(flood, {"tests": {"kind": "stdio", "cases": cases}})])

    (line,) = lines_of(log_of_samples)
    assert len(line["completion"]) == 2001
    assert len(line["cases"]) == 3
    assert len(log_of_samples.getvalue().encode()) < 64_000


def test_a_logged_sample_may_have_a_surrogate(log_of_samples: io.StringIO) -> None:
    """A lone surrogate is replaced, so that the line can be written."""
    rows([sample("print('\ud800')", ADD)])

    assert "print('?')" in lines_of(log_of_samples)[0]["completion"]
    assert log_of_samples.getvalue().encode()


def test_expected_answers_are_never_logged(log_of_samples: io.StringIO) -> None:
    """Even with `log_samples`, no expected answer is in a line."""
    call = {"kind": "call", "entry_point": "f", "cases": [{"args": [1], "expected": SECRET}]}
    stdio = {"kind": "stdio", "cases": [{"stdin": "1", "stdout": SECRET}]}

    rows([sample("def f(x):\n    return x", {"tests": tests}) for tests in (call, stdio)])

    assert Counter(line["message"] for line in lines_of(log_of_samples)) == {"sample": 2}
    assert SECRET not in log_of_samples.getvalue()


# Traces


def test_without_traces_the_xray_sdk_is_not_loaded() -> None:
    """Without `trace`, the X-Ray SDK is not imported and the handler is not wrapped."""
    output = run_handler(
        "import sys; print('aws_xray_sdk' in sys.modules, reward.lambda_handler.__name__)"
    )

    assert output == "False lambda_handler\n"


def test_a_trace_contains_nothing_of_a_sample() -> None:
    """X-Ray's daemon gets a segment for the handler, and no response in it."""
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
