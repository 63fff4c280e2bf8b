"""`verifier docker-check`: its options and its help."""

from pathlib import Path
from typing import Annotated

import typer

from nova_code_verifier.handlers.cli.exit_status import Status
from nova_code_verifier.handlers.cli.options import SamplesArgument
from nova_code_verifier.handlers.settings import read_settings


def docker_check(
    *,
    source: SamplesArgument,
    image: Annotated[
        str | None, typer.Option(metavar="TAG", help="Check this image; do not build one.")
    ] = None,
    context: Annotated[
        Path,
        typer.Option(metavar="DIR", help="The clone of the repository that the image is built of."),
    ] = Path(),
    base_image: Annotated[
        str | None,
        typer.Option(metavar="TAG", help="The base image of the build. Default: Lambda's own."),
    ] = None,
    build_network: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The engine's network through which the build loads packages."
        ),
    ] = None,
) -> None:
    """Build the Lambda's image, score a file in it and on this machine, and compare the rows.

    The image runs in a container without network and without capabilities, as an unprivileged user, on
    a read-only root, with limits on memory and processes. This command needs a container engine and its
    SDK: pip install 'nova-code-verifier[docker]'.

    \b
    The output:
      image ...              the id or tag of the image
      12.3 MB  RUN ...       the size of each layer, and the command that made it
      s1: reward is 0.5 ...  one line per difference: the id, the field and both values
      31 rows, 0 differences; isolation in the image: kernel
    \b
    Examples, in a clone of the repository:
      verifier docker-check examples/completions.jsonl
      verifier docker-check samples.jsonl --image nova-code-verifier:latest
    \b
    Exit status:
      0  all rows are equal, except for durations
      1  rows differ, or the engine, the image or the sandbox fails
      2  an argument, a setting or a file cannot be used
    \b
    Environment variables:
      DOCKER_HOST      the address of the container engine, if it is not the default one
      VERIFIER_RUBRIC  the rubric, as JSON text: the container cannot read a file of this machine
    The other VERIFIER_ settings also apply on this machine and in the image, except those of the
    judge and of the executor function: the container has no network.
    """
    from nova_code_verifier.handlers.cli.docker_check.comparison import check  # noqa: PLC0415
    from nova_code_verifier.handlers.containers.image import Build  # noqa: PLC0415
    from nova_code_verifier.handlers.executors import start_local  # noqa: PLC0415

    settings = read_settings()
    build = Build(context=context, base_image=base_image, network=build_network)
    with start_local(settings) as executor:
        is_same = check(source, image or build, executor, settings, on_line=typer.echo)
    raise typer.Exit(Status.DONE if is_same else Status.FAILED)
