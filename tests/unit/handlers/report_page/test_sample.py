"""handlers/report_page/sample.py: what a page shows of one sample."""

import gzip
import json
from base64 import b64decode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nova_code_verifier.handlers.report_page.context import Context, read_context
from nova_code_verifier.handlers.report_page.run import Run, Tables
from nova_code_verifier.handlers.report_page.sample import NOT_ACCEPTED, has_reward, page_sample

OURS = {"correctness": 0.5, "safety": 0.0, "tests_passed": 1.0, "tests_total": 2.0}


def row(reward: object = 0.5, **metrics: float) -> dict[str, Any]:
    """Return a row of a reward function; correctness is paid."""
    return {
        "id": "s#1",
        "aggregate_reward_score": reward,
        "metrics_list": [
            {"name": name, "value": value, "type": "Reward" if name == "correctness" else "Metric"}
            for name, value in metrics.items()
        ],
    }


def test_a_row_with_details_has_its_verdict_and_its_program() -> None:
    """Dimensions without a weight do not apply to the sample."""
    details = {
        "verdict": "wrong_answer",
        "failure": "none",
        "source": "call",
        "weights": {"correctness": 0.8},
        "program": "def f(x):\n    return 1",
        "program_bytes": 22,
        "prompt": "not the prompt",
    }

    sample = page_sample(row(**OURS) | {"details": details}, Context(prompt="p", step=3.0))

    assert (sample.verdict, sample.failure, sample.source) == ("wrong_answer", "none", "call")
    assert (sample.numbers["correctness"], sample.numbers["safety"]) == (0.5, None)
    assert (sample.numbers["constant_like"], sample.numbers["step"]) == (True, 3.0)
    assert (sample.details["prompt"], sample.reason) == (
        "p",
        "wrong answer: half or more of the cases pass",
    )
    assert len(sample.program_key) == 12


def test_equal_programs_have_equal_keys() -> None:
    """Of long programs, only the beginning and the size are known."""

    def key(program: str, size_bytes: int) -> str:
        details = {"program": program, "program_bytes": size_bytes}
        return page_sample(row() | {"details": details}, Context()).program_key

    assert key("a", 1) == key("a", 1)
    assert len({key("a", 1), key("b", 1), key("a", 9000)}) == 3


def test_equal_wrong_answers_have_equal_keys() -> None:
    """An accepted sample has no key; nor has one with an unknown answer, or without any output."""

    def key(*answers: str | None, verdict: str = "wrong_answer") -> str:
        cases = [{"observed": text, "observed_bytes": text and len(text)} for text in answers]
        details = {"verdict": verdict, "program": "pass", "cases": cases}
        return page_sample(row() | {"details": details}, Context()).answers_key

    assert key("4", "9") == key("4", "9") != ""
    assert len({key("4", "9"), key("4"), key("9", "4")}) == 3
    assert [key("4", verdict="accepted"), key("4", None), key("", ""), key()] == [""] * 4


@pytest.mark.parametrize(
    ("metrics", "verdict"),
    [
        ({"ungraded": 1.0, "timeout": 0.0}, "ungraded"),
        ({"timeout": 1.0}, "time_limit_exceeded"),
        ({"security_violation": 1.0}, "security_violation"),
        ({"tests_passed": 2.0, "tests_total": 2.0}, "accepted"),
        ({"correctness": 1.0}, "accepted"),
        (OURS, NOT_ACCEPTED),
        ({}, ""),
    ],
)
def test_metrics_give_the_verdict_of_a_row_without_details(
    metrics: dict[str, float], verdict: str
) -> None:
    """As far as they say it; a row of another reward function has none."""
    assert page_sample(row(**metrics), Context()).verdict == verdict


def test_a_line_of_the_log_has_its_metrics_as_fields() -> None:
    """So have the dumps of trainers. Their texts are its details."""
    line = {
        "id": "s",
        "aggregate_reward_score": 0.5,
        **OURS,
        "failure": 1.0,
        "semantics_version": 7,
        "verdict": "ungraded",
        "problem": "outputs: missing",
        "level": "kernel",
    }

    sample = page_sample(line, Context())

    assert (sample.verdict, sample.failure, sample.reason) == (
        "ungraded",
        "data",
        "outputs: missing",
    )
    assert (sample.numbers["tests_total"], sample.semantics_version) == (2.0, 7.0)
    assert sample.numbers["correctness"] is None
    assert sample.details["problem"] == "outputs: missing"
    assert "level" not in sample.details


def test_rows_without_a_prompt_belong_together_by_their_id() -> None:
    """A row of a data set with several completions gets the ids s, s#1, s#2."""
    assert page_sample(row(), Context()).group == "s"
    assert page_sample(row(), Context(group="7f")).group == "7f"


@pytest.mark.parametrize(
    "bad",
    [
        {"id": 1},
        {"reward": "1"},
        {"reward": float("nan")},
        {"reward": True},
        {"reward": 1, "metrics_list": [{"name": "a"}]},
        {"reward": 1, "metrics_list": {"a": 1}},
    ],
)
def test_a_row_without_a_reward_is_refused(bad: dict[str, Any]) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="expected"):
        page_sample(bad, Context())


@pytest.mark.parametrize("name", ["aggregate_reward_score", "reward", "score", "code_reward"])
def test_rows_are_known_by_their_reward(name: str) -> None:
    """A log holds other lines, too."""
    assert has_reward({name: None})
    assert not has_reward({"message": "START"})
    assert not has_reward([name])


def test_every_text_is_bounded() -> None:
    """A stranger may have written the row."""
    long = "x" * 10_000_000
    case = dict.fromkeys(
        ("name", "verdict", "ending", "detail", "error", "stdout", "stderr", "input", "expected"),
        long,
    )
    details = {
        "verdict": long,
        "failure": long,
        "source": long,
        "problem": long,
        "notes": [long] * 1000,
        "weights": {long: 1.0} | {str(n): n for n in range(1000)},
        "program": long,
        "cases": [case] * 1000,
        "unknown": long,
    }
    context = Context(prompt=long, completion=long)

    sample = page_sample(row() | {"id": long, "details": details}, context)

    assert len(repr(sample)) < 500_000


def test_ids_may_be_any_json() -> None:
    """Trainers send numbers, null and worse."""
    ids = [5, None, "a\ud800", {"b": [1]}, 1.5]

    found = [page_sample(row() | {"id": value}, Context()).id for value in ids]

    assert found == [5, None, "a?", '{"b": [1]}', 1.5]


NAMES = st.text(max_size=9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("id", "metrics_list", "step", "time", "messages", "prompt", "data_source")
DETAILS = ("verdict", "failure", "weights", "program", "cases", "notes", "tests_total", "problem")
DETAILS_OF_ROWS = st.fixed_dictionaries({}, optional=dict.fromkeys(DETAILS, JSON))


@given(
    st.fixed_dictionaries(
        {"reward": st.none() | st.floats()},
        optional=dict.fromkeys(FIELDS, JSON) | {"details": DETAILS_OF_ROWS | JSON},
    )
)
@settings(max_examples=150, deadline=None)
def test_any_json_is_a_sample_or_is_refused(raw: dict[str, Any]) -> None:
    """Rows and samples come from strangers: a field of a wrong type is unknown."""
    run = Run("run", Tables())

    try:
        run.add(page_sample(raw, read_context(raw)))
    except ValueError as error:
        assert "expected" in str(error)  # noqa: PT017  (not every row is refused)
    else:
        json.loads(gzip.decompress(b64decode(run.columns())))
        assert len(list(run.blocks())) == 1
