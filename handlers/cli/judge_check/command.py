"""`verifier judge-check`: its options and its help."""

import sys
from typing import Annotated

import typer

from nova_code_verifier.handlers.cli.exit_status import Status, exit_with
from nova_code_verifier.handlers.cli.files import json_line, print_output
from nova_code_verifier.handlers.cli.options import JsonOption, count
from nova_code_verifier.handlers.settings import read_settings, with_model


def judge_check(
    *,
    source: Annotated[
        str,
        typer.Argument(
            metavar="PAIRS.jsonl", help="The pairs of texts, one per line; - is standard input."
        ),
    ],
    repeat: Annotated[
        int, typer.Option(parser=count, metavar="N", help="How many times each row is judged.")
    ] = 3,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="The id or ARN of the model. It replaces VERIFIER_JUDGE_MODEL."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how far the LLM judge can be trusted: the model of Amazon Bedrock that scores how similar
    a response is to a reference (see docs/rubric.md).

    \b
    A line of input is one pair of texts. `id` and `human_score` may be left out; the human score may be
    on any scale:
      {"id": "r1", "response": "It is 4.", "reference": "Four.", "human_score": 5}
    \b
    Lines of the output:
      answers       how many times the judge was called, and how many calls gave a score
      consistency   how many rows got the same score every time, and how far the scores differ
      agreement     how similar the order of the judge's scores is to that of the human scores:
                    Spearman's rank correlation, 1 for the same order, 0 for no relation, -1 for
                    the opposite order
      0.0 to 0.1    how many scores lie in this range, and so on
      and below     why calls gave no score, how often, and the first message
    \b
    Examples (the first works in a clone of the repository):
      verifier judge-check examples/judge.jsonl --model us.amazon.nova-pro-v1:0
      VERIFIER_JUDGE_PROMPT=prompt.txt verifier judge-check rows.jsonl --repeat 5 --json

    Every row costs --repeat paid calls. boto3 finds the credentials and the region.

    \b
    Exit status:
      0  at least one call gave a score
      1  no call gave a score
      2  an argument, a setting or a file cannot be used
    \b
    Environment variables:
      VERIFIER_JUDGE_MODEL        the model, where --model is not given
      VERIFIER_JUDGE_PROMPT       the prompt: a file, or its text with {response} and {reference}
      VERIFIER_JUDGE_CONCURRENCY  how many calls run at once
      VERIFIER_JUDGE_EXTRACTION   strict or flexible: where in the answer the score may be
    """
    settings = read_settings() if model is None else with_model(read_settings(), model)
    from nova_code_verifier.handlers.cli.judge_check import report  # noqa: PLC0415
    from nova_code_verifier.handlers.cli.judge_check.run import check_file  # noqa: PLC0415
    from nova_code_verifier.handlers.cli.tables import printable, render  # noqa: PLC0415

    findings = check_file(source, settings, repeats=repeat)
    if as_json:
        print_output(f"{json_line(report.as_json(findings, model=settings.judge_model))}\n")
    else:
        print_output(render(report.as_text(findings, model=settings.judge_model), sys.stdout))
    if not findings.score_count:
        message = f"no call of the judge gave a score; {printable(findings.first_problem)}"
        raise exit_with(message, Status.FAILED)
