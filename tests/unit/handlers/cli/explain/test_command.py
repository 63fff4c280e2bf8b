"""`verifier explain`: how a sample is found in a file."""

import json

from tests.unit.handlers.cli.command_line import sample, verifier


def test_a_sample_is_found_by_its_id() -> None:
    """The id has precedence over the number of a line."""
    lines = f"{sample(sample_id='a')}\n{sample(sample_id=1)}\n"

    assert verifier("explain", "-", "--id", "a", stdin=lines).stdout.startswith("a: accepted")
    assert verifier("explain", "-", "--id", "1", stdin=lines).stdout.startswith("1: accepted")


def test_a_sample_is_found_by_its_line() -> None:
    """A broken line has no id, but a number."""
    done = verifier("explain", "-", "--id", "2", stdin=f"{json.dumps({})}\nbroken\n")

    assert "problem: line 2: not JSON" in done.stdout


def test_an_unknown_id_is_status_2() -> None:
    """The error names the id, and says what would be accepted."""
    done = verifier("explain", "-", "--id", "nobody", stdin=sample())

    assert (done.stdout, done.returncode) == ("", 2)
    assert "-: no sample has the id nobody" in done.stderr
    assert "give the `id` of a sample or the number of its line" in done.stderr
