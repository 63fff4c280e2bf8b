"""Where rows go: a file, a pipe, a table."""

from tests.unit.handlers.cli.command_line import no_completions, verifier


def test_a_long_table_is_written_in_parts() -> None:
    """A few hundred lines have a header together, so that the first of them come early."""
    done = verifier("score", "-", "--table", "--quiet", stdin=no_completions(300))

    lines = done.stdout.splitlines()
    headers = [number for number, line in enumerate(lines) if line.startswith("id ")]
    assert headers == [0, 257]
    assert [line.split()[0] for line in lines if not line.startswith("id ")] == [
        str(number) for number in range(300)
    ]
