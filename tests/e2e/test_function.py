"""What goes into the function and what comes out of it: answers, errors, its log."""

import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError

from tests.e2e.conftest import REPORTED
from tests.e2e.emulator import Function, Invocation, running_function
from tests.e2e.samples import ENDLESS, RIGHT, Sample, metrics_of, square_sample
from tests.paths import REPOSITORY

# Goes into every place where a text of a completion's or of a test's could be.
SECRET = "swordfish"
LOGGED_FIELDS = {
    "id", "aggregate_reward_score", "correctness", "compile", "format", "safety",
    "conciseness", "similarity", "format_issues", "tests_passed",
    "tests_total", "guess_baseline", "isolation_level", "ungraded", "no_completion", "timeout",
    "runtime_error", "security_violation", "self_compared", "shared_process",
    "duration_ms", "verdict", "level", "source", "problem",
}  # fmt: skip


def plainly(samples: list[Sample]) -> object:
    """Put samples into an envelope as a parsed body."""
    return {"body": {"batch": samples}}


def as_text(samples: list[Sample]) -> object:
    """Put samples into an envelope as text, as API Gateway and function URLs do."""
    return {"version": "2.0", "body": json.dumps(samples), "isBase64Encoded": False}


def as_base64(samples: list[Sample]) -> object:
    """Put samples into an envelope as the same do with what is not known to be text."""
    body = base64.b64encode(json.dumps(samples).encode()).decode()
    return {"version": "2.0", "body": body, "isBase64Encoded": True}


@pytest.mark.parametrize("envelope", [plainly, as_text, as_base64])
def test_an_envelope_is_answered_by_an_envelope(
    function: Function, envelope: Callable[[list[Sample]], object]
) -> None:
    """Who sends an HTTP request gets an HTTP response, with the rows as text."""
    answer = function.invoke(envelope([square_sample(RIGHT)]))

    assert answer["statusCode"] == 200
    assert [row["aggregate_reward_score"] for row in json.loads(answer["body"])] == [1.0]


@pytest.mark.parametrize("event", [{}, None, "samples", 7, {"body": "{"}, {"trajectories": {}}])
def test_an_event_without_samples_is_an_error_in_one_sentence(
    function: Function, event: object
) -> None:
    """The trainer's operator reads what was expected, and where."""
    answer = function.invoke(event)

    assert answer["errorType"] == "MalformedEventError"
    assert answer["errorMessage"].startswith(("event: expected ", "body: expected "))
    assert "\n" not in answer["errorMessage"]


def test_a_malformed_event_leaves_the_function_warm(function: Function) -> None:
    """An error is answered by the process that goes on to score the next event."""
    function.invoke([square_sample(RIGHT)])
    before = function.runtime_pid

    function.invoke({})
    (row,) = function.invoke([square_sample(RIGHT)])

    assert (row["aggregate_reward_score"], function.runtime_pid) == (1.0, before)


def test_a_program_without_end_leaves_the_function_warm(function: Function) -> None:
    """After an endless loop the same process scores the next sample as if nothing was."""
    (lost,) = function.invoke([square_sample(ENDLESS, cpu_seconds=0.3)])
    before = function.runtime_pid

    (row,) = function.invoke([square_sample(RIGHT)])

    assert metrics_of(lost)["correctness"] == 0.0
    assert (row["aggregate_reward_score"], function.runtime_pid) == (1.0, before)


@pytest.mark.parametrize(
    "sample_id",
    [0, -7, 2**70, 0.5, "", "日本語 \x00\u2028", None, True, [], {"run": [1, {"step": None}]}],
)
def test_an_id_comes_back_as_it_was_sent(function: Function, sample_id: object) -> None:
    """An id of any type is echoed through both encoders, Lambda's and ours."""
    (row,) = function.invoke([square_sample(RIGHT, sample_id=sample_id)])

    assert (type(row["id"]), row["id"]) == (type(sample_id), sample_id)


def test_an_id_that_cannot_be_sent_back_costs_nothing(function: Function) -> None:
    """A lone surrogate, which newer runtimes cannot encode, comes back as U+FFFD."""
    (row,) = function.invoke([square_sample(RIGHT, sample_id="a\ud800b")])

    assert (row["id"], row["aggregate_reward_score"]) == ("a\ufffdb", 1.0)


def test_a_batch_is_answered_in_its_order(function: Function) -> None:
    """Rows come in the order of the samples, whichever is done first."""
    programs = [ENDLESS, RIGHT, "def square(n):", ENDLESS, RIGHT]
    batch = [
        square_sample(program, sample_id=place, cpu_seconds=0.2)
        for place, program in enumerate(programs)
    ]

    assert [row["id"] for row in function.invoke(batch)] == [0, 1, 2, 3, 4]


@pytest.fixture(scope="module")
def logged(function: Function) -> Invocation:
    """Return what the function logs of samples that are full of secrets."""
    programs = [
        f"def square(n):\n    return '{SECRET}'",
        f"import sys\n\nprint('{SECRET}')\nprint('{SECRET}', file=sys.stderr)\n{RIGHT}",
        f"raise ValueError('{SECRET}')",
        f"def square(n):\n    return {SECRET} {SECRET}",
        f"class {SECRET}(Exception): pass\n\ndef square(n):\n    raise {SECRET}",
    ]
    scored = [square_sample(program, sample_id=n) for n, program in enumerate(programs)]
    return function.invoke_and_listen([*scored, *ungradable_samples()])


def ungradable_samples() -> list[Sample]:
    """Return samples that are malformed where a secret is: in a case, an answer, a message.

    Keys and settings are not secret: to quote them is how a dataset gets mended.
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
        square_sample(RIGHT, sample_id=place) | fields
        for place, fields in enumerate(malformed, start=100)
    ]


def test_every_sample_has_its_line_in_the_log(logged: Invocation) -> None:
    """One JSON line a sample, with the id and all numbers at top level."""
    lines = [line for line in logged.log_lines if line.get("message") == "sample"]

    assert sorted(line["id"] for line in lines) == sorted(row["id"] for row in logged.answer)
    assert all(line.keys() >= LOGGED_FIELDS for line in lines)


def test_a_line_of_the_log_agrees_with_the_row(logged: Invocation) -> None:
    """What a dashboard counts is what the trainer got."""
    lines = {line["id"]: line for line in logged.log_lines if line.get("message") == "sample"}

    for row in logged.answer:
        said = {"aggregate_reward_score": row["aggregate_reward_score"]} | metrics_of(row)
        assert {name: lines[row["id"]][name] for name in said} == said


def test_what_was_sent_is_not_logged(logged: Invocation) -> None:
    """No text of a completion, of its output or of a reference is in the log."""
    ungraded = [row["id"] for row in logged.answer if metrics_of(row)["ungraded"]]
    assert ungraded == [sample["id"] for sample in ungradable_samples()]  # each with a reason
    assert [line for line in logged.output.splitlines() if SECRET in line] == []


def test_a_malformed_event_is_not_logged(function: Function) -> None:
    """The runtime logs the error; and the error does not quote what was sent."""
    logged = function.invoke_and_listen({"body": {SECRET: [SECRET]}})

    assert "MalformedEventError" in logged.output
    assert SECRET not in logged.output


def test_nothing_outlives_the_function(emulator: Path) -> None:
    """A function that is killed takes its zygotes and a running guest with it."""
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


def test_the_handler_gets_ready_by_itself(
    record_property: Callable[[str, object], None],
) -> None:
    """Import is enough for a warm zygote in every worker; how long it takes is reported."""
    program = (
        "import time; start = time.perf_counter()\n"
        "from nova_code_verifier.handlers.reward import EXECUTOR\n"
        "EXECUTOR.level; print(time.perf_counter() - start)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=REPOSITORY,
    )

    record_property(REPORTED, round(float(done.stdout), 3))
