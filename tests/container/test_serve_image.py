"""The service's image: as `examples/serve/compose.yaml` runs it, and by docker compose itself."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.container.engine import NoEngineError, install
from tests.container.serving import (
    FOLDER,
    REQUEST,
    TOKEN,
    ServiceContainer,
    hardened_options,
    running_service,
)
from tests.e2e.samples import RIGHT, metrics_of, square_sample
from tests.paths import REPOSITORY

_SLOW = "import time\n\ndef square(n):\n    time.sleep(1)\n    return n * n"


@pytest.fixture(scope="module")
def service(
    client: Any, serve_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceContainer]:
    """Start the service once; it is healthy, so its sandboxes have judged control samples."""
    with running_service(client, serve_image, tmp_path_factory.mktemp("service")) as running:
        yield running


def test_the_example_gets_its_reward(service: ServiceContainer) -> None:
    """The request of the documentation is answered at the strongest level of isolation."""
    status, rows = service.call("/score", REQUEST)

    assert (status, [row["aggregate_reward_score"] for row in rows]) == (200, [1.0])
    assert metrics_of(rows[0])["isolation_level"] == 3.0


def test_a_caller_without_the_token_is_refused(service: ServiceContainer) -> None:
    """The token comes from a file, and nothing of it is in the log or the image's settings."""
    status, answer = service.call("/score", REQUEST, token="another token of some length")

    assert (status, answer["error"]["code"]) == (401, "unauthorized")
    assert TOKEN not in service.log()
    assert TOKEN not in json.dumps(service.container.attrs["Config"])


def test_a_trainer_like_slime_gets_its_reward(service: ServiceContainer) -> None:
    """The body of slime's `remote_rm`, answered with a number, as its client expects."""
    program = "```python\nprint(sum(map(int, input().split())))\n```"
    body = {"prompt": "Add.", "response": program, "label": '{"inputs": ["1 2"], "outputs": ["3"]}'}

    assert service.call("/slime", body) == (200, 1.0)
    assert service.call("/slime", body | {"response": "No."}) == (200, 0.0)


def test_a_hostile_candidate_costs_its_own_row(service: ServiceContainer) -> None:
    """Beside a fork bomb, in the same limits of processes and memory, a right program is paid."""
    bomb = "import os\n\ndef square(n):\n    while True:\n        os.fork()"
    samples = [square_sample(bomb, cpu_seconds=1), *[square_sample(RIGHT, sample_id="right")] * 3]

    status, rows = service.call("/score", samples)

    assert (status, [row["aggregate_reward_score"] for row in rows][1:]) == (200, [1.0] * 3)
    assert metrics_of(rows[0])["correctness"] == 0.0


def test_nothing_but_tmp_is_writable_and_there_is_no_way_out(client: Any, serve_image: str) -> None:
    """A program that has left the sandbox has no capability, and is a user without files."""
    program = Path(__file__).with_name("isolation_probe.py").read_text()
    output = client.containers.run(
        serve_image, ["-c", program], entrypoint="python3", remove=True, **hardened_options()
    )

    assert json.loads(output) == {
        "interfaces": ["lo"],
        "capabilities": "0000000000000000",
        "no_new_privileges": "1",
        "seccomp": "2",
        "uid": 10001,
        "writable": ["/tmp"],
        "forks_until_refused": True,
    }


def test_without_a_token_nobody_is_let_in(client: Any, serve_image: str) -> None:
    """The image's own command listens on all interfaces, and refuses to do so for everybody."""
    container = client.containers.create(serve_image, network_mode="none")
    try:
        container.start()
        assert container.wait()["StatusCode"] == 2
        assert "--token-file" in container.logs().decode()
    finally:
        container.remove(force=True)


def test_all_packages_are_compiled_and_of_the_lock(client: Any, serve_image: str) -> None:
    """Nothing is installed but what the lock pins; no zygote has to compile what it imports."""
    lock = (REPOSITORY / "requirements-serve.lock").read_text()
    pinned = {line.split("==")[0] for line in lock.splitlines() if line[:1].isalpha()}
    program = (
        "import importlib.metadata as metadata, importlib.util as util, json, os, pathlib\n"
        "names = sorted(one.name.lower().replace('_', '-') for one in metadata.distributions())\n"
        "root = pathlib.Path(os.__file__).parent\n"
        "files = [*root.glob('asyncio/*.py'), *root.rglob('nova_code_verifier/**/*.py')]\n"
        "print(json.dumps([names, [str(path) for path in files\n"
        "    if not os.path.exists(util.cache_from_source(str(path)))]]))"
    )
    output = client.containers.run(
        serve_image, ["-c", program], entrypoint="python3", remove=True, network_mode="none"
    )

    names, uncompiled = json.loads(output)
    # colorama is for Windows; pip comes with the base image.
    assert {*names} - {"pip"} == pinned - {"colorama"} | {"nova-code-verifier"}
    assert uncompiled == []


def test_an_accepted_request_is_answered_before_the_container_ends(
    client: Any, serve_image: str, tmp_path: Path
) -> None:
    """`docker stop` in the middle of a request: the caller gets its row, and the status is 0."""
    with (
        running_service(client, serve_image, tmp_path) as service,
        ThreadPoolExecutor(1) as threads,
    ):
        waiting = threads.submit(service.call, "/score", [square_sample(_SLOW)])
        while "verifier_queue_samples 1.0" not in _metrics(service):
            time.sleep(0.05)
        status = service.stop()

        answer, rows = waiting.result()
        assert (answer, rows[0]["aggregate_reward_score"]) == (200, 1.0)
        assert status == 0


def _metrics(service: ServiceContainer) -> str:
    program = (
        "import sys, urllib.request as r; print(r.urlopen(r.Request("
        "'http://127.0.0.1:8000/metrics', headers={'Authorization': 'Bearer ' + sys.argv[1]})"
        ").read().decode())"
    )
    return str(service.container.exec_run(["python3", "-c", program, TOKEN]).output.decode())


# -- docker compose --------------------------------------------------------------------


@pytest.fixture
def compose(engine_address: str, serve_image: str, tmp_path: Path) -> Iterator[list[str]]:
    """Return a command that runs the example by docker compose, without a network."""
    shutil.copy(FOLDER / "compose.yaml", tmp_path)
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o644)
    changes = {"image": serve_image, "network_mode": "none"}
    (tmp_path / "override.yaml").write_text(json.dumps({"services": {"verifier": changes}}))
    files = ["-f", str(tmp_path / "compose.yaml"), "-f", str(tmp_path / "override.yaml")]
    command = [*_compose_program(), "--project-name", "verifier-tests", *files]
    yield command
    subprocess.run(
        [*command, "down"],
        env=os.environ | {"DOCKER_HOST": engine_address},
        check=True,
        capture_output=True,
    )


def _compose_program() -> list[str]:
    has_plugin = (
        shutil.which("docker")
        and not subprocess.run(
            ["docker", "compose", "version"], capture_output=True, check=False
        ).returncode
    )
    if has_plugin:
        return ["docker", "compose"]
    try:
        install("docker-compose", "docker-compose")
    except NoEngineError as error:
        pytest.skip(str(error))
    return ["docker-compose"]


def test_compose_runs_the_service(client: Any, engine_address: str, compose: list[str]) -> None:
    """`up` starts a healthy service that knows the token of the secret; `stop` ends it cleanly."""

    def run(*arguments: str) -> None:
        subprocess.run(
            [*compose, *arguments],
            env=os.environ | {"DOCKER_HOST": engine_address},
            check=True,
            capture_output=True,
        )

    run("up", "--detach", "--no-build")
    [container] = client.containers.list(filters={"label": "com.docker.compose.service=verifier"})
    service = ServiceContainer(client, container)
    service.wait_until_healthy()
    status, rows = service.call("/score", REQUEST)
    run("stop")

    assert (status, rows[0]["aggregate_reward_score"]) == (200, 1.0)
    assert container.wait()["StatusCode"] == 0
    config = container.attrs["HostConfig"]
    assert (config["ReadonlyRootfs"], config["CapDrop"]) == (True, ["ALL"])


def test_the_documentation_has_the_flags_of_the_example() -> None:
    """`docker run` in the documentation hardens the container as `compose.yaml` does."""
    text = (REPOSITORY / "docs" / "serve-container.md").read_text()
    options = hardened_options()
    (mount, how), *_ = options["tmpfs"].items()
    flags = [
        "--read-only",
        f"--tmpfs {mount}:{how}",
        "--cap-drop ALL",
        "--security-opt no-new-privileges",
        f"--ipc {options['ipc_mode']}",
        f"--pids-limit {options['pids_limit']}",
        f"--memory {options['mem_limit']}",
        f"--memory-swap {options['memswap_limit']}",
        *(f"--env {name}={value}" for name, value in options["environment"].items()),
    ]

    assert [flag for flag in flags if flag not in text] == []
