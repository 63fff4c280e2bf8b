"""Building the image and listing its layers. tests/container/test_image.py uses a real engine."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nova_code_verifier.handlers.containers.image import (
    Build,
    ContainerError,
    Layer,
    build_image,
    layers_of,
)


def test_a_folder_without_a_dockerfile_is_refused(tmp_path: Path) -> None:
    """The error names the folder and the file, before the engine is called."""
    with pytest.raises(ContainerError, match=rf"^{tmp_path}: has no Dockerfile\.lambda"):
        build_image(client=None, build=Build(context=tmp_path))


def test_layers_without_files_are_left_out() -> None:
    """Only layers that have a size are returned, in the order of the engine."""
    history = [
        {"CreatedBy": "COPY b", "Size": 7},
        {"CreatedBy": "CMD c", "Size": 0},
        {"CreatedBy": "COPY a", "Size": 5},
    ]
    image = SimpleNamespace(history=lambda: history)
    client: Any = SimpleNamespace(images=SimpleNamespace(get=lambda _: image))

    assert layers_of(client, "image") == (
        Layer(command="COPY b", size_bytes=7),
        Layer(command="COPY a", size_bytes=5),
    )
