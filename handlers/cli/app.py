"""The command line, `verifier`: the list of its commands.

In: arguments, files, the environment. Out: rows, tables, an exit status; errors are one line.
Each command is a folder: its options and its help are in `command.py`. These modules import
what is slow to load inside their functions, so that `verifier --help` answers at once.
"""

import sys
from typing import Annotated, NoReturn

import typer

from nova_code_verifier.handlers.cli.audit import command as audit
from nova_code_verifier.handlers.cli.compare import command as compare
from nova_code_verifier.handlers.cli.convert import command as convert
from nova_code_verifier.handlers.cli.docker_check import command as docker_check
from nova_code_verifier.handlers.cli.doctor import command as doctor
from nova_code_verifier.handlers.cli.exit_status import (
    Status,
    exit_on_errors,
    exit_on_signals,
    print_error,
)
from nova_code_verifier.handlers.cli.explain import command as explain
from nova_code_verifier.handlers.cli.judge_check import command as judge_check
from nova_code_verifier.handlers.cli.lint_rows import command as lint_rows
from nova_code_verifier.handlers.cli.report import command as report
from nova_code_verifier.handlers.cli.score import command as score
from nova_code_verifier.handlers.cli.serve import command as serve
from nova_code_verifier.verifier.semantics import SEMANTICS_VERSION

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
for name, function, summary in (
    ("score", score.score, "Score each sample of a file."),
    ("serve", serve.serve, "Score samples over HTTP."),
    ("explain", explain.explain, "Show how one sample got its reward."),
    ("compare", compare.compare, "Show which rewards moved, and why."),
    ("report", report.report, "Show the rows of a run as an HTML page."),
    ("judge-check", judge_check.judge_check, "Test the LLM judge."),
    ("audit", audit.audit, "Find the faults of a data set."),
    ("convert", convert.convert, "Write a data set in a trainer's form."),
    ("lint-rows", lint_rows.lint_rows, "Check rows for a trainer."),
    ("doctor", doctor.doctor, "Check the sandbox of this machine."),
    ("docker-check", docker_check.docker_check, "Compare the Lambda's image."),
):
    app.command(name, short_help=summary)(exit_on_errors()(function))


def main() -> NoReturn:
    """Run the command line, and exit with its status."""
    with exit_on_signals():
        try:
            status = app(sys.argv[1:] or ["--help"], prog_name="verifier", standalone_mode=False)
        except typer.TyperException as error:
            path = getattr(getattr(error, "ctx", None), "command_path", "verifier")
            message = error.format_message().rstrip(".").replace(": Value error, ", ": ", 1)
            print_error(f"{message} (see `{path} --help`)")
            status = Status.USAGE
    sys.exit(status)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  (typer passes it by position)
    if wanted:
        from importlib import metadata  # noqa: PLC0415

        try:
            version = metadata.version("nova-code-verifier")
        except metadata.PackageNotFoundError:
            version = "(not installed: run from the source)"
        typer.echo(f"verifier {version} (semantics version {SEMANTICS_VERSION})")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the versions of the package and of the semantics, and exit.",
        ),
    ] = False,
) -> None:
    """Score programs that language models wrote: run them in a sandbox against the tests of a dataset.

    \b
    Examples, in a clone of the repository:
      verifier score examples/completions.jsonl --table
      verifier explain examples/completions.jsonl --id next-palindrome-off-by-one

    `verifier COMMAND --help` shows the format of the input, examples, exit statuses and settings.
    Settings are environment variables named VERIFIER_...; docs/settings.md lists all of them.

    \b
    Exit status of all commands:
      0    success
      1    a check failed, or the verifier could not do its work
      2    an argument, a setting or a file cannot be used
      130  stopped by Ctrl-C; 141: the reader of the output has gone; 143, 129: stopped by SIGTERM, SIGHUP
    """
