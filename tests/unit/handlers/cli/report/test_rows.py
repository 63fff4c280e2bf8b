"""handlers/cli/report/rows.py: rows of any reward function, and the samples that belong to them."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.cli.report.rows import (
    LeftOut,
    open_rows,
    open_samples,
    read_page_samples,
)
from nova_code_verifier.handlers.dataset_row import Columns
from nova_code_verifier.handlers.report_page.sample import PageSample
from tests.unit.handlers.cli.compare.comparing import file_of, row


def read(name: str, samples: str | None = None) -> tuple[list[PageSample], list[str]]:
    """Read a file of rows; return the samples of the page, and what was left out."""
    left_out = LeftOut()
    with open_rows(name, left_out) as (rows, _):
        if samples is None:
            found = [sample for _, sample in read_page_samples(rows, None, left_out)]
        else:
            with open_samples(samples, Columns()) as contexts:
                found = [sample for _, sample in read_page_samples(rows, contexts, left_out)]
    return found, left_out.notes


def ids(samples: Iterable[PageSample]) -> list[object]:
    """Return the ids."""
    return [sample.id for sample in samples]


LINE: dict[str, Any] = {
    "level": "kernel",
    "message": "sample",
    "timestamp": "2023-11-14T22:13:20.000Z",
    "id": "a",
    "aggregate_reward_score": 0.5,
    "correctness": 0.5,
    "tests_total": 2.0,
    "verdict": "wrong_answer",
    "failure": 0.0,
}
OTHER_LINES: tuple[dict[str, Any], ...] = (
    {"message": "START RequestId: 7f Version: $LATEST", "timestamp": 1},
    {"_aws": {"CloudWatchMetrics": []}, "Samples": 1},
    {"type": "platform.report", "record": {}},
)


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(LINE),
        json.dumps([LINE]),
        json.dumps({"statusCode": 200, "headers": {}, "body": json.dumps([LINE])}),
        json.dumps({"events": [{"timestamp": 1, "message": json.dumps(LINE)}]}, indent=2),
        json.dumps({"timestamp": 1, "message": json.dumps(LINE)}),
    ],
    ids=["log line", "list", "response", "filter-log-events", "event"],
)
def test_rows_are_found_in_what_aws_returns(tmp_path: Path, content: str) -> None:
    """Responses, exports of the log, and what the command line of AWS prints."""
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(content.encode()))

    (sample,), left_out = read(str(path))

    assert (sample.id, sample.verdict, sample.failure) == ("a", "wrong_answer", "none")
    assert (sample.numbers["reward"], sample.numbers["time"]) == (0.5, 1_700_000_000)
    assert not left_out


def test_other_lines_of_a_log_are_counted(tmp_path: Path) -> None:
    """They cost nothing else; the first is named."""
    name = file_of(tmp_path / "log.jsonl", [*OTHER_LINES, LINE])

    samples, left_out = read(name)

    assert ids(samples) == ["a"]
    assert left_out == [
        "records that are no rows of a reward function: 3; the first: log.jsonl, line 1",
    ]


def test_dumps_of_trainers_are_rows(tmp_path: Path) -> None:
    """The dumps of verl have metrics beside a score, those of TRL a reward; both have steps."""
    verl: dict[str, Any] = {
        "input": "Add.",
        "output": "a + b",
        "gts": "{}",
        "score": 0.5,
        "step": 12,
    }
    verl["correctness"] = 0.25
    trl = {"step": 3, "prompt": "Add.", "completion": "a + b", "reward": 1.0, "advantage": 0.1}

    (first, second), _ = read(file_of(tmp_path / "dump.jsonl", [verl, trl]))

    assert (first.numbers["reward"], first.numbers["correctness"]) == (0.5, 0.25)
    assert (first.numbers["step"], second.numbers["step"]) == (12, 3)
    assert first.group == second.group
    assert first.details["prompt"] == second.details["prompt"] == "Add."
    assert first.numbers["completion_length"] == 5


def test_what_cannot_be_read_costs_its_own_row(tmp_path: Path) -> None:
    """The notes name the first of each kind."""
    path = tmp_path / "rows.jsonl"
    path.write_text(f'{json.dumps(row("a"))}\n{{"id": \n{{"id": 1, "reward": "high"}}\n')

    samples, left_out = read(str(path))

    assert ids(samples) == ["a"]
    assert [note.partition(";")[0] for note in left_out] == [
        "records that cannot be read: 1",
        "rows that cannot be read: 1",
    ]
    assert "line 3: reward: expected a finite number" in left_out[1]


def sample(sample_id: object, text: str) -> dict[str, Any]:
    """Return a sample whose completion is *text*."""
    messages = [{"role": "user", "content": "Add."}, {"role": "assistant", "content": text}]
    return {"id": sample_id, "messages": messages, "reference_answer": {}, "data_source": "mbpp"}


def test_samples_belong_to_the_rows_with_their_ids(tmp_path: Path) -> None:
    """In any order; repeated ids in their order."""
    rows = file_of(tmp_path / "rows.jsonl", [row("b"), row("a"), row("a"), row("x")])
    samples = [sample("a", "first"), sample("a", "second"), sample("b", "third"), sample("y", "")]

    found, left_out = read(rows, file_of(tmp_path / "samples.jsonl", samples))

    texts = {(one.id, one.details.get("completion")) for one in found}
    assert texts == {("a", "first"), ("a", "second"), ("b", "third"), ("x", None)}
    assert len({one.group for one in found}) == 2
    assert {one.source for one in found} == {"mbpp", ""}
    assert [note.partition(";")[0] for note in left_out] == [
        "rows without a sample: 1",
        "samples without a row: 1",
    ]


def test_a_row_says_when_it_was_scored(tmp_path: Path) -> None:
    """Its step and its time count before those of the sample, which say more about all else."""
    line = LINE | {"source": "call"}
    known = sample("a", "x") | {"step": 4, "timestamp": 1_600_000_000}

    (found,), _ = read(
        file_of(tmp_path / "log.jsonl", [line]), file_of(tmp_path / "samples.jsonl", [known])
    )

    assert (found.numbers["step"], found.numbers["time"]) == (4, 1_700_000_000)
    assert found.source == "mbpp"


def test_several_completions_of_a_row_are_several_samples(tmp_path: Path) -> None:
    """As verifier score reads them: the second has the id a#1."""
    rows = file_of(tmp_path / "rows.jsonl", [row("a#0"), row("a#1")])
    data = {"id": "a", "prompt": "Add.", "completions": ["one", "two"], "test_list": ["assert 1"]}

    found, left_out = read(rows, file_of(tmp_path / "samples.jsonl", [data]))

    assert [one.details["completion"] for one in found] == ["one", "two"]
    assert found[0].group == found[1].group
    assert not left_out
