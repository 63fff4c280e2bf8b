"""`verifier compare`: its options and exit statuses."""

import json
from pathlib import Path

import pytest

from tests.unit.handlers.cli.command_line import verifier
from tests.unit.handlers.cli.compare.comparing import file_of, row


def test_a_move_is_status_1_on_request(tmp_path: Path) -> None:
    """By default, a comparison that was printed is a success."""
    old = file_of(tmp_path / "old.jsonl", [row("a", 0.0)])
    new = file_of(tmp_path / "new.jsonl", [row("a", 1.0)])

    statuses = [
        verifier("compare", *arguments).returncode
        for arguments in (
            (old, new),
            (old, new, "--fail-on-change"),
            (old, old, "--fail-on-change"),
        )
    ]

    assert statuses == [0, 1, 0]


def test_ids_that_never_meet_are_status_2(tmp_path: Path) -> None:
    """Some trainers give each sample a new id; the message names the other way."""
    old = file_of(tmp_path / "old.jsonl", [row("a", 0.0)])
    new = json.dumps(row("b", 1.0))

    done = verifier("compare", old, "-", stdin=new)
    by_line = verifier("compare", old, "-", "--by", "line", "--json", stdin=new)

    assert (done.returncode, done.stdout) == (2, "")
    assert "standard input: found no id in both files" in done.stderr
    assert "--by line" in done.stderr
    assert json.loads(by_line.stdout)["outcomes"]["moved up"] == 1


@pytest.mark.parametrize(
    "arguments", [("-", "-"), ("-",), ("a", "b", "--by", "name"), ("a", "b", "--limit", "0")]
)
def test_wrong_arguments_are_status_2(arguments: tuple[str, ...]) -> None:
    """Nothing is read."""
    assert verifier("compare", *arguments).returncode == 2
