"""`verifier convert`, as a process."""

import json
from pathlib import Path

import pytest

from tests.unit.handlers.cli.command_line import rows_of, verifier

ROWS = [
    {"id": 1, "prompt": "Double it.", "inputs": ["4"], "outputs": ["8"]},
    {"id": 2, "prompt": "Double it.", "tests": [], "language": "cpp"},
    {"id": 3, "inputs": ["4"], "outputs": ["8"]},
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a data set with one good row, one in C++, one without a prompt, and a broken line."""
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in ROWS) + "{\n")
    return path


def test_rows_go_to_standard_output(source: Path) -> None:
    """The rows that can be converted are written; a table says why others are not."""
    done = verifier("convert", source, "--to", "nova")

    assert done.returncode == 0
    assert rows_of(done.stdout) == [
        {
            "id": "1",
            "messages": [{"role": "user", "content": "Double it."}],
            "reference_answer": '{"inputs":["4"],"outputs":["8"]}',
        }
    ]
    assert "language: found 'cpp', expected python" in done.stderr
    assert "prompt: found none in 'id', 'inputs', 'outputs'" in done.stderr
    assert "row: not JSON" in done.stderr
    assert "warning: 1 row: AWS asks for at least 100" in done.stderr


def test_counts_are_json_and_left_out_rows_a_file(source: Path, tmp_path: Path) -> None:
    """Each row that is left out has its place, its id and its reason."""
    out, dropped = tmp_path / "out.jsonl.gz", tmp_path / "dropped.jsonl"

    done = verifier(
        "convert", source, "--to", "trl", "--output", out, "--dropped", dropped, "--json"
    )

    counts = json.loads(done.stdout)
    assert (counts["rows"], counts["converted"], counts["dropped"]) == (4, 1, 3)
    assert sum(counts["reasons"].values()) == 3
    assert [(row["where"], row["id"]) for row in rows_of(dropped.read_text())] == [
        ("line 2", 2),
        ("line 3", 3),
        ("line 4", None),
    ]
    verifier("convert", out, "--to", "nova", "--output", source, "--dropped", dropped)
    assert source.read_text().count("\n") == 1
    assert dropped.read_text() == ""


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    """Tests are drawn by the seed, and a compressed file holds no time and no name."""
    row = {"prompt": "f", "inputs": list("abcdefgh"), "outputs": list("12345678")}
    options = ("--to", "verl", "--max-tests", "3", "--quiet", "--output")

    for ending in ("jsonl", "jsonl.gz", "jsonl.xz", "jsonl.bz2", "parquet"):
        files = [tmp_path / f"{name}.{ending}" for name in ("first", "second")]
        for file in files:
            verifier("convert", "-", *options, file, stdin=json.dumps(row))
        first, second = (file.read_bytes() for file in files)
        assert first == second != b""


def test_no_row_is_status_1(source: Path) -> None:
    """The last line has the most common reason; an empty file cannot be meant."""
    done = verifier("convert", source, "--to", "nova", "--prompt-field", "none")

    assert done.returncode == 1
    assert "found 4 rows, of which none could be converted" in done.stderr.splitlines()[-1]
    assert verifier("convert", "-", "--to", "nova", stdin="").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--to", "nova", "--json"), "needs --output"),
        (("--to", "nova", "--output", "x.csv"), "expected a name that ends in .jsonl"),
        (("--to", "nova", "--max-tests", "0"), "found 0, expected a whole number of 1 or more"),
        (("--to", "mistral"), "mistral"),
        (("--to", "nova", "--output", "x.jsonl", "--dropped", "x.jsonl"), "cannot write"),
    ],
    ids=str,
)
def test_wrong_arguments_are_status_2(
    tmp_path: Path, arguments: tuple[str, ...], problem: str
) -> None:
    """The message names the option and what to do, and nothing is written."""
    paths = [argument.replace("x.", f"{tmp_path}/x.") for argument in arguments]
    done = verifier("convert", "-", *paths, stdin=json.dumps(ROWS[0]))

    assert done.returncode == 2
    assert problem in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_trainer_is_refused_with_the_known_ones() -> None:
    """The message is ours, without a word of the parser of the command line."""
    done = verifier("convert", "-", "--to", "foo", stdin=json.dumps(ROWS[0]))

    assert done.returncode == 2
    assert "'--to': 'foo' is not one of 'nova', 'bedrock'" in done.stderr


def test_the_rows_in_the_help_are_those_that_are_written() -> None:
    """The help shows the keys of every target in their order."""
    shown = verifier("convert", "--help").stdout
    keys = {
        "nova": '{"id", "messages", "reference_answer"}',
        "verl": '{"data_source", "prompt", "ability", "reward_model": {"style", "ground_truth"}, ',
        "trl": '{"id", "prompt", "reference_answer"}',
        "verifiers": '{"id", "prompt", "answer", "task"}',
        "gym": '{"id", "responses_create_params": {"input"}, "verifier_metadata": {"unit_tests"}}',
    }
    for target, text in keys.items():
        done = verifier("convert", "-", "--to", target, "--quiet", stdin=json.dumps(ROWS[0]))
        (row,) = rows_of(done.stdout)
        assert text in shown
        assert [name for name in row if f'"{name}"' not in text and name != "extra_info"] == []
