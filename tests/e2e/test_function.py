"""The reward function in the real runtime: its answers, its errors, its log."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError

from tests.e2e.emulator import Function, Invocation, running_function
from tests.e2e.samples import ENDLESS, RIGHT, Sample, metrics_of, square_sample
from tests.paths import REPOSITORY

# The tests put it wherever a completion or a test may hold text.
SECRET = "swordfish"
LOGGED_FIELDS = {
    "id", "aggregate_reward_score", "correctness", "compile", "format", "safety",
    "conciseness", "similarity", "format_issues", "tests_passed",
    "tests_total", "guess_baseline", "isolation_level", "ungraded", "failure", "no_completion",
    "timeout", "runtime_error", "security_violation", "self_compared", "reruns", "shared_process",
    "semantics_version", "duration_ms", "verdict", "level", "source", "problem",
}  # fmt: skip


def as_object(samples: list[Sample]) -> object:
    """Return an envelope whose body is parsed."""
    return {"body": {"batch": samples}}


def as_text(samples: list[Sample]) -> object:
    """Return an envelope whose body is text: API Gateway and function URLs send these."""
    return {"version": "2.0", "body": json.dumps(samples), "isBase64Encoded": False}


def as_base64(samples: list[Sample]) -> object:
    """Return an envelope whose body is base64: they send this if they do not know the type."""
    body = base64.b64encode(json.dumps(samples).encode()).decode()
    return {"version": "2.0", "body": body, "isBase64Encoded": True}


@pytest.mark.parametrize("envelope", [as_object, as_text, as_base64])
def test_an_envelope_is_answered_by_an_envelope(
    function: Function, envelope: Callable[[list[Sample]], object]
) -> None:
    """An HTTP request gets an HTTP response, whose body is the rows as text."""
    answer = function.invoke(envelope([square_sample(RIGHT)]))

    assert answer["statusCode"] == 200
    assert [row["aggregate_reward_score"] for row in json.loads(answer["body"])] == [1.0]


@pytest.mark.parametrize(
    "event",
    [{}, None, "samples", 7, {"body": "{"}, {"trajectories": {}}],
    ids=["empty object", "null", "text", "number", "broken body", "other field"],
)
def test_an_event_without_samples_is_an_error_in_one_sentence(
    function: Function, event: object
) -> None:
    """The message says which field was expected, and is one line."""
    answer = function.invoke(event)

    assert answer["errorType"] == "MalformedEventError"
    assert answer["errorMessage"].startswith(("event: expected ", "body: expected "))
    assert "\n" not in answer["errorMessage"]


def test_a_malformed_event_does_not_restart_the_function(function: Function) -> None:
    """The process that answers with an error scores the next event."""
    function.invoke([square_sample(RIGHT)])
    before = function.runtime_pid

    function.invoke({})
    (row,) = function.invoke([square_sample(RIGHT)])

    assert (row["aggregate_reward_score"], function.runtime_pid) == (1.0, before)


def test_an_endless_program_does_not_restart_the_function(function: Function) -> None:
    """After an endless loop the same process scores the next sample."""
    (lost,) = function.invoke([square_sample(ENDLESS, cpu_seconds=0.3)])
    before = function.runtime_pid

    (row,) = function.invoke([square_sample(RIGHT)])

    assert metrics_of(lost)["correctness"] == 0.0
    assert (row["aggregate_reward_score"], function.runtime_pid) == (1.0, before)


@pytest.mark.parametrize(
    "sample_id",
    [0, -7, 2**70, 0.5, "", "日本語 \x00\u2028", None, True, [], {"run": [1, {"step": None}]}],
    ids=repr,
)
def test_an_id_comes_back_as_it_was_sent(function: Function, sample_id: object) -> None:
    """Neither Lambda's encoder nor ours changes an id, whatever its type is."""
    (row,) = function.invoke([square_sample(RIGHT, sample_id=sample_id)])

    assert (type(row["id"]), row["id"]) == (type(sample_id), sample_id)


def test_a_lone_surrogate_in_an_id_is_replaced(function: Function) -> None:
    """Newer runtimes cannot encode it, so it comes back as U+FFFD, and the reward is kept."""
    (row,) = function.invoke([square_sample(RIGHT, sample_id="a\ud800b")])

    assert (row["id"], row["aggregate_reward_score"]) == ("a\ufffdb", 1.0)


def test_a_batch_is_answered_in_its_order(function: Function) -> None:
    """Rows have the order of the samples, and not the order in which they were done."""
    programs = [ENDLESS, RIGHT, "def square(n):", ENDLESS, RIGHT]
    batch = [
        square_sample(program, sample_id=index, cpu_seconds=0.2)
        for index, program in enumerate(programs)
    ]

    assert [row["id"] for row in function.invoke(batch)] == [0, 1, 2, 3, 4]


@pytest.fixture(scope="module")
def logged(function: Function) -> Invocation:
    """Return the invocation with samples that hold the secret in every text."""
    programs = [
        f"def square(n):\n    return '{SECRET}'",
        f"import sys\n\nprint('{SECRET}')\nprint('{SECRET}', file=sys.stderr)\n{RIGHT}",
        f"raise ValueError('{SECRET}')",
        f"def square(n):\n    return {SECRET} {SECRET}",
        f"class {SECRET}(Exception): pass\n\ndef square(n):\n    raise {SECRET}",
    ]
    scored = [square_sample(program, sample_id=n) for n, program in enumerate(programs)]
    return function.invoke_with_log([*scored, *ungradable_samples()])


def ungradable_samples() -> list[Sample]:
    """Return samples that are malformed where the secret is: in a case, an answer, a message.

    Keys and settings are not secret: messages quote them, so that a dataset can be corrected.
    """
    call = {"kind": "call", "entry_point": "square"}
    references: list[object] = [
        SECRET,
        {"solution": SECRET},
        {"tests": SECRET},
        {"tests": call | {"cases": SECRET}},
        {"tests": call | {"cases": [SECRET]}},
        {"tests": call | {"cases": [{"args": SECRET, "expected": SECRET}]}},
        {"tests": call | {"cases": [{"args": [SECRET]}]}},
        {"tests": {"kind": "stdio", "cases": [{"stdin": [SECRET], "stdout": SECRET}]}},
        {"tests": {"kind": "stdio", "cases": [{"stdin": SECRET, "stdout": {"a": SECRET}}]}},
        {"inputs": [SECRET], "outputs": [SECRET, SECRET], "fn_name": "square"},
        {"code": SECRET, "test_cases": [{"input": SECRET}]},
    ]
    messages: list[object] = [
        SECRET,
        [{"role": "assistant", "content": [{SECRET: SECRET}]}],
        [{"role": [SECRET], "content": SECRET}],
    ]
    malformed = [{"reference_answer": reference} for reference in references]
    malformed += [{"messages": message} for message in messages]
    return [
        square_sample(RIGHT, sample_id=number) | fields
        for number, fields in enumerate(malformed, start=100)
    ]


def test_every_sample_has_one_log_line(logged: Invocation) -> None:
    """Each line is JSON, with the id and all numbers at top level."""
    lines = [line for line in logged.log_lines if line.get("message") == "sample"]

    assert sorted(line["id"] for line in lines) == sorted(row["id"] for row in logged.answer)
    assert all(line.keys() >= LOGGED_FIELDS for line in lines)


def test_a_log_line_has_the_numbers_of_its_row(logged: Invocation) -> None:
    """A dashboard counts the same rewards and metrics that the trainer got."""
    lines = {line["id"]: line for line in logged.log_lines if line.get("message") == "sample"}

    for row in logged.answer:
        sent = {"aggregate_reward_score": row["aggregate_reward_score"]} | metrics_of(row)
        assert {name: lines[row["id"]][name] for name in sent} == sent


def test_the_log_holds_no_text_of_a_sample(logged: Invocation) -> None:
    """The log has no text of a completion, of its output, or of a reference."""
    ungraded = [row["id"] for row in logged.answer if metrics_of(row)["ungraded"]]
    assert ungraded == [sample["id"] for sample in ungradable_samples()]  # each with a reason
    assert [line for line in logged.output.splitlines() if SECRET in line] == []


def test_the_log_holds_no_text_of_a_malformed_event(function: Function) -> None:
    """The runtime logs the error, and the error does not quote the event."""
    logged = function.invoke_with_log({"body": {SECRET: [SECRET]}})

    assert "MalformedEventError" in logged.output
    assert SECRET not in logged.output


def test_no_process_outlives_the_function(emulator: Path) -> None:
    """When the function is killed, its zygotes and a running guest end, too."""
    with running_function(emulator) as function, ThreadPoolExecutor() as pool:
        function.invoke([square_sample(RIGHT)])
        idle = len(function.processes)
        lost = pool.submit(function.invoke, [square_sample(ENDLESS, cpu_seconds=60)])
        while len(function.processes) == idle and not lost.done():
            time.sleep(0.01)

        function.kill()

        with pytest.raises(BotoCoreError):
            lost.result()
        assert idle >= 3  # the emulator, the runtime and at least one zygote
        assert function.processes_left() == []


def test_the_import_of_the_handler_starts_every_worker() -> None:
    """After the import, and before the first event, each worker has a zygote that is ready."""
    program = (
        "from nova_code_verifier.handlers.reward import EXECUTOR\n"
        "EXECUTOR.level\n"
        "print(*EXECUTOR.zygote_pids)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=REPOSITORY,
        env=os.environ | {"VERIFIER_WORKERS": "3"},
    )

    assert len(set(done.stdout.split())) == 3
