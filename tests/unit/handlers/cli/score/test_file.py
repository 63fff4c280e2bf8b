"""A file of samples, scored to rows and tables."""

import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.paths import REPOSITORY
from tests.unit.handlers.cli.command_line import (
    COMMAND,
    DOUBLE,
    ENVIRONMENT,
    rows_of,
    sample,
    verifier,
)


def metric(row: dict[str, Any], name: str) -> float:
    """Return the value of one of a row's metrics."""
    return next(float(m["value"]) for m in row["metrics_list"] if m["name"] == name)


@pytest.fixture
def one_sample(tmp_path: Path) -> Path:
    """Return a file that holds one sample."""
    path = tmp_path / "samples.jsonl"
    path.write_text(sample() + "\n")
    return path


def test_rows_keep_the_order_of_the_lines() -> None:
    """The row of a slow sample comes before those of fast samples below it."""
    slow = sample(f"import time; time.sleep(0.3); {DOUBLE}", sample_id=1)
    lines = [slow, *(sample(sample_id=number) for number in (2, 3))]

    done = verifier("score", "-", stdin="\n".join(lines))

    assert [row["id"] for row in rows_of(done.stdout)] == [1, 2, 3]


def test_a_file_without_samples_is_status_2(tmp_path: Path) -> None:
    """An empty file is most likely the wrong one: one line names it."""
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n")

    done = verifier("score", empty, "--table")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("empty.jsonl: found no samples, expected one or more\n")


def test_out_receives_the_rows(one_sample: Path, tmp_path: Path) -> None:
    """With --out, standard output stays empty."""
    out = tmp_path / "rows.jsonl"

    done = verifier("score", one_sample, "--out", out)

    assert (done.stdout, rows_of(out.read_text())[0]["id"]) == ("", "s-1")


@pytest.mark.parametrize("broken", [b"nonsense", b"[1, 2]", b'"text"', b"\xff\xfe", b"[" * 100_000])
def test_a_broken_line_costs_its_own_row_only(broken: bytes) -> None:
    """It gets an ungraded row without an id, whose problem names the line."""
    lines = (sample(sample_id=1).encode(), b"", broken, sample(sample_id=2).encode())

    done = verifier("score", "-", "--details", stdin=b"\n".join(lines))

    first, second, third = rows_of(done.stdout)
    assert (first["id"], second["id"], third["id"]) == (1, None, 2)
    assert metric(second, "ungraded") == 1
    assert second["details"]["problem"].startswith("line 3: ")
    assert done.returncode == 0


def test_a_table_replaces_the_rows() -> None:
    """With --table, standard output has a header and one plain line per sample."""
    lines = [sample(), sample("1 / 0", sample_id="s-2"), "broken"]

    done = verifier("score", "-", "--table", stdin="\n".join(lines))

    header, right, wrong, broken = done.stdout.splitlines()
    assert header.split() == [
        *("id", "reward", "correct", "compile", "format", "safety", "concise", "similar"),
        *("tests", "verdict", "remark"),
    ]
    assert right.split() == ["s-1", "1.000", *["1.00"] * 5, "-", "1/1", "accepted"]
    assert "ZeroDivisionError" in wrong
    assert broken.split()[:2] == ["null", "-"]
    assert "line 3" in broken


def test_a_table_and_rows_can_both_be_written(one_sample: Path, tmp_path: Path) -> None:
    """With --table and --out, the rows are in the file and the table on standard output."""
    out = tmp_path / "rows.jsonl"

    done = verifier("score", one_sample, "--table", "--out", out)

    assert len(rows_of(out.read_text())) == 1
    assert done.stdout.startswith("id ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("FILE", "--out", "/nowhere/rows.jsonl"),
        ("FILE", "--out", "/dev/full"),
        ("FILE", "--out", "FILE"),
        ("/nowhere/samples.jsonl",),
        ("EMPTY",),
        ("/proc/self/mem",),  # it can be opened, but not read
    ],
)
def test_a_file_that_cannot_be_used_is_status_2(
    arguments: tuple[str, ...], one_sample: Path, tmp_path: Path
) -> None:
    """One line says so, without a traceback."""
    empty = tmp_path / "empty"
    empty.mkdir()
    names = {"FILE": one_sample, "EMPTY": empty}

    done = verifier("score", *(names.get(word, word) for word in arguments))

    assert done.returncode == 2
    assert done.stderr.startswith("verifier: cannot ")
    assert (done.stderr.count("\n"), done.stdout) == (1, "")


def test_the_input_is_never_overwritten(one_sample: Path) -> None:
    """Naming the input as --out does not empty it."""
    before = one_sample.read_text()

    verifier("score", one_sample, "--out", one_sample)

    assert one_sample.read_text() == before


def test_older_rows_survive_a_missing_input(tmp_path: Path) -> None:
    """The file named as --out keeps its content if there is nothing to read."""
    out = tmp_path / "rows.jsonl"
    out.write_text("precious")

    verifier("score", tmp_path / "missing.jsonl", "--out", out)

    assert out.read_text() == "precious"


def test_older_rows_survive_a_file_that_is_refused(tmp_path: Path) -> None:
    """The first bytes of the input are looked at before the rows are touched."""
    source, out = tmp_path / "samples.csv", tmp_path / "rows.jsonl"
    source.write_text("id,prompt\n1,2\n")
    out.write_text("precious")

    done = verifier("score", source, "--out", out)

    assert (done.returncode, out.read_text()) == (2, "precious")
    assert "perhaps CSV" in done.stderr


def test_older_rows_survive_a_run_without_samples(tmp_path: Path) -> None:
    """The file is emptied when the first row is known."""
    source, out = tmp_path / "samples.jsonl", tmp_path / "rows.jsonl"
    source.write_text("\n")
    out.write_text("precious")

    verifier("score", source, "--out", out)

    assert out.read_text() == "precious"


def test_the_rows_before_a_damage_are_written(tmp_path: Path) -> None:
    """A list that is cut off costs only what is missing, and the status says so."""
    source, out = tmp_path / "samples.json", tmp_path / "rows.jsonl"
    source.write_text(f"[{sample(sample_id=1)},{sample(sample_id=2)},")

    done = verifier("score", source, "--out", out, "--quiet")

    assert [row["id"] for row in rows_of(out.read_text())] == [1, 2]
    assert done.returncode == 2
    assert "samples.json: line 1: the file ends inside the list: it is incomplete" in done.stderr


def test_a_run_that_grades_nothing_is_status_1(tmp_path: Path) -> None:
    """The last line names the most common reason, also with --quiet."""
    source = tmp_path / "samples.jsonl"
    source.write_text('{"id": 1, "messages": 0}\n{broken\n{"id": 2, "messages": 0}\n')

    done = verifier("score", source, "--quiet")

    assert (done.returncode, len(rows_of(done.stdout))) == (1, 3)
    assert done.stderr == (
        "verifier: found 3 samples, of which none could be graded; the most common reason "
        "(2 samples): messages: expected a list, found a number\n"
    )


def test_rows_are_written_while_later_samples_run(tmp_path: Path) -> None:
    """A row is in the file as soon as it is known, and not with its whole chunk."""
    source, out = tmp_path / "samples.jsonl", tmp_path / "rows.jsonl"
    slow = sample("import time; time.sleep(60)", sample_id=2)
    source.write_text(f"{sample(sample_id=1)}\n{slow}\n")
    process = subprocess.Popen(
        [*COMMAND, "score", source, "--out", out], cwd=REPOSITORY, env=ENVIRONMENT, stderr=-3
    )

    while not out.exists() or not out.read_text().endswith("\n"):
        assert process.poll() is None
        time.sleep(0.01)
    process.terminate()
    process.wait()

    assert [row["id"] for row in rows_of(out.read_text())] == [1]
