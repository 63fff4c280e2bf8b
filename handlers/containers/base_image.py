"""Pin the base image of a Dockerfile to the digest that it has in its registry today.

In: a Dockerfile whose first `ARG BASE_IMAGE=` names an image, with or without a digest. Out: the
same file, with the digest. `make base-image` runs this.
"""

import re
import sys
from contextlib import closing
from pathlib import Path

import docker
from docker.errors import DockerException

_DEFAULT = re.compile(r"^(ARG BASE_IMAGE=)([^\s@]+)(?:@sha256:[0-9a-f]{64})?$", re.MULTILINE)


def pin(dockerfile: Path) -> str:
    """Write the digest into *dockerfile*, and return the name of the image with it.

    Raises ValueError if the file names no base image, and DockerException if no engine or no
    registry answers.
    """
    text = dockerfile.read_text(encoding="utf-8")
    default = _DEFAULT.search(text)
    if default is None:
        raise ValueError(f"{dockerfile}: expected a line ARG BASE_IMAGE=NAME:TAG")
    with closing(docker.from_env()) as engine:
        # Of the list of all architectures, so that arm64 is pinned as well.
        digest = engine.images.get_registry_data(default[2]).id
    pinned = f"{default[2]}@{digest}"
    dockerfile.write_text(_DEFAULT.sub(rf"\g<1>{pinned}", text, count=1), encoding="utf-8")
    return pinned


if __name__ == "__main__":
    try:
        print(pin(Path(sys.argv[1])))  # noqa: T201  (its only output)
    except (DockerException, ValueError) as error:
        sys.exit(f"the base image was not pinned: {error}")
