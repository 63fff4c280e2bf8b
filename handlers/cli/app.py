"""The command line: the front door for people.

In: arguments, files, the environment. Out: rows, tables, an exit status, and one clear
sentence where something is in the way. Must not know: how a score comes about. What takes
long to import waits inside the commands: `verifier --help` answers at once.
"""

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from nova_code_verifier.handlers.cli import help_texts
from nova_code_verifier.handlers.cli.files import (
    STANDARD,
    UnusableFileError,
    open_output,
    write_all,
)
from nova_code_verifier.handlers.settings import (
    Settings,
    SettingsError,
    read_settings,
    with_model,
    with_rubric,
)
from nova_code_verifier.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from nova_code_verifier.sandbox.host.local import LocalExecutor
    from nova_code_verifier.sandbox.remote.executor import RemoteExecutor

_DISTRIBUTION = "nova-code-verifier"
_DOCKER_INSTALL = "pip install 'nova-code-verifier[docker]'"


class Status(IntEnum):
    """What the exit status says. The last three are 128 and a signal's number, as in shells."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


app = typer.Typer(
    help=help_texts.VERIFIER,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> NoReturn:
    """Run the command line, and leave with its exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(Status.TERMINATED))
    try:
        # Whoever says nothing wants to know what there is to say.
        status = app(sys.argv[1:] or ["--help"], prog_name="verifier", standalone_mode=False)
    except typer.TyperException as error:
        path = getattr(getattr(error, "ctx", None), "command_path", "verifier")
        _tell(f"{error.format_message().rstrip('.')} (see `{path} --help`)")
        status = Status.USAGE
    sys.exit(status)


_SourceArgument = Annotated[
    str, typer.Argument(metavar="FILE.jsonl", help="The samples; - is standard input.")
]
_RubricOption = Annotated[
    str | None, typer.Option(metavar="RUBRIC.toml", help="What is paid for: see docs/rubric.md.")
]


@app.command(help=help_texts.SCORE, short_help="A reward for every sample of a file.")
def score(
    *,
    source: _SourceArgument,
    out: Annotated[
        str | None,
        typer.Option(metavar="ROWS.jsonl", help="Write the rows here, not to standard output."),
    ] = None,
    details: Annotated[
        bool,
        typer.Option("--details", help="Add `details` to each row: what its verdict rests on."),
    ] = False,
    table: Annotated[
        bool, typer.Option("--table", help="Print a table for people, and rows only to --out.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="How many programs run at once: one per processor unless given.",
        ),
    ] = None,
    docker: Annotated[
        str | None,
        typer.Option(metavar="IMAGE", help="Run candidates in containers of this image only."),
    ] = None,
    rubric: _RubricOption = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="No progress bar, no summary, no list of problems.")
    ] = False,
) -> None:
    """Score a file of samples."""
    with _exit_statuses():
        settings = _settings(rubric)
        # Before the other imports: the zygotes warm up while this process is still loading.
        with (
            _start_cells(docker, settings, workers)
            if docker
            else _start_executor(settings, workers=workers)
        ) as executor:
            from nova_code_verifier.handlers.cli.score.file import RunRequest, score_file  # noqa: PLC0415
            from nova_code_verifier.handlers.cli.score.summary import Summary  # noqa: PLC0415
            from nova_code_verifier.handlers.cli.tables import outage_text, summary_text  # noqa: PLC0415

            order = RunRequest(
                source=source, out=out, with_details=details, as_table=table, quiet=quiet
            )
            tally = Summary()
            started = time.monotonic()
            score_file(order, executor, settings, tally)
            seconds = time.monotonic() - started
            if tally.count == 0:  # more likely a slip than a wish
                raise UnusableFileError(f"{source}: holds no samples")
            if not quiet:
                text = summary_text(tally, seconds=seconds, level=executor.level)
                typer.echo(text, err=True, nl=False)
        if tally.outage_count:
            _tell(outage_text(tally))
            typer.echo(tally.first_bug, err=True, nl=False)
            raise typer.Exit(Status.FAILED)


@app.command(help=help_texts.EXPLAIN, short_help="How one sample came by its reward.")
def explain(
    *,
    source: _SourceArgument,
    sample_id: Annotated[
        str, typer.Option("--id", metavar="ID", help="Which of them: its `id`, or its line.")
    ],
    rubric: _RubricOption = None,
) -> None:
    """Explain one sample's reward."""
    with _exit_statuses():
        settings = _settings(rubric)
        with _start_executor(settings, workers=1) as executor:
            from nova_code_verifier.handlers.cli.explain.report import explain_report  # noqa: PLC0415
            from nova_code_verifier.handlers.cli.files import open_input, read_pieces  # noqa: PLC0415
            from nova_code_verifier.handlers.cli.score.samples import read_lines  # noqa: PLC0415
            from nova_code_verifier.handlers.cli.tables import render  # noqa: PLC0415
            from nova_code_verifier.handlers.service import Service  # noqa: PLC0415

            with open_input(source) as stream:
                lines = list(read_lines(read_pieces(stream, source)))
            named = [line.entry for line in lines if str(line.entry.id) == sample_id]
            named += [line.entry for line in lines if str(line.number) == sample_id]
            if not named:
                raise UnusableFileError(f"{source}: there is no sample with the id {sample_id}")
            (outcome,) = Service(executor, settings).score(named[:1])
            paid = outcome.row["aggregate_reward_score"]
            assert paid is None or isinstance(paid, float)  # noqa: S101  (a row's reward)
            story = explain_report(named[0], outcome.graded, paid=paid)
            _print(render(story, sys.stdout))


@app.command(
    "judge-check",
    help=help_texts.JUDGE_CHECK,
    short_help="How far to trust a language model.",
)
def judge_check(
    *,
    source: Annotated[
        str, typer.Argument(metavar="FILE.jsonl", help="The rows; - is standard input.")
    ],
    repeat: Annotated[
        int, typer.Option(min=1, metavar="N", help="How often each row is judged.")
    ] = 3,
    model: Annotated[
        str | None, typer.Option(metavar="ID", help="The model, in place of VERIFIER_JUDGE_MODEL.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Find out how far the judge can be trusted."""
    with _exit_statuses():
        settings = read_settings() if model is None else with_model(read_settings(), model)
        from nova_code_verifier.handlers.cli.judge_check import report as judgereport  # noqa: PLC0415
        from nova_code_verifier.handlers.cli.judge_check import run as judgecheck  # noqa: PLC0415
        from nova_code_verifier.handlers.cli.score.file import row_line  # noqa: PLC0415
        from nova_code_verifier.handlers.cli.tables import printable, render  # noqa: PLC0415

        findings = judgecheck.check_file(source, settings, repeats=repeat)
        if as_json:
            found = judgereport.as_json(findings, model=settings.judge_model)
            _print(f"{row_line(found)}\n")
        else:
            shown = judgereport.as_text(findings, model=settings.judge_model)
            _print(render(shown, sys.stdout))
        if not findings.score_count:
            _tell(f"nothing could be judged; {printable(findings.first_problem)}")
            raise typer.Exit(Status.FAILED)


@app.command(
    "lint-rows", help=help_texts.LINT_ROWS, short_help="Whether a trainer can use these rows."
)
def lint_rows(
    *,
    source: Annotated[
        str, typer.Argument(metavar="ROWS.jsonl", help="The rows; - is standard input.")
    ],
    samples: Annotated[
        str | None,
        typer.Option(metavar="SAMPLES.jsonl", help="What was sent: their ids, order and number."),
    ] = None,
    reward_range: Annotated[
        tuple[float, float],
        typer.Option("--range", metavar="LOWEST HIGHEST", help="Between what rewards may lie."),
    ] = (0.0, 1.0),
) -> None:
    """Check rows."""
    if not reward_range[0] <= reward_range[1]:
        raise typer.BadParameter(
            "expected the lowest reward, then the highest", param_hint="--range"
        )
    with _exit_statuses():
        from nova_code_verifier.handlers.cli.lint_rows import lint_file  # noqa: PLC0415
        from nova_code_verifier.handlers.cli.tables import printable  # noqa: PLC0415

        linted = lint_file(source, samples=samples, reward_range=reward_range)
        _print("".join(f"{printable(finding)}\n" for finding in linted.findings))
        count = len(linted.findings)
        typer.echo(f"rows: {linted.row_count}, findings: {count}", err=True)
        raise typer.Exit(Status.FAILED if count else Status.DONE)


@app.command(help=help_texts.DOCTOR, short_help="What this machine's sandbox is made of.")
def doctor(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Explain this machine's sandbox."""
    with _exit_statuses():
        settings = read_settings()
        from nova_code_verifier.handlers.cli import doctor as diagnosis  # noqa: PLC0415
        from nova_code_verifier.handlers.cli.tables import render  # noqa: PLC0415

        found = diagnosis.diagnose(settings, lambda: _start_local(settings))
        if as_json:
            _print(f"{json.dumps(diagnosis.as_json(found), indent=2)}\n")
        else:
            _print(render(diagnosis.as_text(found), sys.stdout))
        raise typer.Exit(Status.DONE if found.is_enough else Status.FAILED)


@app.command(
    "docker-check",
    help=help_texts.DOCKER_CHECK,
    short_help="Whether the Lambda's image says the same.",
)
def docker_check(
    *,
    source: _SourceArgument,
    image: Annotated[
        str | None, typer.Option(metavar="TAG", help="Check this image, and build none.")
    ] = None,
    context: Annotated[
        Path, typer.Option(metavar="DIR", help="Build from this clone of the repository.")
    ] = Path(),
    base_image: Annotated[
        str | None, typer.Option(metavar="TAG", help="Build upon this base image.")
    ] = None,
    build_network: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The network that the build loads packages through."),
    ] = None,
) -> None:
    """Compare the image with this machine."""
    with _exit_statuses():
        try:
            from nova_code_verifier.handlers.cli.docker_check import check  # noqa: PLC0415
            from nova_code_verifier.handlers.containers.image import Build, ContainerError  # noqa: PLC0415
        except ModuleNotFoundError as error:
            _tell(f"{error.name} is missing: {_DOCKER_INSTALL}")
            raise typer.Exit(Status.FAILED) from None
        settings = read_settings()
        build = Build(context=context, base_image=base_image, network=build_network)
        with _start_local(settings) as executor:
            try:
                is_same = check(
                    source,
                    image or build,
                    executor,
                    settings,
                    on_news=typer.echo,
                )
            except ContainerError as error:
                _tell(str(error))
                is_same = False
        raise typer.Exit(Status.DONE if is_same else Status.FAILED)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  (typer calls it so)
    if wanted:
        from importlib import metadata  # noqa: PLC0415

        try:
            version = metadata.version(_DISTRIBUTION)
        except metadata.PackageNotFoundError:
            version = "(run from its source, not installed)"
        typer.echo(f"verifier {version}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


def _settings(rubric: str | None) -> Settings:
    settings = read_settings()
    return settings if rubric is None else with_rubric(settings, rubric)


def _start_executor(
    settings: Settings, *, workers: int | None = None
) -> "LocalExecutor | RemoteExecutor":
    from nova_code_verifier.handlers.executors import start_executor  # noqa: PLC0415

    return start_executor(settings, workers=workers)


def _start_cells(
    image: str, settings: Settings, cells: int | None
) -> AbstractContextManager["RemoteExecutor"]:
    try:
        from nova_code_verifier.handlers.containers.pool import executor_in_containers  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise SandboxError(f"{error.name} is missing: {_DOCKER_INSTALL}") from None
    return executor_in_containers(image, settings, count=cells)


def _start_local(settings: Settings) -> "LocalExecutor":
    from nova_code_verifier.handlers.executors import start_local  # noqa: PLC0415

    return start_local(settings)


@contextmanager
def _exit_statuses() -> Iterator[None]:
    """Turn what may come out of a command into a sentence and an exit status."""
    try:
        yield
    except (SettingsError, UnusableFileError) as error:
        _tell(str(error))
        raise typer.Exit(Status.USAGE) from None
    except SandboxError as error:
        _tell(str(error))
        raise typer.Exit(Status.FAILED) from None
    except KeyboardInterrupt:
        _tell("interrupted")
        raise typer.Exit(Status.INTERRUPTED) from None
    except BrokenPipeError:
        raise typer.Exit(Status.BROKEN_PIPE) from None


def _print(text: str) -> None:
    with open_output(STANDARD) as stream:
        write_all(stream, text.encode(sys.stdout.encoding, "replace"), STANDARD)


def _tell(sentence: str) -> None:
    typer.echo(f"verifier: {sentence}", err=True)
