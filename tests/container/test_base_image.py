"""`make base-image`, against a registry on this machine."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nova_code_verifier.handlers.containers.base_image import pin
from tests.paths import REPOSITORY

_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
_MANIFESTS = [
    {
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "size": 1,
        "digest": f"sha256:{number:064x}",
        "platform": {"os": "linux", "architecture": architecture},
    }
    for number, architecture in enumerate(["amd64", "arm64"])
]
_BODY = json.dumps({"schemaVersion": 2, "mediaType": _LIST, "manifests": _MANIFESTS}).encode()
DIGEST = "sha256:" + hashlib.sha256(_BODY).hexdigest()


class _Registry(BaseHTTPRequestHandler):
    """The part of a registry's interface that an engine needs to find a digest."""

    def do_GET(self) -> None:
        """Answer with the list of one image's manifests."""
        is_image = self.path in ("/v2/", "/v2/base/manifests/3.13", f"/v2/base/manifests/{DIGEST}")
        self.send_response(200 if is_image else 404)
        self.send_header("Content-Type", _LIST)
        self.send_header("Docker-Content-Digest", DIGEST)
        self.send_header("Content-Length", str(len(_BODY)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(_BODY)

    do_HEAD = do_GET  # noqa: N815  (the server looks for this name)

    def log_message(self, *_: object) -> None:
        """Write no log."""


@pytest.fixture
def registry() -> Iterator[str]:
    """Serve a registry on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Registry) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"localhost:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_digest_of_all_architectures_is_pinned(
    engine_address: str, registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine's registry says which it is; to pin again changes nothing else in the file."""
    monkeypatch.setenv("DOCKER_HOST", engine_address)
    text = (REPOSITORY / "Dockerfile.lambda").read_text(encoding="utf-8")
    ours = text.replace(
        "BASE_IMAGE=public.ecr.aws/lambda/python:3.13\n", f"BASE_IMAGE={registry}/base:3.13\n"
    )
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(ours, encoding="utf-8")

    pinned = f"{registry}/base:3.13@{DIGEST}"
    assert pin(dockerfile) == pin(dockerfile) == pinned
    assert dockerfile.read_text(encoding="utf-8") == ours.replace(f"{registry}/base:3.13", pinned)


def test_a_file_without_a_base_image_is_refused(tmp_path: Path) -> None:
    """Nothing is written into a file of another kind."""
    other = tmp_path / "Dockerfile"
    other.write_text("FROM scratch\n", encoding="utf-8")

    with pytest.raises(ValueError, match="ARG BASE_IMAGE"):
        pin(other)
