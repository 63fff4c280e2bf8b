"""`verifier lint-rows`: its options and its help."""

from typing import Annotated

import typer

from nova_code_verifier.handlers.cli.exit_status import Status
from nova_code_verifier.handlers.cli.files import print_output


def lint_rows(
    *,
    source: Annotated[
        str, typer.Argument(metavar="ROWS.jsonl", help="The rows; - is standard input.")
    ],
    samples: Annotated[
        str | None,
        typer.Option(
            metavar="SAMPLES.jsonl",
            help="The samples that were sent: the rows must have their ids, order and number.",
        ),
    ] = None,
    reward_range: Annotated[
        tuple[float, float],
        typer.Option(
            "--range", metavar="LOWEST HIGHEST", help="The lowest and the highest valid reward."
        ),
    ] = (0.0, 1.0),
) -> None:
    """Check the rows of a reward function, this one or another, for everything that could break a trainer:
    fields, ids, order, count, numbers, ranges, names of metrics, characters, sizes.

    \b
    The input holds rows: one per line, or as one JSON list, or as an HTTP envelope. A row:
      {"id": "s1", "aggregate_reward_score": 1.0, "metrics_list": [{"name": "correctness", "value": 1.0, "type": "Reward"}]}
    \b
    The output is one line per finding: the line or row, the field, what was found, what was expected:
      line 3: aggregate_reward_score: found NaN, expected a number that is finite, in a double too

    Without --samples, ids are only checked for duplicates. The size limit is that of one response of a
    Lambda function: it applies to a whole list or envelope, and to each row of rows one per line.

    \b
    Examples, after `verifier score examples/completions.jsonl --out rows.jsonl`:
      verifier lint-rows rows.jsonl --samples examples/completions.jsonl
      verifier lint-rows response.json --range -1 1
    \b
    Exit status:
      0  no findings
      1  one finding or more
      2  an argument or a file cannot be used
    """
    lowest, highest = reward_range
    if not lowest <= highest:
        raise typer.BadParameter(
            f"found {lowest:g} {highest:g}, expected the lowest reward, then the highest",
            param_hint="--range",
        )
    from nova_code_verifier.handlers.cli.lint_rows.lint import lint_file  # noqa: PLC0415
    from nova_code_verifier.handlers.cli.tables import printable  # noqa: PLC0415

    result = lint_file(source, samples=samples, reward_range=reward_range)
    print_output("".join(f"{printable(finding)}\n" for finding in result.findings))
    typer.echo(f"rows: {result.row_count}, findings: {len(result.findings)}", err=True)
    raise typer.Exit(Status.FAILED if result.findings else Status.DONE)
