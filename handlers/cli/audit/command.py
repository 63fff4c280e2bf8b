"""`verifier audit`: its options. The docstring of the command is its `--help`."""

import os
import sys
from typing import Annotated

import typer

from nova_code_verifier.handlers.cli import files
from nova_code_verifier.handlers.cli.audit.options import Options
from nova_code_verifier.handlers.cli.exit_status import Status, exit_with
from nova_code_verifier.handlers.cli.options import (
    CheckerOption,
    IdFieldOption,
    JsonOption,
    ReferenceFieldOption,
    SharedProcessOption,
    count,
    settings_with,
)
from nova_code_verifier.handlers.cli.saved_page import check_page, save_page
from nova_code_verifier.handlers.dataset_row import Columns

_DEFAULT = Options()


def audit(
    *,
    source: Annotated[
        str,
        typer.Argument(metavar="DATASET", help="A file or a directory; - is standard input."),
    ],
    as_json: JsonOption = False,
    out: Annotated[
        str | None,
        typer.Option(
            "--write",
            metavar="FILE",
            help="Write the rows without errors, as they are: .jsonl, .parquet, or .jsonl with .gz, .bz2 "
            "or .xz.",
        ),
    ] = None,
    page_file: Annotated[
        str | None,
        typer.Option(
            "--report",
            metavar="FILE.html",
            help="Also write a page with the findings and all runs, for a browser. It contains "
            "expected answers; only you can read the file.",
        ),
    ] = None,
    repeat: Annotated[
        int,
        typer.Option(parser=count, metavar="N", help="How often each gold solution runs."),
    ] = _DEFAULT.repeat,
    processes: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="How many busy processes run beside one more run of the gold solutions. Default: one "
            "for each processor; 0 leaves that run out.",
        ),
    ] = None,
    solutions: Annotated[
        int,
        typer.Option(parser=count, metavar="N", help="Run at most N gold solutions of a row."),
    ] = _DEFAULT.solutions_max,
    guess: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            metavar="SHARE",
            help="Warn of tests of which a guess passes more than this share.",
        ),
    ] = _DEFAULT.guess_max,
    limit: Annotated[
        int,
        typer.Option(parser=count, metavar="N", help="How many findings the table lists."),
    ] = 50,
    solution_field: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="The column with the gold solution, if it has an unusual name; a.b is b in a.",
        ),
    ] = None,
    prompt_field: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column with the prompt.")
    ] = None,
    reference_field: ReferenceFieldOption = None,
    id_field: IdFieldOption = None,
    checker: CheckerOption = None,
    shared_process: SharedProcessOption = None,
    workers: Annotated[
        int | None,
        typer.Option(parser=count, metavar="N", help="How many programs run at once."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Find the faults of a data set before a model is trained on it: run its gold solutions and trivial
    programs against the tests of every row.

    \b
    Errors, which make the rewards of a row wrong:
      gold_fails            no gold solution passes
      flaky                 a gold solution passes sometimes, or only on an idle machine
      slow                  a gold solution needs more time than the limit allows; a new limit is suggested
      trivial_passes        a program that solves nothing passes all tests
      contradictory_cases   two cases with the same input expect other answers, and no gold solution passes
      needs_shared_process  no session carries the tests (see --shared-process)
      missing_library       tests or gold solution import what the sandbox has not
      refused               the row cannot be graded: a special judge, another language, broken tests
      outage                the verifier itself failed
    \b
    Warnings:
      high_guess_baseline   a guess passes more than --guess of the tests, or there is a single test case
      slow                  a gold solution needs more than a third of the limit
      gold_fails            some of several gold solutions fail
      duplicate_id, duplicate_tests   those of an earlier row
    Notes: duplicate_cases, needs_shared_process (the row asks for it), read_otherwise (a limit), no_tests.

    Each finding has its row, its id, its field, and what to do. --write keeps the rows without errors.

    \b
    Gold solutions are in canonical_solution, solution, solutions, code, gold_standard_solution,
    reference_solution, correct_submissions and similar columns, also inside extra_info or metadata, as
    texts, lists, or dicts with a language. The body of a function continues the prompt, as in HumanEval.
    Trivial programs are empty, return or print a constant, repeat their input, or know the examples of
    the prompt only. The guess baseline is the share of the tests that the best constant answer passes.

    The same file gives the same findings, as far as its programs do; times depend on the machine.

    \b
    Examples (the first works in a clone of the repository):
      verifier audit examples/dataset.jsonl
      verifier audit HumanEval.jsonl.gz --write good.jsonl
      verifier audit mbpp.jsonl --json | jq '.findings[] | select(.kind == "gold_fails")'
      verifier audit taco.parquet --solutions 1 --repeat 1 --processes 0    (a quick look)
      verifier audit kodcode.jsonl --shared-process allow --limit 500
    \b
    Exit status:
      0  every gold solution passes, or there are none
      1  a gold solution fails, always or sometimes; or the sandbox failed
      2  an argument, a setting or a file cannot be used
    """
    options = Options(
        columns=Columns(reference=reference_field, id=id_field),
        prompt_column=prompt_field,
        solution_column=solution_field,
        solutions_max=solutions,
        repeat=repeat,
        busy_processes=len(os.sched_getaffinity(0)) if processes is None else processes,
        guess_max=guess,
    )
    settings = settings_with(None, checker, shared_process)
    if out == files.STANDARD:
        raise typer.BadParameter(
            "needs a file; the report is on standard output", param_hint="--write"
        )
    if page_file is not None:
        check_page(page_file, source, out)
    from nova_code_verifier.handlers.executors import start_executor  # noqa: PLC0415

    with start_executor(settings, workers=workers) as executor:
        # Imported after the start: the workers get ready while this process loads these.
        from nova_code_verifier.handlers.cli.audit import report as reports  # noqa: PLC0415
        from nova_code_verifier.handlers.cli.audit.file import audit_file  # noqa: PLC0415
        from nova_code_verifier.handlers.cli.audit.page import AuditPage  # noqa: PLC0415
        from nova_code_verifier.handlers.cli.tables import render  # noqa: PLC0415

        page = AuditPage(source) if page_file is not None else None
        report = audit_file(source, executor, settings, options, out=out, quiet=quiet, page=page)
    if page is not None and page_file is not None:
        done = save_page(page.finished(reports.counts_line(report)), page_file)
        if not quiet:
            typer.echo(f"verifier: {done}", err=True)
    if as_json:
        files.print_output(f"{files.json_line(reports.as_json(report))}\n")
    else:
        files.print_output(render(reports.as_text(report, limit), sys.stdout))
    if report.outages:
        message = f"{report.outages} rows could not be audited because the verifier failed"
        raise exit_with(message, Status.FAILED)
    if report.gold_faults:
        message = f"found {report.gold_faults} rows whose gold solution fails"
        raise exit_with(message, Status.FAILED)
