"""`verifier report`: its options and its help."""

from typing import Annotated

import typer

from nova_code_verifier.handlers.cli.files import STANDARD
from nova_code_verifier.handlers.cli.options import (
    CompletionFieldOption,
    IdFieldOption,
    ReferenceFieldOption,
)
from nova_code_verifier.handlers.dataset_row import Columns


def report(
    *,
    source: Annotated[
        str, typer.Argument(metavar="ROWS.jsonl", help="The rows of a run; - is standard input.")
    ],
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="FILE", help="Write the page to this file.")
    ] = "report.html",
    old: Annotated[
        str | None,
        typer.Option(
            "--compare", metavar="OLD.jsonl", help="Show the rows of an earlier run beside them."
        ),
    ] = None,
    by: Annotated[
        str,
        typer.Option(
            metavar="id|line",
            help="How --compare matches rows: id (the default), or line, where the ids are new in each run.",
        ),
    ] = "id",
    samples: Annotated[
        str | None,
        typer.Option(
            metavar="SAMPLES.jsonl",
            help="The samples of the rows: they bring prompts, completions, data sets, and which samples "
            "belong to one prompt.",
        ),
    ] = None,
    title: Annotated[str, typer.Option(metavar="TEXT", help="The title of the page.")] = "",
    completion_field: CompletionFieldOption = None,
    reference_field: ReferenceFieldOption = None,
    id_field: IdFieldOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Show the rows of a run as one HTML page: rewards, verdicts, prompt groups, reasons, trends, and each
    sample with what is known of it.

    \b
    The page is one file. It needs no network and no server: open it in a browser. It contains what the rows
    and the samples contain, also expected answers, programs and completions. So only you can read the file
    (mode 600). Do not publish it, and do not show it to the model that you train.

    \b
    The input is a file of rows, in any form that verifier score reads (also .gz, Parquet, a directory):
      {"id": "s1", "aggregate_reward_score": 1.0, "metrics_list": [{"name": "correctness", "value": 1.0, "type": "Reward"}], "details": {...}}
    Rows of verifier score, with --details or without; responses of the Lambda; rows of any reward function
    with a reward (or score); dumps of trainers, with the metrics as fields:
      {"input": "Write ...", "output": "```python ...", "score": 1.0, "step": 12, "correctness": 1.0}
    Lines of the reward function's log, also as "aws logs filter-log-events" returns them. What is no row, is
    left out and counted.

    \b
    What the page can show depends on what is there:
      rows alone                  rewards, metrics, outcomes by kind (accepted, time limit, ...)
      rows with details           verdicts, programs, cases with expected and observed, findings, formulas
      --samples                   prompts, completions, data sets; which samples belong to one prompt
      a step or a time            trends. Fields of a row or of its sample: step, global_step, training_step,
                                  iteration, epoch; time, timestamp, created_at; also in extra_info, metadata
    verifier score --report writes a page with all of it while it scores.

    \b
    --compare shows two runs side by side, as verifier compare matches them: rows with the same id belong
    together, repeated ids in their order.

    \b
    Of more than 100,000 rows, or 48 MiB of compressed details, the page keeps whole prompt groups, chosen
    by a hash: its notes say how many. A file of any length needs less than 300 MB of memory (with --samples
    in another order than the rows, more). The same input gives the same bytes.

    \b
    Examples, in a clone of the repository:
      verifier score examples/completions.jsonl --details --out rows.jsonl
      verifier report rows.jsonl --samples examples/completions.jsonl -o report.html
      verifier report new.jsonl --compare old.jsonl -o changes.html
      verifier report rollouts/ --title "run 7"    (the folder that trainer.rollout_data_dir of verl names)
    \b
    Exit status:
      0  the page was written
      2  an argument or a file cannot be used, there are no rows, or no row has its sample in the other file
    """
    from nova_code_verifier.handlers.cli.compare.rows import MatchBy  # noqa: PLC0415
    from nova_code_verifier.handlers.cli.report.file import report_file  # noqa: PLC0415

    if by not in list(MatchBy):
        raise typer.BadParameter(f"found {by[:40]}, expected id or line", param_hint="--by")
    if [source, old, samples].count(STANDARD) > 1:
        raise typer.BadParameter("found - twice, expected one file on standard input at most")
    if old is not None and samples == STANDARD:
        raise typer.BadParameter("is read twice: name a file", param_hint="--samples")
    columns = Columns(completion=completion_field, reference=reference_field, id=id_field)
    done = report_file(
        source,
        out,
        old=old,
        by=MatchBy(by),
        samples=samples,
        columns=columns,
        title=title,
        quiet=quiet,
    )
    if not quiet:
        typer.echo(f"verifier: {done}", err=True)
