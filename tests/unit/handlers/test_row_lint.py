"""Checking response rows: our own pass, and each rule finds what breaks it."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nova_code_verifier.handlers.reward import lambda_handler
from nova_code_verifier.handlers.row_lint import Finding, NoRowsError, check_response, check_rows
from nova_code_verifier.handlers.wire import RESPONSE_BYTES_LIMIT, read_event

ECHO = {"tests": {"kind": "stdio", "cases": [{"stdin": "1\n", "stdout": "1\n"}]}}
Rows = list[dict[str, Any]]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
contents = json_values | st.sampled_from(
    ["```python\nprint(input())\n```", "```python\nraise SystemExit(3)", "\\boxed{positive}", "no"]
)
references = json_values | st.sampled_from([ECHO, "positive", {"answer": "negative"}, {"tests": 1}])
samples = st.fixed_dictionaries(
    {},
    optional={
        "id": json_values,
        "messages": st.lists(
            st.fixed_dictionaries(
                {"role": st.sampled_from(["user", "assistant", "nova_assistant"])},
                optional={"content": contents},
            ),
            max_size=2,
        )
        | json_values,
        "reference_answer": references,
        "metadata": json_values,
    },
)


@settings(max_examples=60)
@given(event=st.lists(samples, max_size=4))
def test_our_own_rows_pass(event: list[object]) -> None:
    """The rows for any event pass all checks."""
    ids = [entry.id for entry in read_event(event).entries]

    assert check_response(lambda_handler(event), sent_ids=ids) == []


def test_our_own_envelope_passes() -> None:
    """The rows in an HTTP envelope are checked, and pass."""
    event = {"body": json.dumps([{"id": "a", "messages": []}])}

    assert check_response(lambda_handler(event), sent_ids=["a"]) == []


def two_rows() -> Rows:
    """Return two correct rows."""
    metrics = [
        {"name": "correctness", "value": 1, "type": "Reward"},
        {"name": "tests_passed", "value": 7.0, "type": "Metric"},
    ]
    row = {"id": "a", "aggregate_reward_score": 1.0, "metrics_list": metrics}
    return [row, copy.deepcopy(row) | {"id": "b"}]


YES: object = True


def put(field: str, value: object) -> Callable[[Rows], None]:
    """Return a function that sets a field of the second row to *value*."""
    return lambda rows: rows[1].__setitem__(field, value)


def put_metric(field: str, value: object) -> Callable[[Rows], None]:
    """Return a function that sets a field of the second row's first metric to *value*."""
    return lambda rows: rows[1]["metrics_list"][0].__setitem__(field, value)


SCORE, METRIC = "aggregate_reward_score", "metrics_list[0]"

MUTATIONS: list[tuple[Callable[[Rows], object], str]] = [
    (lambda rows: rows.insert(1, "no row"), "row"),  # type: ignore[arg-type]
    (lambda rows: rows[1].pop("id"), "id"),
    (lambda rows: rows[1].pop(SCORE), SCORE),
    (lambda rows: rows[1].pop("metrics_list"), "metrics_list"),
    (put("score", 1.0), '"score"'),
    (put(SCORE, None), SCORE),
    (put(SCORE, "0.5"), SCORE),
    (put(SCORE, YES), SCORE),
    (put(SCORE, float("nan")), SCORE),
    (put(SCORE, float("inf")), SCORE),
    (put(SCORE, 10**400), SCORE),
    (put(SCORE, 1.001), SCORE),
    (put(SCORE, -1), SCORE),
    (put("metrics_list", {}), "metrics_list"),
    (lambda rows: rows[1]["metrics_list"].append("x"), "metrics_list[2]"),
    (lambda rows: rows[1]["metrics_list"][0].pop("name"), f"{METRIC}.name"),
    (lambda rows: rows[1]["metrics_list"][0].pop("value"), f"{METRIC}.value"),
    (lambda rows: rows[1]["metrics_list"][0].pop("type"), f"{METRIC}.type"),
    (put_metric("metric", 1), f'{METRIC}."metric"'),
    (put_metric("name", " "), f"{METRIC}.name"),
    (put_metric("name", 3), f"{METRIC}.name"),
    (put_metric("value", YES), f"{METRIC}.value"),
    (put_metric("value", "1"), f"{METRIC}.value"),
    (put_metric("value", float("-inf")), f"{METRIC}.value"),
    (put_metric("type", "reward"), f"{METRIC}.type"),
    (put_metric("type", []), f"{METRIC}.type"),
    (put_metric("name", "tests_passed"), "metrics_list"),
    (put_metric("name", "other"), "metrics_list"),
    (put_metric("name", "\udfff"), f"{METRIC}.name"),
    (put("id", "a\ud800"), "id"),
    (put("details", {"stdout": ["\ud800"]}), "details.stdout[0]"),
    (put("details", {"cpu_seconds": float("nan")}), "details.cpu_seconds"),
    (put("details", 10**5000), "details"),
    (put("details", "x" * RESPONSE_BYTES_LIMIT), "row"),
    (put("id", "a"), "id"),
]


@pytest.mark.parametrize(("mutate", "field"), MUTATIONS)
def test_every_rule_finds_what_breaks_it(mutate: Callable[[Rows], object], field: str) -> None:
    """One error in one row is found in that row, in its field."""
    rows = two_rows()
    assert check_rows(rows) == []

    mutate(rows)

    assert (1, field) in [(finding.index, finding.field) for finding in check_rows(rows)]


@pytest.mark.parametrize(
    ("found", "sent"),
    [("b", "a"), (1, "1"), (1, 1.0), (1, True), (0, None), ({"a": 1}, {"a": 2}), (None, "a")],
)
def test_an_id_must_equal_the_sent_id_in_value_and_type(found: object, sent: object) -> None:
    """Ids that Python considers equal but JSON does not are different ids."""
    row = two_rows()[0] | {"id": found}

    assert [finding.field for finding in check_rows([row], sent_ids=[sent])] == ["id"]


def test_rows_out_of_order_are_found() -> None:
    """Ids in another order than the samples are wrong ids."""
    assert [finding.index for finding in check_rows(two_rows(), sent_ids=["b", "a"])] == [0, 1]


@pytest.mark.parametrize("sent_ids", [["a"], ["a", "b", "c"], []])
def test_a_wrong_number_of_rows_is_found(sent_ids: list[object]) -> None:
    """Too few or too many rows are a finding about the whole response."""
    (finding,) = check_rows(two_rows(), sent_ids=sent_ids)

    assert (finding.index, finding.field) == (None, "response")


def test_ids_may_repeat_if_the_samples_repeat_them() -> None:
    """With *sent_ids*, duplicate ids are correct if they were sent twice."""
    rows = [row | {"id": "a"} for row in two_rows()]

    assert check_rows(rows, sent_ids=["a", "a"]) == []


def test_null_ids_may_repeat() -> None:
    """Several rows may have the id null, which answers samples without an id."""
    assert check_rows([row | {"id": None} for row in two_rows()]) == []


def test_a_response_above_the_size_limit_is_found() -> None:
    """Rows below the size limit may exceed it together."""
    row = two_rows()[0] | {"details": "x" * (RESPONSE_BYTES_LIMIT // 2)}

    findings = check_response([row, row | {"id": "b"}])

    assert [(finding.index, finding.field) for finding in findings] == [(None, "response")]
    assert check_rows([row, row | {"id": "b"}]) == []


@pytest.mark.parametrize("status", [500, "200", True, None])
def test_an_envelope_needs_status_200(status: object) -> None:
    """Any other status in an envelope is a finding."""
    envelope = {"statusCode": status, "body": json.dumps(two_rows())}

    assert [finding.field for finding in check_response(envelope)] == ["statusCode"]


@pytest.mark.parametrize("response", [None, 7, "[]", {}, {"body": "{"}, {"body": {"a": 1}}])
def test_a_response_without_rows_is_refused(response: object) -> None:
    """A response without a list of rows raises NoRowsError."""
    with pytest.raises(NoRowsError, match="expected"):
        check_response(response)


def test_the_reward_range_can_be_set() -> None:
    """With a range from -1 to 1, a reward of -0.5 is correct."""
    rows = [two_rows()[0] | {SCORE: -0.5}]

    assert check_rows(rows, reward_range=(-1.0, 1.0)) == []


def test_a_row_nested_too_deep_is_a_finding() -> None:
    """A deep row is a finding, and does not crash the checks."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    (finding, *_) = check_rows([two_rows()[0] | {"id": deep}])

    assert "deep" in finding.found


@given(value=json_values)
def test_a_finding_is_short_and_ascii(value: object) -> None:
    """A finding about any value can be shown on a terminal."""
    for finding in check_rows([value, {"id": 0, SCORE: value, "metrics_list": [value]}]):
        assert len(finding.found) < 500
        assert finding.found.isascii()
        assert isinstance(finding, Finding)
