"""Build the Lambda image, and list its layers.

In: a container engine (the `docker` SDK finds it by `DOCKER_HOST`), a clone of the repository. Out:
the id of the image, its layers.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import BuildError, DockerException

from nova_code_verifier.sandbox.errors import SandboxError

DOCKERFILE = "Dockerfile.lambda"
TAG = "nova-code-verifier:built-here"
_ENGINE_SECONDS = 900
_LOG_LINES_SHOWN = 8


class ContainerError(SandboxError):
    """The engine, the image or the container does not work as expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A build of the image: from the repository in `context`, on `base_image` (default: Lambda's).

    `network` is the engine's network for downloading packages; None is the engine's default.
    """

    context: Path
    base_image: str | None = None
    network: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer of an image: the command that created it, and the size of its files."""

    command: str
    size_bytes: int


@contextmanager
def docker_errors(action: str) -> Iterator[None]:
    """Raise ContainerError, which names *action*, in place of the SDK's errors.

    For a failed build, the error ends with the last lines of its log.
    """
    try:
        yield
    except BuildError as error:
        lines = "".join(
            str(part.get("stream") or part.get("error", "")) for part in error.build_log
        )
        shown = "\n".join(lines.strip().splitlines()[-_LOG_LINES_SHOWN:])
        raise ContainerError(f"{action}: {error.msg}\n{shown}") from error
    except DockerException as error:
        raise ContainerError(f"{action}: {error}") from error


@contextmanager
def engine() -> Iterator[Any]:
    """Yield a client of the container engine. Raises ContainerError if none answers."""
    try:
        client = docker.from_env(timeout=_ENGINE_SECONDS)
        client.ping()
    except DockerException as error:
        raise ContainerError(
            f"no container engine answers: start Docker, or set DOCKER_HOST ({error})"
        ) from error
    with closing(client):
        yield client


def build_image(client: Any, build: Build) -> str:  # noqa: ANN401  (the SDK has no types)
    """Build the image, tag it, and return its id. Raises ContainerError."""
    context = build.context
    if not (context / DOCKERFILE).is_file():
        raise ContainerError(f"{context}: has no {DOCKERFILE}; pass a clone of the repository")
    with docker_errors("the image could not be built"):
        image, _ = client.images.build(
            path=str(context),
            dockerfile=DOCKERFILE,
            buildargs={"BASE_IMAGE": build.base_image} if build.base_image else {},
            network_mode=build.network,
            tag=TAG,
            rm=True,
            forcerm=True,
        )
    return str(image.id)


def layers_of(client: Any, image: str) -> tuple[Layer, ...]:  # noqa: ANN401
    """Return the layers of *image* that contain files, the last one first.

    Raises ContainerError.
    """
    with docker_errors(image):
        history = client.images.get(image).history()
    found = [Layer(command=step["CreatedBy"], size_bytes=step["Size"]) for step in history]
    return tuple(layer for layer in found if layer.size_bytes)
