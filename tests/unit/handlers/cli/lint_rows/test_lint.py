"""Rows and samples, read from files and checked, with the command line as a process."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.handlers.cli.command_line import no_completions, verifier

ROW = {
    "id": "a",
    "aggregate_reward_score": 1.0,
    "metrics_list": [{"name": "correctness", "value": 1.0, "type": "Reward"}],
}


def write(path: Path, *rows: Any) -> Path:
    """Write rows, one per line; text is written as it is."""
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_rows_of_score_have_no_findings(tmp_path: Path) -> None:
    """Rows with details pass the check against their samples, also where a sample is broken."""
    sent = tmp_path / "samples.jsonl"
    sent.write_text(no_completions(3) + "broken\n")
    rows = tmp_path / "rows.jsonl"
    verifier("score", sent, "--out", rows, "--details", "--quiet")

    done = verifier("lint-rows", rows, "--samples", sent)

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "rows: 4, findings: 0\n"


def test_a_finding_names_line_field_and_both_values(tmp_path: Path) -> None:
    """The line shows what was found and what was expected; blank lines are counted."""
    rows = write(tmp_path / "rows.jsonl", ROW, "", ROW | {"id": "b", "aggregate_reward_score": 2})

    done = verifier("lint-rows", rows)

    assert done.returncode == 1
    assert done.stdout == "line 3: aggregate_reward_score: found 2, expected a number from 0 to 1\n"


def test_a_broken_line_is_one_finding(tmp_path: Path) -> None:
    """The rows behind it are still compared with their own samples."""
    rows = write(tmp_path / "rows.jsonl", ROW, "{", ROW | {"id": "c"})
    sent = write(tmp_path / "samples.jsonl", *({"id": name, "messages": []} for name in "abc"))

    done = verifier("lint-rows", rows, "--samples", sent)

    (line,) = done.stdout.splitlines()
    assert line.startswith("line 2: row: found text that is not JSON")


@pytest.mark.parametrize(
    "written",
    [
        json.dumps([ROW]),
        json.dumps([ROW], indent=1),
        json.dumps({"statusCode": 200, "body": [ROW]}),
    ],
)
def test_a_whole_response_is_accepted(written: str, tmp_path: Path) -> None:
    """A list or an envelope, on one line or on many, is checked as one response."""
    rows = tmp_path / "response.json"
    rows.write_text(written)

    assert verifier("lint-rows", rows).returncode == 0
    done = verifier("lint-rows", rows, "--range", "-1", "0")
    assert done.stdout.startswith("row 1: aggregate_reward_score: found 1.0, ")


@pytest.mark.parametrize(
    "event", [[{"id": "a", "messages": []}], {"trajectories": [{"id": "a", "messages": []}]}]
)
def test_samples_may_be_an_event(event: object, tmp_path: Path) -> None:
    """An event is read as the reward function reads it."""
    rows = write(tmp_path / "rows.jsonl", ROW)
    sent = write(tmp_path / "event.json", event)

    assert verifier("lint-rows", rows, "--samples", sent).returncode == 0


@pytest.mark.parametrize("line", ['{"id": "a"}', '{"question": 1}', "{7", "{broken"])
def test_a_single_sample_is_read_as_score_reads_it(line: str, tmp_path: Path) -> None:
    """The row that `verifier score` writes for a file of one line has no findings."""
    sent = tmp_path / "samples.jsonl"
    sent.write_text(f"{line}\n")
    rows = tmp_path / "rows.jsonl"
    verifier("score", sent, "--out", rows, "--quiet")

    assert verifier("lint-rows", rows, "--samples", sent).returncode == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found no rows, expected one or more"),
        ("[]", "found no rows, expected one or more"),
        ("[{]", "not JSON"),
        ('[{"id": 1, "id": 2}]', 'an object with "id" twice'),
        ('{"body": "[{\\"id\\": 1, \\"id\\": 2}]"}', 'body: an object with "id" twice'),
        ("\x00\nbinary", "found binary data, expected JSON"),
        ("{\n{", "found no rows; line 1: row: found text that is not JSON"),
        ('{"body": 7}', "expected a list of rows"),
    ],
)
def test_a_file_without_rows_is_status_2(text: str, message: str, tmp_path: Path) -> None:
    """A check of nothing does not count as success."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text(text)

    done = verifier("lint-rows", rows)

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_no_rows_answer_no_samples(tmp_path: Path) -> None:
    """An empty list of rows passes the check against an empty list of samples."""
    empty = tmp_path / "empty.json"
    empty.write_text("[]")

    assert verifier("lint-rows", empty, "--samples", empty).returncode == 0


def test_rows_can_come_from_standard_input() -> None:
    """Findings about piped rows show no control characters."""
    row = json.dumps(ROW | {"\x1b[2J\x9b": 1})

    done = verifier("lint-rows", "-", stdin=row)

    assert done.returncode == 1
    assert done.stdout.rstrip("\n").isprintable()


def test_rows_of_whole_rows_have_their_ids(tmp_path: Path) -> None:
    """A file of one whole row, with several completions, has the ids that `score` gives them."""
    sent = tmp_path / "sent.jsonl"
    sent.write_text('{"task_id": 7, "responses": ["a", "b"], "answer": "positive"}\n')
    rows = verifier("score", sent).stdout

    done = verifier("lint-rows", "-", "--samples", sent, stdin=rows)

    assert (done.returncode, done.stdout) == (0, "")
