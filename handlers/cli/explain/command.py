"""`verifier explain`: its options and its help."""

import sys
from typing import Annotated

import typer

from nova_code_verifier.handlers.cli import files
from nova_code_verifier.handlers.cli.options import (
    CheckerOption,
    RubricOption,
    SamplesArgument,
    settings_with,
)


def explain(
    *,
    source: SamplesArgument,
    sample_id: Annotated[
        str,
        typer.Option(
            "--id", metavar="ID", help="The `id` of the sample, or else the number of its line."
        ),
    ],
    rubric: RubricOption = None,
    checker: CheckerOption = None,
) -> None:
    """Score one sample of a file, and show how it got its reward.

    \b
    The report shows, in this order:
      the verdict and the reward
      how the program was found in the completion; findings about its safety; format issues
      a table of the test cases (or of the opinions): what was expected, what was observed, and why
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
    settings = settings_with(rubric, checker)
    from nova_code_verifier.handlers.executors import start_executor  # noqa: PLC0415

    with start_executor(settings, workers=1) as executor:
        # Imported after the start: the worker gets ready while this process loads these.
        from nova_code_verifier.handlers.cli.explain.report import explain_report  # noqa: PLC0415
        from nova_code_verifier.handlers.cli.sample_lines import read_samples  # noqa: PLC0415
        from nova_code_verifier.handlers.cli.tables import render  # noqa: PLC0415
        from nova_code_verifier.handlers.service import Service  # noqa: PLC0415

        with files.open_input(source) as stream:
            lines = list(read_samples(files.read_lines(stream, source)))
        matches = [line.entry for line in lines if str(line.entry.id) == sample_id]
        matches += [line.entry for line in lines if str(line.number) == sample_id]
        if not matches:
            raise files.UnusableFileError(
                f"{source}: no sample has the id {sample_id}, and no sample is on a line of this "
                "number; give the `id` of a sample or the number of its line"
            )
        (outcome,) = Service(executor, settings).score(matches[:1])
        paid = outcome.row["aggregate_reward_score"]
        assert paid is None or isinstance(paid, float)  # noqa: S101  (a row's reward)
        report = explain_report(matches[0], outcome.graded, paid=paid)
        files.print_output(render(report, sys.stdout))
