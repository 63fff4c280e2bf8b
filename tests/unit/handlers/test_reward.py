"""The Lambda's handler, with a real sandbox: rows, events, contexts and log lines."""

import io
import json
import subprocess
import sys
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    "failure",
    "no_completion",
    "timeout",
    "runtime_error",
    "security_violation",
    "self_compared",
    "reruns",
    "shared_process",
    "semantics_version",
    "duration_ms",
]


def fenced(program: str) -> str:
    """Return a completion with a fenced program."""
    return f"Here it is.\n```python\n{program}\n```\n"


def sample(program: str, reference: object, **fields: object) -> dict[str, object]:
    """Return a sample whose model wrote *program*."""
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
    """Call the handler, and return the rows of its response."""
    answer: Any = lambda_handler(event, context)
    assert isinstance(answer, list)
    return answer


def values(row: dict[str, Any]) -> dict[str, float]:
    """Return the metrics of a row by name."""
    return {metric["name"]: metric["value"] for metric in row["metrics_list"]}


def judgement(row: dict[str, Any]) -> dict[str, object]:
    """Return the content of a row except the duration."""
    metrics = values(row)
    del metrics["duration_ms"]
    return {"id": row["id"], "reward": row["aggregate_reward_score"], **metrics}


def lines_of(log: io.StringIO) -> list[dict[str, Any]]:
    """Return the log, one JSON object for each line."""
    return [json.loads(line) for line in log.getvalue().splitlines()]


# Rows


def test_a_right_answer_earns_one() -> None:
    """A correct program in the correct format gets the full reward."""
    (row,) = rows([RIGHT])

    assert row["aggregate_reward_score"] == 1.0


def test_a_wrong_answer_earns_no_correctness() -> None:
    """A wrong program that runs gets the small dimensions only."""
    (row,) = rows([WRONG])

    assert (row["aggregate_reward_score"], values(row)["correctness"]) == (pytest.approx(0.2), 0.0)


def test_partial_credit_is_corrected_for_guessing() -> None:
    """Two of three cases, one of which a constant would pass, give half the credit."""
    (row,) = rows([HALF])

    assert (values(row)["correctness"], values(row)["tests_passed"]) == (0.5, 2.0)
    assert values(row)["guess_baseline"] == pytest.approx(1 / 3)


def test_a_violation_earns_nothing() -> None:
    """A program that tries to fork gets no reward, whatever it prints."""
    (row,) = rows([FORBIDDEN])

    assert row["aggregate_reward_score"] == 0.0


def test_rows_are_in_the_order_of_the_samples() -> None:
    """Rows have the order of the samples, however long each sample takes."""
    slow = sample("import time\ntime.sleep(0.2)\n" + ADDING, ADD, id="slow")
    event = [slow, UNREADABLE, {**RIGHT, "id": "a"}, {**PROSE, "id": "b"}, {**WRONG, "id": "c"}]

    assert [row["id"] for row in rows(event)] == ["slow", "s-2", "a", "b", "c"]


@pytest.mark.parametrize("sent", ["s", 7, 1.5, True, None, ["a", 1], {"k": "v"}, "\u3042"])
def test_an_id_of_any_type_is_returned(sent: object) -> None:
    """The id in a row equals the sent id in value and type."""
    (row,) = rows([{**PROSE, "id": sent}])

    assert (row["id"], type(row["id"])) == (sent, type(sent))


def test_ids_need_not_be_unique() -> None:
    """Samples with the same id have one row each."""
    answered = rows([RIGHT, WRONG, RIGHT])

    assert [(row["id"], values(row)["correctness"]) for row in answered] == [
        ("s-1", 1.0),
        ("s-1", 0.0),
        ("s-1", 1.0),
    ]


@pytest.mark.parametrize("sent", ALL_KINDS, ids=range(len(ALL_KINDS)))
def test_every_row_has_the_same_metrics(sent: dict[str, object]) -> None:
    """Every kind of sample gives the same metrics in the same order."""
    (row,) = rows([sent])

    assert [metric["name"] for metric in row["metrics_list"]] == METRICS


@pytest.mark.parametrize("sent", ALL_KINDS, ids=range(len(ALL_KINDS)))
def test_every_row_is_json(sent: dict[str, object]) -> None:
    """Every kind of sample gives a row that JSON can represent."""
    (row,) = rows([sent])

    assert json.loads(json.dumps(row, allow_nan=False)) == row


def test_a_row_has_the_isolation_level() -> None:
    """The metric `isolation_level` is that of the sandbox."""
    (row,) = rows([RIGHT])

    assert values(row)["isolation_level"] in (2.0, 3.0)


def test_a_sample_without_a_completion_is_marked() -> None:
    """A sample without a turn of the model scores 0, and is marked `no_completion`."""
    (row,) = rows([RAW])

    assert (row["id"], row["aggregate_reward_score"], values(row)["no_completion"]) == (None, 0, 1)


@pytest.mark.parametrize("sent", [UNUSABLE, UNREADABLE], ids=["unusable", "unreadable"])
def test_an_unusable_sample_is_marked_as_ungraded(sent: dict[str, object]) -> None:
    """A sample with a broken reference or without messages is marked `ungraded`."""
    (row,) = rows([sent])

    assert (row["aggregate_reward_score"], values(row)["ungraded"]) == (0.0, 1.0)


def test_details_add_nothing_but_themselves() -> None:
    """Rows with details are those of a trainer, in their order, each with its own details."""
    plain = list(map(judgement, rows(ALL_KINDS)))

    for details in ("summary", "full"):
        detailed = rows({"batch": ALL_KINDS, "details": details})

        assert list(map(judgement, detailed)) == plain
        for row in detailed:
            shown = row["details"]
            assert (shown["verdict"] == "accepted") is (row["aggregate_reward_score"] == 1.0)
            assert ("cases" in shown) is (details == "full")
            assert json.loads(json.dumps(row, allow_nan=False)) == row


def test_details_are_text_that_any_runtime_can_send() -> None:
    """A lone surrogate that a candidate reports is replaced."""
    raising = sample("raise ValueError('\\ud800')", ADD)

    (row,) = rows({"batch": [raising], "details": "full"})

    assert "\ufffd" in row["details"]["remark"]
    json.dumps(row, ensure_ascii=False).encode()


@cache
def separate_judgements() -> list[dict[str, object]]:
    """Score each kind of sample in its own event."""
    return [judgement(rows([{**sent, "id": n}])[0]) for n, sent in enumerate(ALL_KINDS)]


@settings(max_examples=20)
@given(order=st.permutations(range(len(ALL_KINDS))), data=st.data())
def test_a_row_depends_only_on_its_sample(order: list[int], data: st.DataObject) -> None:
    """The same samples in any order and in any batches get the same rows."""
    cuts = sorted(data.draw(st.sets(st.integers(1, len(order) - 1), max_size=3)))
    batches = [
        [{**ALL_KINDS[number], "id": number} for number in order[start:end]]
        for start, end in zip([0, *cuts], [*cuts, None], strict=True)
    ]

    found = [judgement(row) for batch in batches for row in rows(batch)]

    assert found == [separate_judgements()[number] for number in order]


# Events and contexts


@pytest.mark.parametrize(
    "event",
    [[RIGHT], RIGHT, {"trajectories": [RIGHT]}, {"batch": [RIGHT]}],
    ids=["list", "single", "trajectories", "batch"],
)
def test_the_response_to_any_shape_of_event_is_a_list(event: object) -> None:
    """Every shape of event except the HTTP envelope gets a list of rows."""
    (row,) = rows(event)

    assert row["aggregate_reward_score"] == 1.0


@pytest.mark.parametrize("body", [[RIGHT], json.dumps([RIGHT])], ids=["parsed", "text"])
def test_the_response_to_an_envelope_is_an_envelope(body: object) -> None:
    """An HTTP envelope gets an HTTP envelope with a JSON body."""
    answer: Any = lambda_handler({"body": body})

    assert (answer["statusCode"], answer["headers"]) == (200, {"Content-Type": "application/json"})
    assert json.loads(answer["body"])[0]["aggregate_reward_score"] == 1.0


def test_an_empty_event_has_an_empty_response() -> None:
    """An event without samples gets no rows."""
    assert lambda_handler([]) == []


@pytest.mark.parametrize("event", [None, {}, "text", 7, {"body": "{"}, {"batch": 7}])
def test_a_malformed_event_is_a_clear_error(event: object) -> None:
    """An event that cannot contain samples raises an error."""
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
def test_any_context_is_accepted(context: object) -> None:
    """The context may be Lambda's object, a dict, or anything else."""
    (row,) = rows([RIGHT], context)

    assert row["aggregate_reward_score"] == 1.0


def test_the_context_may_be_omitted() -> None:
    """The handler can be called with the event only."""
    answer: Any = lambda_handler([RIGHT])

    assert answer[0]["aggregate_reward_score"] == 1.0


@pytest.mark.parametrize("milliseconds", [0, 500, -5])
def test_without_time_there_is_an_outage(milliseconds: int) -> None:
    """A sample that cannot run in the remaining time raises an outage."""
    with pytest.raises(OutageError, match="1 of 2 samples could not be graded"):
        lambda_handler([sample(f"{ADDING}  # not seen yet", ADD), PROSE], Context(milliseconds))


def test_equal_work_needs_no_time() -> None:
    """A sample whose result is known has a row, even in an invocation without time.

    A longer invocation than the first would give it other limits, which are a part of its work.
    """
    known = rows([RIGHT], Context(20_000))

    (again,) = rows([RIGHT], Context(0))

    assert again["aggregate_reward_score"] == known[0]["aggregate_reward_score"]


def test_with_details_an_outage_is_a_row() -> None:
    """If details are wanted, samples that lacked time say so, and raise nothing."""
    late = sample(f"{ADDING}  # too late for a row", ADD)

    first, second = rows({"batch": [UNUSABLE, late], "details": "summary"}, Context(0))

    assert [first["details"]["is_outage"], second["details"]["is_outage"]] == [False, True]
    assert values(second)["ungraded"] == 1.0


def test_an_endless_program_ends_at_the_deadline() -> None:
    """A program with a generous limit ends as an outage at the deadline of the invocation."""
    endless = sample("import time\ntime.sleep(600)", {**ADD, "limits": {"wall_seconds": 900}})

    with pytest.raises(OutageError):  # the test itself times out long before the program ends
        lambda_handler([endless], Context(1500))


def test_an_outage_does_not_affect_the_next_event() -> None:
    """After an outage, the next event is scored as usual."""
    late = sample(f"{ADDING}  # late", ADD)
    with pytest.raises(OutageError):
        lambda_handler([late], Context(0))

    assert rows([late])[0]["aggregate_reward_score"] == 1.0


# Logs


def test_each_sample_has_one_log_line(log: io.StringIO) -> None:
    """Each sample, of any kind, writes one JSON line, and nothing else is written."""
    rows(ALL_KINDS)

    assert [line["message"] for line in lines_of(log)] == ["sample"] * len(ALL_KINDS)


def test_a_line_has_the_fields_that_queries_use(log: io.StringIO) -> None:
    """Id, reward, dimensions, verdict, level and duration are top-level fields."""
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


@pytest.mark.parametrize("sent", ALL_KINDS, ids=range(len(ALL_KINDS)))
def test_a_line_has_all_metrics_of_the_row(log: io.StringIO, sent: dict[str, object]) -> None:
    """Each metric of a row is a field of its line, under the same name."""
    (row,) = rows([sent])

    (line,) = lines_of(log)
    assert {name: line[name] for name in METRICS} == values(row)


@pytest.mark.parametrize(
    ("sent", "field"),
    [(UNUSABLE, "tests.cases[0].stdin"), (UNREADABLE, "messages")],
    ids=["unusable", "unreadable"],
)
def test_a_line_names_the_field_that_is_wrong(
    log: io.StringIO, sent: dict[str, object], field: str
) -> None:
    """The problem of an unusable sample begins with the name of the field."""
    rows([sent])

    (line,) = lines_of(log)
    assert line["problem"].startswith(f"{field}: ")


def test_no_text_of_a_sample_is_logged(log: io.StringIO) -> None:
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


def test_an_id_of_any_type_is_logged(log: io.StringIO) -> None:
    """An id with other types and any characters is logged."""
    strange = {"\u3042": ["\ud800", 7, None, float("nan")]}

    rows([{**PROSE, "id": strange}])

    (line,) = lines_of(log)
    assert line["id"] == {"\u3042": ["\ufffd", 7, None, None]}


def test_a_key_with_a_surrogate_is_logged(log: io.StringIO) -> None:
    """A problem that quotes a key with a lone surrogate can be written."""
    tests = {**ADD["tests"], "\ud800": 1}

    rows([sample(ADDING, {"tests": tests})])

    assert log.getvalue().encode("utf-8")


@pytest.mark.parametrize(("runtime", "dumpable"), [("127.0.0.1:9001", b"0\n"), ("", b"1\n")])
def test_in_a_lambda_the_process_is_not_dumpable(runtime: str, dumpable: bytes) -> None:
    """In Lambda, processes of the same uid cannot read this process's environment."""
    program = (
        "import os\n"
        f"if {runtime!r}: os.environ['AWS_LAMBDA_RUNTIME_API'] = {runtime!r}\n"
        "from nova_code_verifier.handlers import reward\n"
        "reward.EXECUTOR.close()\n"
        "import ctypes\n"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))\n"
    )

    assert subprocess.check_output([sys.executable, "-c", program]) == dumpable
