"""`verifier compare`: its options and its help."""

import sys
from typing import Annotated

import typer

from nova_code_verifier.handlers.cli.exit_status import Status
from nova_code_verifier.handlers.cli.files import (
    STANDARD,
    UnusableFileError,
    print_output,
    shown_name,
)
from nova_code_verifier.handlers.cli.options import JsonOption, count

_LIMIT = 20


def compare(
    *,
    old: Annotated[
        str, typer.Argument(metavar="OLD.jsonl", help="The rows of before; - is standard input.")
    ],
    new: Annotated[
        str, typer.Argument(metavar="NEW.jsonl", help="The rows of after; - is standard input.")
    ],
    by: Annotated[
        str,
        typer.Option(
            metavar="id|line",
            help="How rows are matched: id (the default), or line, where the ids are new in each run.",
        ),
    ] = "id",
    limit: Annotated[
        int,
        typer.Option(parser=count, metavar="N", help="How many moved rows to list: the largest."),
    ] = _LIMIT,
    fail_on_change: Annotated[
        bool,
        typer.Option(
            "--fail-on-change", help="Exit with status 1 if anything moved or is missing."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show which rewards moved between two runs, by how much and why: after a new version of the verifier,
    another rubric, or another version of the data set.

    \b
    The input is two files of rows, as verifier score or another reward function writes them:
      {"id": "s1", "aggregate_reward_score": 1.0, "metrics_list": [{"name": "correctness", "value": 1.0, "type": "Reward"}]}
    Rows with the same id belong to one sample: the first of them to the first in the other file, the second to
    the second, and so on. Rows without an id belong together in their order.

    \b
    The output is, in this order:
      how many rewards are the same, moved up, moved down, are newly ungraded or newly graded; the samples
      that only one file has; the mean rewards of the samples that both graded; the semantics versions and the
      paid dimensions of the rows (another version: CHANGELOG.md says what moved; others paid: another rubric)
      in how many moved rows each metric changed
      the largest moves, then rows that gained or lost their verdict, each with what changed in the row

    \b
    How to read what changed:
      correctness, compile, ...    the program got another verdict in some test case
      tests_total, guess_baseline  the data set has other tests
      semantics_version            the verifier counts otherwise now
      failure, ungraded            0 graded, 1 the data set is broken, 2 the verifier failed, 3 out of time
      verdict                      only where both files have --details
      no metric                    only the rubric can do that: its weights, range or penalty

    duration_ms and reruns are left out: they differ between any two runs. Rewards that differ by at most 1e-9
    are the same. Files of any length are streamed; rows that are in another order wait in memory, about
    1.5 KB each.

    \b
    Examples, in a clone of the repository:
      verifier score examples/completions.jsonl --out old.jsonl
      verifier score examples/completions.jsonl --rubric '{"correctness": {"shape": "power"}}' --out new.jsonl
      verifier compare old.jsonl new.jsonl
      verifier compare old.jsonl new.jsonl --json --limit 1000000 | jq '.moved[] | select(.move < 0)'
    \b
    Exit status:
      0  the comparison was printed
      1  with --fail-on-change: a reward moved, or a file lacks a sample of the other one
      2  an argument or a file cannot be used, or no row has its sample in the other file
    """
    from nova_code_verifier.handlers.cli.compare import comparison as comparisons  # noqa: PLC0415
    from nova_code_verifier.handlers.cli.compare import report  # noqa: PLC0415
    from nova_code_verifier.handlers.cli.compare.rows import (  # noqa: PLC0415
        MatchBy,
        matched,
        read_rows,
    )

    if by not in list(MatchBy):
        raise typer.BadParameter(f"found {by[:40]}, expected id or line", param_hint="--by")
    if old == new == STANDARD:
        raise typer.BadParameter("found - twice, expected one file on standard input at most")
    match_by = MatchBy(by)
    pairs = matched(read_rows(old), read_rows(new), match_by)
    comparison = comparisons.compare(pairs, limit=limit)
    if not comparison.matched_count:
        raise UnusableFileError(
            f"{shown_name(old)}, {shown_name(new)}: found no id in both files, expected one or more; "
            "--by line matches rows by their order"
        )
    if as_json:
        print_output(report.report_json(comparison, match_by))
    else:
        print_output(report.report_text(comparison, match_by, sys.stdout))
    if fail_on_change and comparison.has_change:
        raise typer.Exit(Status.FAILED)
