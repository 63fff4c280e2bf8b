"""`verifier serve`: its options. The docstring of the command is its `--help`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from nova_code_verifier.handlers.cli.exit_status import Status, print_error
from nova_code_verifier.handlers.cli.files import UnusableFileError
from nova_code_verifier.handlers.cli.options import (
    CheckerOption,
    RubricOption,
    SharedProcessOption,
    count,
    settings_with,
)
from nova_code_verifier.handlers.settings import SERVICE_TOKEN, SettingsError

_MIB = 2**20
_TOKEN_CHARACTERS_MIN = 16


def serve(
    *,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="The port; 0 is any free one.")
    ] = 8000,
    processes: Annotated[
        int | None,
        typer.Option(
            parser=count,
            metavar="N",
            help="How many processes serve, each with its own sandboxes. Default: one for four processors.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            parser=count,
            metavar="N",
            help="How many programs run at once in each process. Default: its share of the processors, and "
            "one more. It replaces VERIFIER_WORKERS.",
        ),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=f"A file that holds the token which callers must send. It replaces {SERVICE_TOKEN}.",
        ),
    ] = None,
    without_token: Annotated[
        bool,
        typer.Option(
            "--without-token",
            help="Let everybody in who can connect, also from other machines.",
        ),
    ] = False,
    max_seconds: Annotated[
        float,
        typer.Option(
            metavar="S",
            min=1,
            max=86_400,
            help="How long a request may take, and how long it does without X-Request-Timeout.",
        ),
    ] = 900,
    max_body_mb: Annotated[
        int, typer.Option(metavar="MB", min=1, max=1024, help="The size of the body of a request.")
    ] = 32,
    max_memory_mb: Annotated[
        int,
        typer.Option(
            metavar="MB",
            min=1,
            max=65_536,
            help="The bodies of all requests of a process together. Beyond that: 429.",
        ),
    ] = 256,
    max_queue: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            max=1_000_000,
            help="The samples that a process accepts before it has answered them. Beyond that: 429.",
        ),
    ] = 8192,
    rubric: RubricOption = None,
    checker: CheckerOption = None,
    shared_process: SharedProcessOption = None,
) -> None:
    """Serve rewards over HTTP: samples in, rows out, as the reward function returns them.

    \b
    Examples:
      verifier serve
      verifier serve --port 8080 --rubric examples/rubric.toml --processes 4
      VERIFIER_SERVE_TOKEN=$(openssl rand -hex 32) verifier serve --host 0.0.0.0
    \b
    Then, in another shell:
      curl -s localhost:8000/score -H 'Content-Type: application/json' -d '[{"id": "s1", "messages":
        [{"role": "assistant", "content": "```python\\nprint(2 * int(input()))\\n```"}],
        "reference_answer": {"inputs": ["4"], "outputs": ["8"]}}]'
      curl -sN localhost:8000/score -H 'Content-Type: application/x-ndjson' --data-binary @samples.jsonl
    \b
    Routes (GET /openapi.json describes all of them, with examples):
      POST /score    a list of samples, {"batch": [...]}, or one sample; returns a list of rows in their
                     order. With ?details=summary or full, each row says why. One sample a line
                     (application/x-ndjson) returns one row a line, as soon as it is known, with its index.
      POST /run_code, /test_program, /test_program_stdio, /slime, /openrlhf, /verify
                     for clients of SandboxFusion, open-instruct, slime and miles, OpenRLHF and NeMo Gym
                     (docs/serve-clients.md)
      GET /health    200: the process lives
      GET /ready     200: the sandboxes are warm, and judge control samples as they should; otherwise 503
      GET /metrics   for Prometheus
    \b
    Headers of a request:
      Authorization: Bearer TOKEN    where the service has a token
      X-Request-Timeout: SECONDS     when the caller stops to wait: nothing runs for it after that
      X-Request-Id: TEXT             appears in the log and in the answer
    \b
    Answers other than 200, as {"error": {"code": ..., "message": ...}}:
      400, 404, 405, 413, 422    the request is wrong, or too large
      401, 403                   the token is missing or wrong; a page of another site sent the request
      408                        the body came too slowly
      429                        the queue is full: send it again after Retry-After
      503, 504                   a sample was not graded through our own fault, or not in time: send the
                                 request again. It is never a reward. (VERIFIER_ON_OUTAGE: none or value
                                 returns a row instead.)

    Standard output has one JSON line for each sample (without its program), and one for each request that
    failed. SIGTERM or Ctrl-C: no new connection is accepted, all requests that were are answered, and the
    command ends. A second one ends it at once. A process that dies is started again; its callers see a
    closed connection.

    TLS is left to a proxy before it. Without a token, it listens on this machine only, and refuses pages
    of other sites; --without-token lifts that for a network that you trust.

    \b
    Exit status:
      0  stopped by a signal; every accepted request was answered
      1  the sandbox cannot start, or requests were lost at the end
      2  an argument, a setting or a file cannot be used
    \b
    Environment variables (docs/settings.md lists all of them):
      VERIFIER_SERVE_TOKEN     the token, of 16 characters or more
      VERIFIER_RUBRIC          the rubric, where --rubric is not given
      VERIFIER_ON_OUTAGE       what a sample gets that we failed to grade: raise, none or value
      VERIFIER_ISOLATION       kernel, interpreter, none, or auto (see verifier doctor)
      VERIFIER_CPU_SECONDS     CPU time for one test case, where the reference has no limits
    """
    token = _read_token(token_file)
    settings = settings_with(rubric, checker, shared_process)

    # Slow to load, and not in every installation.
    from nova_code_verifier.handlers.http_service import server  # noqa: PLC0415
    from nova_code_verifier.handlers.http_service.settings import (  # noqa: PLC0415
        ServiceSettings,
        default_processes,
        guests_bytes_per_process,
        is_loopback,
        workers_per_process,
    )

    processes = processes or default_processes()
    workers = workers or settings.workers
    memory_bytes = settings.limits.memory_bytes
    workers = workers or workers_per_process(processes, guest_bytes=memory_bytes)
    try:
        family, address = server.address_of(host, port)
        is_private = is_loopback(address[0])
        if not (is_private or token or without_token):
            raise SettingsError(
                f"{address[0]} is not loopback: set {SERVICE_TOKEN} or --token-file, or pass "
                "--without-token if everybody who can connect may have programs run here"
            )
        listeners = server.listen(family, address, processes)
    except OSError as error:
        problem = f"cannot listen on {host}, port {port}: {error.strerror or error}"
        raise typer.BadParameter(problem, param_hint="--host, --port") from None

    def report_start() -> None:
        if not (is_private or token):
            print_error(f"WARNING: no token: all who can connect to {address[0]} may run programs")
        shown = f"[{address[0]}]" if ":" in address[0] else address[0]
        print_error(
            f"http://{shown}:{listeners[0].getsockname()[1]}/ (processes: {processes}); "
            "/ready answers 200 when the sandboxes are warm; Ctrl-C ends the service"
        )

    is_clean = server.serve(
        ServiceSettings(
            verifier=settings,
            token=token,
            is_loopback=is_private,
            workers=workers,
            guests_bytes=guests_bytes_per_process(processes),
            body_bytes_max=max_body_mb * _MIB,
            all_bytes_max=max_memory_mb * _MIB,
            queue_samples_max=max_queue,
            seconds_max=max_seconds,
        ),
        listeners,
        on_start=report_start,
    )
    raise typer.Exit(Status.DONE if is_clean else Status.FAILED)


def _read_token(path: Path | None) -> str:
    """Return the token, and remove it from the environment. Raises SettingsError."""
    from nova_code_verifier.sandbox.confinement.kernel import forget_variable  # noqa: PLC0415

    source, token = SERVICE_TOKEN, os.environ.get(SERVICE_TOKEN, "")
    forget_variable(SERVICE_TOKEN)
    if path is not None:
        source = str(path)
        try:
            token = path.read_text(encoding="utf-8")
        except OSError as error:
            raise UnusableFileError(f"cannot read {path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise UnusableFileError(f"{path}: expected a token in UTF-8") from None
    token = token.strip()
    if (path is not None or token) and len(token) < _TOKEN_CHARACTERS_MIN:
        raise SettingsError(
            f"{source}: expected a token of {_TOKEN_CHARACTERS_MIN} characters or more"
        )
    if not (token.isascii() and token.isprintable()):
        raise SettingsError(f"{source}: expected a token of printable ASCII characters")
    return token
