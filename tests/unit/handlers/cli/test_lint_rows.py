"""`verifier lint-rows`, as a user meets it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.handlers.cli.test_app import no_completions, verifier

ROW = {
    "id": "a",
    "aggregate_reward_score": 1.0,
    "metrics_list": [{"name": "correctness", "value": 1.0, "type": "Reward"}],
}


def write(path: Path, *rows: Any) -> Path:
    """Write rows, one a line; text is written as it is."""
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_what_score_writes_is_clean(tmp_path: Path) -> None:
    """Rows with details, of samples good and bad, lint clean against their samples."""
    sent = tmp_path / "samples.jsonl"
    sent.write_text(no_completions(3) + "broken\n")
    rows = tmp_path / "rows.jsonl"
    verifier("score", sent, "--out", rows, "--details", "--quiet")

    done = verifier("lint-rows", rows, "--samples", sent)

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "rows: 4, findings: 0\n"


def test_a_finding_names_line_field_found_and_expected(tmp_path: Path) -> None:
    """Blank lines count as lines, as they do in an editor."""
    rows = write(tmp_path / "rows.jsonl", ROW, "", ROW | {"id": "b", "aggregate_reward_score": 2})

    done = verifier("lint-rows", rows)

    assert done.returncode == 1
    assert done.stdout == "line 3: aggregate_reward_score: found 2, expected a number from 0 to 1\n"


def test_a_broken_line_is_one_finding(tmp_path: Path) -> None:
    """It takes its row's place: the rows behind it keep theirs."""
    rows = write(tmp_path / "rows.jsonl", ROW, "{", ROW | {"id": "c"})
    sent = write(tmp_path / "samples.jsonl", *({"id": one, "messages": []} for one in "abc"))

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
def test_a_response_is_read_as_such(written: str, tmp_path: Path) -> None:
    """A list or an envelope, on one line or on many, is one response."""
    rows = tmp_path / "response.json"
    rows.write_text(written)

    assert verifier("lint-rows", rows).returncode == 0
    done = verifier("lint-rows", rows, "--range", "-1", "0")
    assert done.stdout.startswith("row 1: aggregate_reward_score: found 1.0, ")


@pytest.mark.parametrize(
    "event", [[{"id": "a", "messages": []}], {"trajectories": [{"id": "a", "messages": []}]}]
)
def test_samples_may_be_an_event(event: object, tmp_path: Path) -> None:
    """What was sent is read as the reward function reads it."""
    rows = write(tmp_path / "rows.jsonl", ROW)
    sent = write(tmp_path / "event.json", event)

    assert verifier("lint-rows", rows, "--samples", sent).returncode == 0


@pytest.mark.parametrize("line", ['{"id": "a"}', '{"question": 1}', "7", "broken"])
def test_a_lone_sample_is_read_as_score_reads_it(line: str, tmp_path: Path) -> None:
    """Whatever is on the only line, `verifier score` answers it with a row, and it is clean."""
    sent = tmp_path / "samples.jsonl"
    sent.write_text(f"{line}\n")
    rows = tmp_path / "rows.jsonl"
    verifier("score", sent, "--out", rows, "--quiet")

    assert verifier("lint-rows", rows, "--samples", sent).returncode == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds no rows"),
        ("[]", "holds no rows"),
        ("[{]", "not JSON"),
        ('[{"id": 1, "id": 2}]', 'an object with "id" twice'),
        ('{"body": "[{\\"id\\": 1, \\"id\\": 2}]"}', 'body: an object with "id" twice'),
        ("\x00\nbinary", "holds no rows; line 1"),
        ('{"body": 7}', "expected a list of rows"),
    ],
)
def test_a_file_without_rows_is_unusable(text: str, sentence: str, tmp_path: Path) -> None:
    """To check nothing is no success."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text(text)

    done = verifier("lint-rows", rows)

    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr


def test_no_rows_are_right_for_no_samples(tmp_path: Path) -> None:
    """An empty list is the answer to an empty list."""
    empty = tmp_path / "empty.json"
    empty.write_text("[]")

    assert verifier("lint-rows", empty, "--samples", empty).returncode == 0


def test_a_range_the_wrong_way_round_is_refused(tmp_path: Path) -> None:
    """Otherwise every reward would be out of it."""
    done = verifier("lint-rows", write(tmp_path / "rows.jsonl", ROW), "--range", "1", "0")

    assert done.returncode == 2
    assert "--range" in done.stderr


def test_rows_come_from_standard_input() -> None:
    """So that a response can be piped in; and findings show no control characters."""
    row = json.dumps(ROW | {"\x1b[2J\x9b": 1})

    done = verifier("lint-rows", "-", stdin=row)

    assert done.returncode == 1
    assert done.stdout.rstrip("\n").isprintable()
