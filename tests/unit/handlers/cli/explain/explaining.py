"""Run `verifier explain` on one sample."""

import json

from tests.unit.handlers.cli.command_line import verifier


def explain(content: str, reference: object, *options: str) -> list[str]:
    """Return the lines of the report on one completion; blanks are collapsed."""
    turn = {"role": "assistant", "content": content}
    line = json.dumps({"messages": [turn], "reference_answer": reference, "id": "x"})
    done = verifier("explain", "-", "--id", "x", *options, stdin=line)
    assert (done.returncode, done.stderr) == (0, "")
    return [" ".join(line.split()) for line in done.stdout.splitlines()]
