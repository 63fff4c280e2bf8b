"""Rows, judged several times, and the statistics over them."""

from io import BytesIO
from itertools import count
from typing import Any

import pytest

from nova_code_verifier.handlers.cli.dataset_files.json_values import read_lines
from nova_code_verifier.handlers.cli.files import UnusableFileError
from nova_code_verifier.handlers.cli.judge_check.run import read_rows
from tests.fakes import HttpReply, says, serving_bedrock
from tests.unit.handlers.cli.judge_check.judging import (
    MODEL,
    findings_of,
    judge_check,
    row,
    scores_as_written,
)


def test_every_row_is_judged_as_often_as_requested() -> None:
    """Each repetition is a call of its own."""
    numbers = count()

    report = findings_of(lambda _: says(f"0.{next(numbers)}"), row(0), "--repeat", "4")

    assert report["answers"] == 4
    assert report["rows"][0]["scores"] == [0.0, 0.1, 0.2, 0.3]


def test_consistency_counts_rows_whose_scores_are_equal() -> None:
    """A row whose scores differ is not counted, and its spread is measured."""
    numbers = count()

    def script(request: dict[str, Any]) -> HttpReply:
        varies = "worth 0.5" in request["messages"][0]["content"][0]["text"]
        return says("0.8" if varies and next(numbers) else "0.5")

    report = findings_of(script, row(0.5) + row(0.1) + row(0.2) + row(0.3))

    assert report["consistency"] == {
        "rows": 4,
        "same_every_time": 3,
        "mean_spread": pytest.approx(0.075),
        "max_spread": pytest.approx(0.3),
    }


@pytest.mark.parametrize(("humans", "agreement"), [([1, 2, 3], 1.0), ([3, 2, 1], -1.0)])
def test_agreement_compares_the_order_of_scores(humans: list[int], agreement: float) -> None:
    """Human scores may have another scale, and rows without one are not compared."""
    lines = [row(score, human=human) for score, human in zip((0.1, 0.2, 0.9), humans, strict=True)]

    report = findings_of(scores_as_written, "".join(lines) + row(0.5))

    assert report["agreement"] == {"rows": 3, "spearman": pytest.approx(agreement)}


def test_scores_are_counted_by_tenths() -> None:
    """The scores of every repetition are counted."""
    report = findings_of(scores_as_written, row(0) + row(0.95) + row(1), "--repeat", "2")

    assert report["distribution"] == [2, 0, 0, 0, 0, 0, 0, 0, 0, 4]


def test_failures_are_counted_by_kind() -> None:
    """A failed row does not change the scores of the others."""
    report = findings_of(scores_as_written, row(7) + row(0.5), "--repeat", "2")

    assert report["failures"] == {"judge's number is out of range": 2}
    assert report["rows"][0]["scores"] == [None, None]
    assert report["rows"][1]["scores"] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", "line 2: found text that is not JSON (Expecting value, column 1)"),
        ("[]", "line 2: found [], expected one JSON object"),
        ("[" * 100_000, "line 2: found text that is unreadable (a number too long, or nested"),
        ('{"response": "a"}', "line 2: reference: found nothing, expected text"),
        ('{"response": 1, "reference": "a"}', "line 2: response: found 1, expected text"),
        (row(0, human="good"), 'line 2: human_score: found "good", expected a finite number'),
        (row(0, human=True), "line 2: human_score: found true, expected a finite number"),
        (row(0, human=[1]), "line 2: human_score: found [1], expected a finite number"),
        (row(0, human=float("nan")), "line 2: human_score: found NaN, expected a finite number"),
        (row(0, human=10**400), "line 2: human_score: found 1000"),
    ],
)
def test_a_broken_line_is_named(line: str, message: str) -> None:
    """The error has the line, the field, what was found and what was expected."""
    with pytest.raises(UnusableFileError) as caught:
        read_rows(read_lines(BytesIO(f"{row(0)}{line}".encode())), "rows.jsonl")

    assert f"rows.jsonl, {message}" in str(caught.value)
    assert len(str(caught.value)) < 200


def test_a_broken_line_ends_the_run_before_any_call() -> None:
    """No call is paid for if a later line cannot be used."""
    with serving_bedrock([says("1")]) as standin:
        address = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": standin.url}
        done = judge_check([], row(0) + "nonsense", "-", "--model", MODEL, **address)

        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert standin.requests == []


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_file_is_status_2(text: str) -> None:
    """A check of nothing does not count as success."""
    done = judge_check([], text, "-", "--model", MODEL)

    assert done.returncode == 2
    assert "found no rows, expected one or more" in done.stderr
