"""`verifier explain`: its options and its help."""

import sys
from typing import Annotated

import typer

from nova_code_verifier.handlers.cli import files
from nova_code_verifier.handlers.cli.options import (
    CheckerOption,
    CompletionFieldOption,
    IdFieldOption,
    ReferenceFieldOption,
    RubricOption,
    SamplesArgument,
    SharedProcessOption,
    settings_with,
)
from nova_code_verifier.handlers.dataset_row import Columns


def explain(
    *,
    source: SamplesArgument,
    sample_id: Annotated[
        str,
        typer.Option(
            "--id",
            metavar="ID",
            help="The `id` of the sample, or else the number of its line (of its row, of its item).",
        ),
    ],
    rubric: RubricOption = None,
    checker: CheckerOption = None,
    shared_process: SharedProcessOption = None,
    completion_field: CompletionFieldOption = None,
    reference_field: ReferenceFieldOption = None,
    id_field: IdFieldOption = None,
) -> None:
    """Score one sample of a file, and show how it got its reward.

    \b
    The report shows, in this order:
      the verdict and the reward
      how the program was found in the completion; findings about its safety; format issues
      a table of the test cases (or of the opinions): what was expected, what was observed, and why
      the first test cases that failed, with their inputs; the program (long texts are cut, and their
      sizes are told)
      the formula of the correctness and of the reward, with the numbers of this sample

    The report contains expected answers. Do not show it to the model that you train.

    \b
    Examples, in a clone of the repository:
      verifier explain examples/completions.jsonl --id next-palindrome-off-by-one
      verifier explain examples/completions.jsonl --id 4 --rubric examples/rubric.toml
    \b
    Exit status:
      0  the report was printed, whatever the verdict
      1  the sandbox could not start
      2  an argument, a setting or a file cannot be used, or no sample has this id

    The environment variables are those of verifier score, except VERIFIER_WORKERS.
    """
    settings = settings_with(rubric, checker, shared_process)
    from nova_code_verifier.handlers.executors import start_executor  # noqa: PLC0415

    with start_executor(settings, workers=1) as executor:
        # Imported after the start: the worker gets ready while this process loads these.
        from nova_code_verifier.handlers.cli.dataset_files.reading import open_records  # noqa: PLC0415
        from nova_code_verifier.handlers.cli.explain.report import explain_report  # noqa: PLC0415
        from nova_code_verifier.handlers.cli.explain.selection import find_sample  # noqa: PLC0415
        from nova_code_verifier.handlers.cli.sample_lines import read_samples  # noqa: PLC0415
        from nova_code_verifier.handlers.cli.tables import render  # noqa: PLC0415
        from nova_code_verifier.handlers.service import Service  # noqa: PLC0415

        columns = Columns(completion=completion_field, reference=reference_field, id=id_field)
        with open_records(source) as file:
            line, note = find_sample(read_samples(file.records, columns), sample_id, source)
        if note:
            typer.echo(f"verifier: {note}", err=True)
        (outcome,) = Service(executor, settings).score([line.entry])
        paid = outcome.row["aggregate_reward_score"]
        assert paid is None or isinstance(paid, float)  # noqa: S101  (a row's reward)
        report = explain_report(line.entry, outcome.graded, paid=paid)
        files.print_output(render(report, sys.stdout))
