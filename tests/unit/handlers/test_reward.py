"""The Lambda's front door, with a real sandbox behind it."""

import io
import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nova_code_verifier.handlers import reward
from nova_code_verifier.handlers.reward import lambda_handler
from nova_code_verifier.handlers.service import OutageError
from nova_code_verifier.handlers.wire import MalformedEventError
from tests.fakes import Context

SECRET = "s3cret"
OWN_WORDS = "candidate words"
METRICS = [
    "correctness",
    "compile",
    "format",
    "safety",
    "conciseness",
    "similarity",
    "tests_passed",
    "tests_total",
    "guess_baseline",
    "isolation_level",
    "ungraded",
    "no_completion",
    "timeout",
    "runtime_error",
    "security_violation",
    "self_compared",
    "shared_process",
    "duration_ms",
]


def fenced(program: str) -> str:
    """Write a completion that holds a program."""
    return f"Here it is.\n```python\n{program}\n```\n"


def sample(program: str, reference: object, **fields: object) -> dict[str, object]:
    """Make a sample whose model wrote this program."""
    messages = [
        {"role": "user", "content": "Please."},
        {"role": "assistant", "content": fenced(program)},
    ]
    return {"id": "s-1", "messages": messages, "reference_answer": reference, **fields}


ADD = {"tests": {"kind": "stdio", "cases": [{"stdin": "1 2\n", "stdout": "3\n"}]}}
SQUARE = {
    "tests": {
        "kind": "call",
        "entry_point": "square",
        "cases": [
            {"args": [3], "expected": 9},
            {"args": [0], "expected": 0},
            {"args": [-2], "expected": 4},
        ],
    }
}
ADDING = "a, b = map(int, input().split())\nprint(a + b)"
RIGHT = sample(ADDING, ADD)
WRONG = sample("print(4)", ADD)
HALF = sample("def square(n):\n    return 3 * abs(n)", SQUARE)
BROKEN = sample("def square(n:", SQUARE)
FORBIDDEN = sample("import os\nos.fork()\nprint(3)", ADD)
PROSE = {**RIGHT, "messages": [{"role": "assistant", "content": "I cannot."}]}
RAW: dict[str, object] = {
    "messages": [{"role": "user", "content": "Please."}],
    "reference_answer": ADD,
}
UNUSABLE = sample(ADDING, {"tests": {"kind": "stdio", "cases": [{"stdin": 7}]}})
UNREADABLE: dict[str, object] = {"id": "s-2", "messages": "none"}
ALL_KINDS: list[dict[str, object]] = [
    RIGHT,
    WRONG,
    HALF,
    BROKEN,
    FORBIDDEN,
    PROSE,
    RAW,
    UNUSABLE,
    UNREADABLE,
]


def rows(event: object, context: object = None) -> list[dict[str, Any]]:
    """Call the handler, and return the rows of a bare answer."""
    answer: Any = lambda_handler(event, context)
    assert isinstance(answer, list)
    return answer


def values(row: dict[str, Any]) -> dict[str, float]:
    """Return the metrics of a row by name."""
    return {metric["name"]: metric["value"] for metric in row["metrics_list"]}


def judgement(row: dict[str, Any]) -> dict[str, object]:
    """Return all that a row says, but for how long it took."""
    told = values(row)
    del told["duration_ms"]
    return {"id": row["id"], "reward": row["aggregate_reward_score"], **told}


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


# Rows


def test_a_right_answer_earns_one() -> None:
    """A program that does what was asked, in the form that was asked, gets full marks."""
    (row,) = rows([RIGHT])

    assert row["aggregate_reward_score"] == 1.0


def test_a_wrong_answer_earns_no_correctness() -> None:
    """A program that runs and is wrong has its small steps, and no more."""
    (row,) = rows([WRONG])

    assert (row["aggregate_reward_score"], values(row)["correctness"]) == (pytest.approx(0.2), 0.0)


def test_there_is_partial_credit() -> None:
    """Two of three cases are half of what is left when a guess has got its one."""
    (row,) = rows([HALF])

    assert (values(row)["correctness"], values(row)["tests_passed"]) == (0.5, 2.0)
    assert values(row)["guess_baseline"] == pytest.approx(1 / 3)


def test_a_violation_earns_nothing() -> None:
    """A program that tries to fork gets no reward, whatever it prints."""
    (row,) = rows([FORBIDDEN])

    assert row["aggregate_reward_score"] == 0.0


def test_rows_are_in_the_order_of_the_samples() -> None:
    """Each row answers the sample at its place, however long each took."""
    slow = sample("import time\ntime.sleep(0.2)\n" + ADDING, ADD, id="slow")
    event = [slow, UNREADABLE, {**RIGHT, "id": "a"}, {**PROSE, "id": "b"}, {**WRONG, "id": "c"}]

    assert [row["id"] for row in rows(event)] == ["slow", "s-2", "a", "b", "c"]


@pytest.mark.parametrize("sent", ["s", 7, 1.5, True, None, ["a", 1], {"k": "v"}, "\u3042"])
def test_an_id_is_echoed_whatever_its_type(sent: object) -> None:
    """The trainer's own id comes back."""
    (row,) = rows([{**PROSE, "id": sent}])

    assert (row["id"], type(row["id"])) == (sent, type(sent))


def test_ids_need_not_be_unique() -> None:
    """Many completions of one prompt share an id: there is a row for each."""
    answered = rows([RIGHT, WRONG, RIGHT])

    assert [(row["id"], values(row)["correctness"]) for row in answered] == [
        ("s-1", 1.0),
        ("s-1", 0.0),
        ("s-1", 1.0),
    ]


@pytest.mark.parametrize("one", ALL_KINDS, ids=range(len(ALL_KINDS)))
def test_every_row_has_the_same_metrics(one: dict[str, object]) -> None:
    """Whatever became of a sample, its row has the same names in the same order."""
    (row,) = rows([one])

    assert [metric["name"] for metric in row["metrics_list"]] == METRICS


@pytest.mark.parametrize("one", ALL_KINDS, ids=range(len(ALL_KINDS)))
def test_every_row_is_json(one: dict[str, object]) -> None:
    """Every row can be sent as it is."""
    (row,) = rows([one])

    assert json.loads(json.dumps(row, allow_nan=False)) == row


def test_the_wall_is_told() -> None:
    """A row tells how strong the wall was."""
    (row,) = rows([RIGHT])

    assert values(row)["isolation_level"] in (2.0, 3.0)


def test_a_raw_row_is_flagged() -> None:
    """A dataset row without an assistant turn scores 0, and is no model's failure."""
    (row,) = rows([RAW])

    assert (row["id"], row["aggregate_reward_score"], values(row)["no_completion"]) == (None, 0, 1)


@pytest.mark.parametrize("one", [UNUSABLE, UNREADABLE], ids=["unusable", "unreadable"])
def test_what_cannot_be_graded_is_flagged(one: dict[str, object]) -> None:
    """A sample with a broken reference, or no messages, has a row that says so."""
    (row,) = rows([one])

    assert (row["aggregate_reward_score"], values(row)["ungraded"]) == (0.0, 1.0)


@cache
def judgements_alone() -> list[dict[str, object]]:
    """Score each kind of sample in an event of its own."""
    return [judgement(rows([{**one, "id": n}])[0]) for n, one in enumerate(ALL_KINDS)]


@settings(max_examples=20)
@given(order=st.permutations(range(len(ALL_KINDS))), data=st.data())
def test_a_row_depends_on_its_sample_alone(order: list[int], data: st.DataObject) -> None:
    """The same samples in any order, and in any batches, get the same rows."""
    cuts = sorted(data.draw(st.sets(st.integers(1, len(order) - 1), max_size=3)))
    batches = [
        [{**ALL_KINDS[number], "id": number} for number in order[start:end]]
        for start, end in zip([0, *cuts], [*cuts, None], strict=True)
    ]

    found = [judgement(row) for batch in batches for row in rows(batch)]

    assert found == [judgements_alone()[number] for number in order]


# Events and contexts


@pytest.mark.parametrize(
    "event",
    [[RIGHT], RIGHT, {"trajectories": [RIGHT]}, {"batch": [RIGHT]}],
    ids=["list", "single", "trajectories", "batch"],
)
def test_an_event_is_answered_with_a_bare_list(event: object) -> None:
    """In whatever a sample is wrapped, Nova reads a list of rows."""
    (row,) = rows(event)

    assert row["aggregate_reward_score"] == 1.0


@pytest.mark.parametrize("body", [[RIGHT], json.dumps([RIGHT])], ids=["parsed", "text"])
def test_an_envelope_is_answered_with_an_envelope(body: object) -> None:
    """An HTTP request gets an HTTP response, its body in JSON text."""
    answer: Any = lambda_handler({"body": body})

    assert (answer["statusCode"], answer["headers"]) == (200, {"Content-Type": "application/json"})
    assert json.loads(answer["body"])[0]["aggregate_reward_score"] == 1.0


def test_an_empty_event_has_an_empty_answer() -> None:
    """No samples, no rows."""
    assert lambda_handler([]) == []


@pytest.mark.parametrize("event", [None, {}, "text", 7, {"body": "{"}, {"batch": 7}])
def test_a_malformed_event_is_a_clear_error(event: object) -> None:
    """Where no samples can be found, there are no rows to answer with."""
    with pytest.raises(MalformedEventError, match="expected"):
        lambda_handler(event)


@pytest.mark.parametrize(
    "context",
    [
        Context(60_000),
        None,
        {},
        {"get_remaining_time_in_millis": 5},
        {"aws_request_id": "r-1"},
        object(),
        SimpleNamespace(get_remaining_time_in_millis=60_000),
    ],
    ids=["lambda", "none", "empty", "number", "dict", "object", "attribute"],
)
def test_any_context_will_do(context: object) -> None:
    """Lambda passes an object, SDKs a dict, tests nothing."""
    (row,) = rows([RIGHT], context)

    assert row["aggregate_reward_score"] == 1.0


def test_a_context_need_not_be_passed() -> None:
    """A direct call has the event alone."""
    answer: Any = lambda_handler([RIGHT])

    assert answer[0]["aggregate_reward_score"] == 1.0


@pytest.mark.parametrize("milliseconds", [0, 500, -5])
def test_without_time_there_is_an_outage(milliseconds: int) -> None:
    """What cannot be run in the time that is left is raised, for the trainer to send again."""
    with pytest.raises(OutageError, match="1 of 2 samples could not be graded"):
        lambda_handler([RIGHT, PROSE], Context(milliseconds))


def test_a_deadline_is_kept() -> None:
    """An endless program with a generous limit does not outlive the invocation."""
    endless = sample("import time\ntime.sleep(60)", {**ADD, "limits": {"wall_seconds": 90}})
    started = time.monotonic()

    with pytest.raises(OutageError):
        lambda_handler([endless], Context(1500))

    assert time.monotonic() - started < 20


def test_after_an_outage_all_is_well() -> None:
    """What was cut short leaves nothing behind that the next event could feel."""
    with pytest.raises(OutageError):
        lambda_handler([RIGHT], Context(0))

    assert rows([RIGHT])[0]["aggregate_reward_score"] == 1.0


# Logs


def test_each_sample_has_one_line(log: io.StringIO) -> None:
    """There is a line of JSON for every sample, of whatever kind, and no other."""
    rows(ALL_KINDS)

    assert [line["message"] for line in lines_of(log)] == ["sample"] * len(ALL_KINDS)


def test_a_line_has_the_fields_that_queries_ask_for(log: io.StringIO) -> None:
    """Id, reward, dimensions, verdict, wall and duration stand at the top of a line."""
    rows([HALF])

    (line,) = lines_of(log)
    wanted = ("id", "aggregate_reward_score", "correctness", "compile", "format", "verdict")
    assert {name: line[name] for name in wanted} == {
        "id": "s-1",
        "aggregate_reward_score": pytest.approx(0.6),
        "correctness": 0.5,
        "compile": 1.0,
        "format": 1.0,
        "verdict": "wrong_answer",
    }
    assert line["level"] in ("kernel", "interpreter")
    assert line["duration_ms"] > 0


@pytest.mark.parametrize("one", ALL_KINDS, ids=range(len(ALL_KINDS)))
def test_a_line_says_what_the_row_says(log: io.StringIO, one: dict[str, object]) -> None:
    """Every number of a row is in its line, by the same name."""
    (row,) = rows([one])

    (line,) = lines_of(log)
    assert {name: line[name] for name in METRICS} == values(row)


@pytest.mark.parametrize(
    ("one", "field"),
    [(UNUSABLE, "tests.cases[0].stdin"), (UNREADABLE, "messages")],
    ids=["unusable", "unreadable"],
)
def test_a_line_names_the_field_that_is_wrong(
    log: io.StringIO, one: dict[str, object], field: str
) -> None:
    """Whoever owns the dataset finds the place in the log."""
    rows([one])

    (line,) = lines_of(log)
    assert line["problem"].startswith(f"{field}: ")


def test_nothing_of_a_sample_is_logged(log: io.StringIO) -> None:
    """No prompt, completion, output, error, input or expected answer is in any line."""
    call = {"kind": "call", "entry_point": "f", "cases": [{"args": [SECRET], "expected": SECRET}]}
    stdio = {"kind": "stdio", "cases": [{"stdin": SECRET, "stdout": SECRET}]}
    programs = [
        f"def f(x):\n    return {OWN_WORDS!r}",
        f"def f(x):\n    raise ValueError({OWN_WORDS!r})",
        f"def f(x): {OWN_WORDS}",
        f"raise SystemExit({OWN_WORDS!r})",
        f"print({OWN_WORDS!r})",
    ]
    event: list[object] = [
        sample(program, {"tests": tests}) for program in programs for tests in (call, stdio)
    ]
    event.append({**PROSE, "reference_answer": SECRET})
    event.append({**UNREADABLE, "messages": [{"role": "user", "content": {SECRET: SECRET}}]})

    rows(event)

    assert len(lines_of(log)) == len(event)
    assert SECRET not in log.getvalue()
    assert OWN_WORDS not in log.getvalue()


def test_a_strange_id_is_logged(log: io.StringIO) -> None:
    """An id of any type, with letters of any script, is no reason to lose a line."""
    strange = {"\u3042": ["\ud800", 7, None, float("nan")]}

    rows([{**PROSE, "id": strange}])

    (line,) = lines_of(log)
    assert line["id"] == {"\u3042": ["\ufffd", 7, None, None]}


def test_a_strange_key_is_logged(log: io.StringIO) -> None:
    """A lone surrogate in a key of a reference must not cost the line that names the key."""
    tests = {**ADD["tests"], "\ud800": 1}

    rows([sample(ADDING, {"tests": tests})])

    assert log.getvalue().encode("utf-8")


@pytest.mark.parametrize(("runtime", "dumpable"), [("127.0.0.1:9001", b"0\n"), ("", b"1\n")])
def test_in_a_lambda_the_credentials_are_closed_to_guests(runtime: str, dumpable: bytes) -> None:
    """A process that is not dumpable shows its environment to nobody of its own uid."""
    program = (
        "import os\n"
        f"if {runtime!r}: os.environ['AWS_LAMBDA_RUNTIME_API'] = {runtime!r}\n"
        "from nova_code_verifier.handlers import reward\n"
        "reward.EXECUTOR.close()\n"
        "import ctypes\n"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))\n"
    )

    assert subprocess.check_output([sys.executable, "-c", program]) == dumpable
