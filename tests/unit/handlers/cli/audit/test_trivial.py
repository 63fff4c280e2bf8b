"""Trivial programs: what they do when they run."""

import io
from contextlib import redirect_stdout
from typing import Any

import pytest

from nova_code_verifier.handlers.cli.audit.trivial import trivial_programs
from nova_code_verifier.verifier.reference.plan import plan_tests

CALLS = {"inputs": [[1], [2]], "outputs": [10, 20], "fn_name": "Solution().f"}
STDIO = {"inputs": ["1 2\n3\n", "4\n"], "outputs": ["30\n", "40\n"]}


def values_of(prompt: str, argument: object) -> dict[str, Any]:
    """Return what each program for `CALLS` returns for *argument*."""
    values = {}
    for trivial in trivial_programs(plan_tests(CALLS), prompt):
        scope: dict[str, Any] = {}
        exec(trivial.program, scope)
        if "Solution" in scope:
            values[trivial.does] = scope["Solution"]().f(argument)
    return values


def test_functions_return_constants_their_argument_or_an_example() -> None:
    """A program that knows the prompt answers its example, and nothing else."""
    shown, other = values_of("f(1) == 10", 1), values_of("f(1) == 10", 2)

    assert shown["returns its first argument"] == 1
    assert shown["always returns True"] is True
    assert shown["knows the examples of the prompt only"] == 10
    assert other["knows the examples of the prompt only"] is None


@pytest.mark.parametrize(
    ("prompt", "is_known"), [("Input\n 1 2\n3\nOutput\n30", True), ("1 2 3 30", False)]
)
def test_programs_print_what_the_prompt_shows(
    prompt: str,
    is_known: bool,  # noqa: FBT001  (a parameter of the test)
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Input and output must stand there as whole lines."""
    programs = {t.does: t.program for t in trivial_programs(plan_tests(STDIO), prompt)}
    example = programs.get("knows the examples of the prompt only")

    assert (example is not None) is is_known
    if example is not None:
        printed = []
        for text in STDIO["inputs"]:
            monkeypatch.setattr("sys.stdin", io.StringIO(text))
            with redirect_stdout(io.StringIO()) as stdout:
                exec(example, {})
            printed.append(stdout.getvalue())
        assert printed == ["30\n", ""]
