"""`verifier convert`: its options. The docstring of the command is its `--help`."""

import sys
from typing import Annotated

import typer

from nova_code_verifier.handlers.cli import files
from nova_code_verifier.handlers.cli.convert.options import Options, Target, default_bytes_max
from nova_code_verifier.handlers.cli.exit_status import Status, exit_with
from nova_code_verifier.handlers.cli.options import (
    IdFieldOption,
    ReferenceFieldOption,
    count,
)
from nova_code_verifier.handlers.dataset_row import Columns


def convert(
    *,
    source: Annotated[
        str,
        typer.Argument(metavar="DATASET", help="A file or a directory; - is standard input."),
    ],
    target: Annotated[Target, typer.Option("--to", help="The trainer that reads the rows.")],
    out: Annotated[
        str | None,
        typer.Option(
            "--output",
            "--out",
            metavar="FILE",
            help="Write the rows to this file, not to standard output: .jsonl, .parquet, or .jsonl "
            "with .gz, .bz2 or .xz.",
        ),
    ] = None,
    dropped: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.jsonl",
            help="Write a line for each row that is left out: where it is, its id, and the reason.",
        ),
    ] = None,
    max_bytes: Annotated[
        int | None,
        typer.Option(
            parser=count,
            metavar="N",
            help="Leave out test cases until a row takes at most N bytes. Default: 65536 for nova and "
            "bedrock, where 64 samples with answers of 32 KiB fill a request of Lambda; else no limit.",
        ),
    ] = None,
    max_tests: Annotated[
        int | None,
        typer.Option(parser=count, metavar="N", help="Keep at most N test cases of a row."),
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="N", help="The seed by which test cases are drawn.")
    ] = 0,
    prompt_field: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="The column with the prompt, if it has an unusual name; a.b is b in a.",
        ),
    ] = None,
    reference_field: ReferenceFieldOption = None,
    id_field: IdFieldOption = None,
    instruction: Annotated[
        str,
        typer.Option(metavar="TEXT", help="Add this paragraph to the end of every prompt."),
    ] = "",
    name_function: Annotated[
        bool,
        typer.Option(
            "--name-function",
            help="If a prompt does not name the function that its tests call, add the starter code of the "
            "row, or the name.",
        ),
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print the counts as one JSON object to standard output; needs --output."
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Show no progress and no table of counts.")
    ] = False,
) -> None:
    """Write the rows of a data set in the form that a trainer reads, with tests that this verifier grades
    exactly as those of the data set.

    \b
    Read are JSON Lines, JSON, Parquet and Arrow (with pip install 'nova-code-verifier[parquet]'), the JSON
    forms also compressed, and directories: of such files, or written by save_to_disk of `datasets`. Tests
    may be in all forms of docs/references.md: JSON in JSON, base64 of zlib of a pickled string (nothing is
    unpickled), dicts of lists, pairs, Python literals.

    \b
    Rows of the output; the reference is a JSON text, which no table format changes:
      nova, bedrock  {"id", "messages", "reference_answer"}
      verl           {"data_source", "prompt", "ability", "reward_model": {"style", "ground_truth"}, "extra_info"}
      trl            {"id", "prompt", "reference_answer"}
      verifiers      {"id", "prompt", "answer", "task"}
      gym            {"id", "responses_create_params": {"input"}, "verifier_metadata": {"unit_tests"}}
                     (a label or opinions are in verifier_metadata itself)
    Ids become texts; a row without an id gets one from its position. Prompts stay as they are, except for
    --instruction and --name-function.

    A row is left out if the verifier would not grade it (a special judge, another language, an interactive
    task, tests that cannot be read), if it has no prompt, or if it is too large with a single test case. The
    counts say why.

    \b
    Test cases over --max-tests or --max-bytes are left out: the longest fill half of the limit, others, drawn
    at random, the rest. The reference then says {"chosen": {"tests": 12, "of": 90, "seed": 0}}. Test code is
    never divided. The same file, options and seed give the same bytes.

    \b
    Examples (the first works in a clone of the repository):
      verifier convert examples/completions.jsonl --to nova --output train.jsonl
      verifier convert mbpp.jsonl --to nova --output train.jsonl --name-function
      verifier convert DeepCoder/ --to nova --max-bytes 16384 --output train.jsonl   (128 samples in a request)
      verifier convert lcb/test6.jsonl --to bedrock --output train.jsonl --dropped dropped.jsonl
      verifier convert taco.parquet --to verl --max-tests 20 --output train.parquet
      verifier convert HumanEval.jsonl.gz --to trl --instruction "Answer with the whole function." --output train.parquet
      verifier convert saved_dataset/ --to verifiers --output train.jsonl --json | jq .reasons
      verifier convert apps.jsonl --to gym --seed 7 --max-tests 10 > train.jsonl
    \b
    Exit status:
      0  at least one row was written
      1  no row could be converted
      2  an argument or a file cannot be used
    """
    if as_json and out in (None, files.STANDARD):
        raise typer.BadParameter("needs --output with a file for the rows", param_hint="--json")
    from nova_code_verifier.handlers.cli.convert import report as reports  # noqa: PLC0415
    from nova_code_verifier.handlers.cli.convert.file import convert_file  # noqa: PLC0415
    from nova_code_verifier.handlers.cli.tables import printable, render  # noqa: PLC0415

    options = Options(
        target=target,
        columns=Columns(reference=reference_field, id=id_field),
        prompt_column=prompt_field,
        bytes_max=default_bytes_max(target) if max_bytes is None else max_bytes,
        tests_max=max_tests,
        seed=seed,
        instruction=instruction,
        names_function=name_function,
    )
    report = convert_file(source, options, out=out, dropped=dropped, quiet=quiet)
    if as_json:
        files.print_output(f"{files.json_line(reports.as_json(report))}\n")
    elif not quiet:
        typer.echo(render(reports.as_text(report), sys.stderr), err=True, nl=False)
    if not report.converted:
        ((reason, number),) = report.reasons.most_common(1)
        raise exit_with(
            f"found {report.count} rows, of which none could be converted; the most common reason "
            f"({number}): {printable(reason)}",
            Status.FAILED,
        )
