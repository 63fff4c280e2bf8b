"""Answers of the function: what is not a row of this version is refused by name."""

import json
from typing import Any

import pytest

from nova_code_verifier.handlers.reward_function.answer import UnfitFunctionError, read_rows
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.types import FailureClass, Sample, Verdict
from tests.unit.handlers.reward_function.functions import BROKEN_REWARD, Row, Script, entry, score


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    """Return the rows of one right sample and one broken one, as a function answers."""
    answers: list[list[Row]] = []

    def keep(rows: list[Row]) -> list[Row]:
        answers.append(rows)
        return rows

    broken = Entry(id=1, sample=Sample(completion="", reference={"tests": 7}))
    score(Script(change=keep), monkeypatch, [entry(0), broken])
    return json.loads(json.dumps(answers[-1]))  # type: ignore[no-any-return]


def metric(row: Any, name: str) -> dict[str, Any]:
    """Return a metric of a row."""
    (found,) = [metric for metric in row["metrics_list"] if metric["name"] == name]
    return found  # type: ignore[no-any-return]


def test_a_row_becomes_that_of_its_entry(rows: list[Row]) -> None:
    """The entry's own id and group replace those that were sent; nothing else changes."""
    right, _ = read_rows(rows, [0, 1])
    scored = right.for_entry(Entry(id={"own": [1]}, group=77))

    plain = {key: rows[0][key] for key in rows[0] if key != "details"}
    assert scored.row == plain | {"id": {"own": [1]}}
    assert list(scored.row) == list(plain)
    assert (scored.details, scored.group) == (rows[0]["details"], 77)
    assert (right.level, right.is_outage) == (IsolationLevel.KERNEL, False)


def test_an_entry_that_was_not_sent_is_paid_as_the_function_pays(rows: list[Row]) -> None:
    """The function's own row of an ungraded sample serves for others, with their problem."""
    _, broken = read_rows(rows, [0, 1])
    sample = broken.ungraded(
        Entry(id="x", sample=Sample(completion=None, reference=1), group=5),
        "it is lost",
        FailureClass.INFRASTRUCTURE,
    )

    assert (sample.row["id"], sample.row["aggregate_reward_score"]) == ("x", BROKEN_REWARD)
    assert (sample.verdict, sample.is_outage, sample.group) == (Verdict.UNGRADED, True, 5)
    assert sample.details["remark"] == sample.details["problem"] == "it is lost"
    assert [sample.metric(name) for name in ("ungraded", "failure", "no_completion")] == [1, 2, 1]
    assert metric(rows[1], "failure")["value"] == 1  # the row that served is as before


def test_an_ungraded_sample_may_have_no_reward(rows: list[Row]) -> None:
    """With `on_outage = "none"` the function pays null, and only for ungraded samples."""
    rows[1]["aggregate_reward_score"] = None
    _, broken = read_rows(rows, [0, 1])
    assert broken.for_entry(Entry(id=1)).row["aggregate_reward_score"] is None

    rows[0]["aggregate_reward_score"] = None
    with pytest.raises(UnfitFunctionError, match="aggregate_reward_score: found null"):
        read_rows(rows, [0, 1])


def test_an_envelope_is_opened(rows: list[Row]) -> None:
    """A function with `VERIFIER_ALWAYS_ENVELOPE` answers the same."""
    content = {"statusCode": 200, "headers": {}, "body": json.dumps(rows)}

    assert read_rows(content, [0, 1]) == read_rows(rows, [0, 1])


@pytest.mark.parametrize("content", [None, 7, "rows", {}, {"rows": []}, [7, 8], [{}, {}]])
def test_what_is_no_list_of_rows_is_refused(content: object) -> None:
    """An answer of another function is refused, and the error says what to deploy."""
    with pytest.raises(UnfitFunctionError, match="deploy the version that you score with"):
        read_rows(content, [0, 1])


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (lambda rows: rows[0].pop("details"), "found a row without details"),
        (lambda rows: rows[0].update(details=[]), "found a row without details"),
        (lambda rows: rows.pop(), "found 1 rows, expected 2"),
        (lambda rows: rows.append(rows[0]), "found 3 rows, expected 2"),
        (lambda rows: rows.reverse(), "id: found 1, expected 0"),
        (lambda rows: rows[0].update(id=False), "id: found false, expected 0"),
        (lambda rows: rows[0].update(aggregate_reward_score="1"), 'found "1"'),
        (lambda rows: rows[0].update(aggregate_reward_score=float("nan")), "found NaN"),
        (lambda rows: metric(rows[1], "compile").update(value=1e400), "found Infinity"),
        (lambda rows: metric(rows[1], "compile").update(value=10**400), "found a long number"),
        (lambda rows: metric(rows[1], "compile").update(name="other"), "no metric"),
        (lambda rows: metric(rows[1], "compile").update(more=1), "an extra field"),
        (lambda rows: metric(rows[1], "compile").update(type="reward"), 'found "reward"'),
        (lambda rows: rows[0]["metrics_list"].append(rows[0]["metrics_list"][0]), "2 times"),
        (lambda rows: rows[0].update(more=1), "an extra field"),
        (lambda rows: metric(rows[1], "semantics_version").update(value=1), "semantics version 1,"),
        (lambda rows: metric(rows[0], "isolation_level").update(value=7), "isolation level"),
        (lambda rows: rows[0]["details"].pop("weights"), "details.weights"),
        (lambda rows: rows[0]["details"].update(is_outage=0), "details.is_outage"),
        (lambda rows: rows[0]["details"].update(verdict="good"), "unknown verdict"),
    ],
)
def test_a_damaged_row_is_refused(rows: list[Row], damage: Any, found: str) -> None:
    """Rows that are not those of the samples, in number, order, type or version, do not count."""
    damage(rows)

    with pytest.raises(UnfitFunctionError) as raised:
        read_rows(rows, [0, 1])
    assert found in str(raised.value)
