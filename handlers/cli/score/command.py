"""`verifier score`: its options. The docstring of the command is its `--help`."""

import time
from functools import partial
from typing import Annotated

import typer

from nova_code_verifier.handlers.cli import files
from nova_code_verifier.handlers.cli.exit_status import Status, exit_with
from nova_code_verifier.handlers.cli.options import (
    CheckerOption,
    CompletionFieldOption,
    IdFieldOption,
    ReferenceFieldOption,
    RubricOption,
    SamplesArgument,
    SharedProcessOption,
    count,
    settings_with,
)
from nova_code_verifier.handlers.cli.saved_page import check_page
from nova_code_verifier.handlers.cli.score.places.place import Place
from nova_code_verifier.handlers.cli.score.places.registry import (
    ON,
    USAGE,
    NamedPlace,
    PlaceOptions,
    named_place,
)
from nova_code_verifier.handlers.cli.score.places.this_process import ThisProcess
from nova_code_verifier.handlers.dataset_row import Columns


def score(
    *,
    source: SamplesArgument,
    out: Annotated[
        str | None,
        typer.Option(
            metavar="ROWS.jsonl", help="Write the rows to this file, not to standard output."
        ),
    ] = None,
    details: Annotated[
        bool,
        typer.Option(
            "--details",
            help="Add `details` to each row: the program, and of each test case the verdict, the input, "
            "what was expected and observed, and the error. They contain expected answers.",
        ),
    ] = False,
    table: Annotated[
        bool,
        typer.Option(
            "--table",
            help="Print a table to standard output, not the rows. --out still writes the rows.",
        ),
    ] = False,
    page: Annotated[
        str | None,
        typer.Option(
            "--report",
            metavar="FILE.html",
            help="Also write a page with all samples, their programs and test cases, for a browser. It "
            "contains expected answers; only you can read the file.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            parser=count,
            metavar="N",
            help="How many programs run at once. Default: one per processor, and one more. Each four "
            "of them get a process of their own that watches them.",
        ),
    ] = None,
    place_named: Annotated[
        NamedPlace | None,
        typer.Option(
            ON,
            parser=named_place,
            metavar="PLACE",
            help=f"Score on other machines: {USAGE}. Default: this machine.",
        ),
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option(
            parser=count,
            metavar="N",
            help="With --on: how many batches of samples are scored at once, such as invocations of "
            "the function.",
        ),
    ] = None,
    docker: Annotated[
        str | None,
        typer.Option(
            metavar="IMAGE",
            help="Run the programs in containers of this image. References stay on this machine.",
        ),
    ] = None,
    rubric: RubricOption = None,
    checker: CheckerOption = None,
    shared_process: SharedProcessOption = None,
    completion_field: CompletionFieldOption = None,
    reference_field: ReferenceFieldOption = None,
    id_field: IdFieldOption = None,
    is_resumed: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Keep the rows in the file of --out that have a verdict, and score the other samples.",
        ),
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", help="Show no progress, no summary and no list of problems."),
    ] = False,
) -> None:
    """Run the program in each sample against its tests, and write one row with its reward.

    \b
    A line of input is one sample, as a trainer sends it to the reward function:
      {"id": "s1", "messages": [{"role": "assistant", "content": "```python\\nprint(2 * int(input()))\\n```"}], "reference_answer": {"inputs": ["4"], "outputs": ["8"]}}
    \b
    It may also be a whole row of a dataset, with its tests in its own columns:
      {"task_id": 2, "completion": "def f(x):\\n    return 2 * x", "test_list": ["assert f(4) == 8"]}
    Its completion is the column completion, response, generation, output, ... (a list of several gives one row
    for each), its id is id, task_id, question_id, ...; docs/references.md lists what is read.
    \b
    A line of output is its row, as the trainer gets it:
      {"id": "s1", "aggregate_reward_score": 1.0, "metrics_list": [{"name": "correctness", "value": 1.0, "type": "Reward"}, ...]}

    \b
    The input may also be one JSON list, JSON objects over several lines, Parquet or Arrow (these need
    pip install 'nova-code-verifier[parquet]'), any of the JSON forms compressed by gzip, bzip2, xz or
    zstd, or a directory of such files, which are read in the order of their names.

    Rows keep the order of the samples. A broken line, or one with a broken reference, gets a row too: its
    metric `ungraded` is 1. A summary on standard error lists the first of these problems.

    \b
    Each row is written as soon as it and all rows before it are known. If a run is interrupted, repeat it
    with --resume. The file of --out keeps its old content until the first row is known.

    \b
    With --on, other machines score, with the same rows in the same order (docs/scale.md):
      lambda:NAME      the Lambda function of this name or ARN: it gets the references, too, and has its
                       own settings; --concurrency says how many invocations are open at once
      ray[:ADDRESS]    the nodes of a Ray cluster; needs pip install 'nova-code-verifier[ray]'

    \b
    Examples (the first two work in a clone of the repository):
      verifier score examples/completions.jsonl --table
      verifier score examples/completions.jsonl --rubric examples/rubric.toml --out rows.jsonl
      verifier score mbpp.jsonl --completion-field code --table    (are the dataset's own solutions right?)
      verifier score samples.jsonl.gz --details | jq .details
      verifier score samples.parquet --out rows.jsonl --resume
      verifier score samples.jsonl --docker nova-code-verifier:built-here    (built by docker-check)
      verifier score samples.jsonl --out rows.jsonl --on lambda:code-verifier --concurrency 50
    \b
    Columns of --table; - means that a value does not exist:
      reward       the reward, by the rubric
      correct      correctness, from 0 to 1; next to it the other dimensions of the rubric,
                   which a terminal of less than 100 columns does not show
      tests        how many test cases passed, and how many there are
      verdict      accepted, or the verdict of the first test case that failed, or of one that
                   was a security_violation; ungraded: the sample or its reference is broken
      remark       which test case that was, and how it ended; or what is broken
    \b
    Exit status:
      0  every sample has a row
      1  nothing could be graded, the sandbox could not start, or it failed: score again with --resume
      2  an argument, a setting or a file cannot be used
    \b
    Environment variables (docs/settings.md lists all of them):
      VERIFIER_RUBRIC             the rubric, where --rubric is not given
      VERIFIER_CHECKER            the checker, where neither the reference nor --checker names one
      VERIFIER_SHARED_PROCESS     allow, or refuse, where --shared-process is not given
      VERIFIER_WORKERS            how many programs run at once, where --workers is not given
      VERIFIER_ISOLATION          kernel, interpreter, none, or auto (see verifier doctor)
      VERIFIER_CPU_SECONDS        CPU time for one test case, where the reference has no limits
      VERIFIER_MEMORY_MB          memory for one program, where the reference has no limits
      VERIFIER_JUDGE_MODEL        the LLM judge, which similarity needs (see verifier judge-check)
      VERIFIER_EXECUTOR_FUNCTION  the Lambda function that runs the programs; none: this machine
    """
    if is_resumed and (out is None or out == files.STANDARD):
        raise typer.BadParameter(
            "needs --out with the file of the rows so far", param_hint="--resume"
        )
    if page is not None:
        check_page(page, source, out)
    if place_named is None and concurrency is not None:
        raise typer.BadParameter(
            f"is for {ON}; on this machine, --workers says how many programs run at once",
            param_hint="--concurrency",
        )
    if place_named is not None:
        place_named.check(
            {
                "--docker": docker,
                "--workers": workers,
                "--rubric": rubric,
                "--checker": checker,
                "--shared-process": shared_process,
            }
        )
    settings = settings_with(rubric, checker, shared_process)
    options = PlaceOptions(settings=settings, workers=workers, concurrency=concurrency)
    with place_named.open(options) if place_named else _this_machine(docker, options) as place:
        # Imported after the start: the workers get ready while this process loads these.
        from nova_code_verifier.handlers.cli.score import summary as summaries  # noqa: PLC0415
        from nova_code_verifier.handlers.cli.score.file import score_file  # noqa: PLC0415
        from nova_code_verifier.handlers.cli.score.page import PageOptions  # noqa: PLC0415

        started = time.monotonic()
        columns = Columns(completion=completion_field, reference=reference_field, id=id_field)
        page_options = None
        if page is not None:
            known = settings.rubric if place_named is None else None
            page_options = PageOptions(out=page, rubric=known, quiet=quiet)
        summary = score_file(
            source,
            place,
            columns,
            out=out,
            with_details=details,
            as_table=table,
            quiet=quiet,
            is_resumed=is_resumed,
            page=page_options,
        )
        if not quiet:
            seconds = time.monotonic() - started
            text = summaries.summary_text(summary, seconds, place.level, place.facts)
            typer.echo(text, err=True, nl=False)
    if summary.outage_count:
        failure = exit_with(summaries.outage_text(summary), Status.FAILED)
        typer.echo(place.bug, err=True, nl=False)
        raise failure
    if summary.has_graded_nothing:
        raise exit_with(summaries.nothing_graded_text(summary), Status.FAILED)


def _this_machine(image: str | None, options: PlaceOptions) -> Place:
    settings, workers = options.settings, options.workers
    if image is not None:
        from nova_code_verifier.handlers.containers.pool import executor_in_containers  # noqa: PLC0415

        return ThisProcess(
            partial(executor_in_containers, image, settings, count=workers), settings
        )
    from nova_code_verifier.handlers.cli.score.places.shard_plan import plan_shards  # noqa: PLC0415
    from nova_code_verifier.handlers.executors import start_executor  # noqa: PLC0415

    if plan := plan_shards(settings, workers):
        from nova_code_verifier.handlers.cli.score.places.shards import Shards  # noqa: PLC0415

        return Shards(settings, plan)
    return ThisProcess(partial(start_executor, settings, workers=workers), settings)
