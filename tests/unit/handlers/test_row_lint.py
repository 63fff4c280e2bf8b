"""Response rows: ours pass, and each rule catches what breaks it."""

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
def test_what_we_write_is_clean(event: list[object]) -> None:
    """Whatever is sent to the real service, its rows keep every rule."""
    ids = [entry.id for entry in read_event(event).entries]

    assert check_response(lambda_handler(event), sent_ids=ids) == []


def test_our_envelope_is_clean() -> None:
    """Rows in an HTTP envelope are read there, and keep every rule."""
    event = {"body": json.dumps([{"id": "a", "messages": []}])}

    assert check_response(lambda_handler(event), sent_ids=["a"]) == []


def two_rows() -> Rows:
    """Make two rows without a flaw."""
    metrics = [
        {"name": "correctness", "value": 1, "type": "Reward"},
        {"name": "tests_passed", "value": 7.0, "type": "Metric"},
    ]
    row = {"id": "a", "aggregate_reward_score": 1.0, "metrics_list": metrics}
    return [row, copy.deepcopy(row) | {"id": "b"}]


YES: object = True


def put(field: str, value: object) -> Callable[[Rows], None]:
    """Put *value* into a field of the second row."""
    return lambda rows: rows[1].__setitem__(field, value)


def put_metric(field: str, value: object) -> Callable[[Rows], None]:
    """Put *value* into a field of the second row's first metric."""
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
def test_every_rule_catches_what_breaks_it(mutate: Callable[[Rows], object], field: str) -> None:
    """One flaw in one row is found there, in its field."""
    rows = two_rows()
    assert check_rows(rows) == []

    mutate(rows)

    assert (1, field) in [(finding.place, finding.field) for finding in check_rows(rows)]


@pytest.mark.parametrize(
    ("found", "sent"),
    [("b", "a"), (1, "1"), (1, 1.0), (1, True), (0, None), ({"a": 1}, {"a": 2}), (None, "a")],
)
def test_an_id_is_the_sample_s_in_value_and_in_type(found: object, sent: object) -> None:
    """What Python takes for equal may be another id for the trainer."""
    row = two_rows()[0] | {"id": found}

    assert [one.field for one in check_rows([row], sent_ids=[sent])] == ["id"]


def test_rows_out_of_order_are_found() -> None:
    """The right ids at each other's places are wrong ids."""
    assert [one.place for one in check_rows(two_rows(), sent_ids=["b", "a"])] == [0, 1]


@pytest.mark.parametrize("sent_ids", [["a"], ["a", "b", "c"], []])
def test_every_sample_has_one_row(sent_ids: list[object]) -> None:
    """Rows too few and rows too many are a flaw of the response."""
    (finding,) = check_rows(two_rows(), sent_ids=sent_ids)

    assert (finding.place, finding.field) == (None, "response")


def test_ids_may_be_twice_where_the_samples_have_them_twice() -> None:
    """Rows answer what was sent, and are not to be better than that."""
    rows = [row | {"id": "a"} for row in two_rows()]

    assert check_rows(rows, sent_ids=["a", "a"]) == []


def test_samples_without_an_id_are_answered_by_null() -> None:
    """Null is nobody's id: it may be there twice."""
    assert check_rows([row | {"id": None} for row in two_rows()]) == []


def test_a_response_has_to_fit_through_the_door() -> None:
    """Rows that are small enough one by one may be too many together."""
    row = two_rows()[0] | {"details": "x" * (RESPONSE_BYTES_LIMIT // 2)}

    findings = check_response([row, row | {"id": "b"}])

    assert [(one.place, one.field) for one in findings] == [(None, "response")]
    assert check_rows([row, row | {"id": "b"}]) == []


@pytest.mark.parametrize("status", [500, "200", True, None])
def test_an_envelope_says_two_hundred(status: object) -> None:
    """Clients of envelopes read no body under any other status."""
    envelope = {"statusCode": status, "body": json.dumps(two_rows())}

    assert [one.field for one in check_response(envelope)] == ["statusCode"]


@pytest.mark.parametrize("response", [None, 7, "[]", {}, {"body": "{"}, {"body": {"a": 1}}])
def test_a_response_without_rows_is_refused(response: object) -> None:
    """Nothing to check is not the same as nothing found."""
    with pytest.raises(NoRowsError, match="expected"):
        check_response(response)


def test_the_range_is_the_caller_s() -> None:
    """A rubric from -1 to 1 has rewards below 0."""
    rows = [two_rows()[0] | {SCORE: -0.5}]

    assert check_rows(rows, reward_range=(-1.0, 1.0)) == []


def test_a_row_nested_too_deep_is_a_finding() -> None:
    """The checker does not fall over what it is to find."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    (finding, *_) = check_rows([two_rows()[0] | {"id": deep}])

    assert "deep" in finding.found


@given(value=json_values)
def test_a_finding_is_short_and_plain(value: object) -> None:
    """Whatever was found, the line about it can be shown on a terminal."""
    for finding in check_rows([value, {"id": 0, SCORE: value, "metrics_list": [value]}]):
        assert len(finding.found) < 500
        assert finding.found.isascii()
        assert isinstance(finding, Finding)
