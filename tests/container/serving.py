"""Run the service's image as `examples/serve/compose.yaml` does, and call it.

In: a client of the engine, the image. Out: answers. The container has no network, so that no test
opens a way from candidates to this machine: callers run in containers that share its loopback.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.paths import REPOSITORY

FOLDER = REPOSITORY / "examples" / "serve"
TOKEN = "0123456789abcdef0123456789abcdef"
REQUEST = json.loads((FOLDER / "request.json").read_text())
_START_SECONDS = 90.0
_CALLER = """
import json, sys, urllib.error, urllib.request
path, headers, body = map(json.loads, sys.argv[1:])
data = None if body is None else json.dumps(body).encode()
request = urllib.request.Request("http://127.0.0.1:8000" + path, data, headers)
try:
    with urllib.request.urlopen(request, timeout=60) as response:
        print(json.dumps([response.status, response.read().decode()]))
except urllib.error.HTTPError as error:
    print(json.dumps([error.code, error.read().decode()]))
"""


def hardened_options() -> dict[str, Any]:
    """Return the hardening of `compose.yaml`, as options of the SDK."""
    service = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]["verifier"]
    names = ("read_only", "cap_drop", "security_opt", "pids_limit", "mem_limit", "memswap_limit")
    return {name: service[name] for name in (*names, "environment")} | {
        "ipc_mode": service["ipc"],
        "network_mode": "none",
        "tmpfs": dict(text.split(":", 1) for text in service["tmpfs"]),
    }


class ServiceContainer:
    """A running container of the service."""

    def __init__(self, client: Any, container: Any) -> None:
        """Wrap a *container* of the SDK."""
        self.container = container
        self._client = client

    def wait_until_healthy(self) -> None:
        """Wait for the image's own health check. Raises TimeoutError, with the end of the log."""
        deadline = time.monotonic() + _START_SECONDS
        while True:
            self.container.reload()
            state = self.container.attrs["State"]
            if state["Health"]["Status"] == "healthy":
                return
            if state["Status"] == "exited" or time.monotonic() > deadline:
                raise TimeoutError(self.log()[-2000:])
            time.sleep(0.1)

    def call(self, path: str, body: object = None, *, token: str = TOKEN) -> tuple[int, Any]:
        """Call the service from another container; return the status and the parsed answer."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        output = self._client.containers.run(
            self.container.image.id,
            ["-c", _CALLER, json.dumps(path), json.dumps(headers), json.dumps(body)],
            entrypoint="python3",
            network_mode=f"container:{self.container.id}",
            remove=True,
        )
        status, text = json.loads(output)
        return status, json.loads(text)

    def stop(self) -> int:
        """Stop the container as `docker stop` does, and return its exit status."""
        self.container.stop(timeout=60)
        return int(self.container.wait()["StatusCode"])

    def log(self) -> str:
        """Return what the service wrote."""
        return str(self.container.logs().decode())


@contextmanager
def running_service(client: Any, image: str, directory: Path) -> Iterator[ServiceContainer]:
    """Run *image*, hardened, with a token in a file in *directory*; yield it when it is healthy."""
    token = directory / "token"
    token.write_text(f"{TOKEN}\n")
    token.chmod(0o644)
    container = client.containers.create(
        image,
        ["--token-file", "/run/secrets/token"],
        volumes={str(token): {"bind": "/run/secrets/token", "mode": "ro"}},
        healthcheck={"interval": 10**9},  # as in the image, but each second
        **hardened_options(),
    )
    try:
        container.start()
        service = ServiceContainer(client, container)
        service.wait_until_healthy()
        yield service
    finally:
        container.remove(force=True, v=True)
