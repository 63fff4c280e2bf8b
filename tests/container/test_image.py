"""What is in the image, and that it says what this machine says."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.containers.container import HARDENED, Container, running
from nova_code_verifier.handlers.containers.image import layers_of
from tests.e2e.samples import RIGHT, metrics_of, square_sample
from tests.paths import REPOSITORY

_MB = 1e6
_EXAMPLES = REPOSITORY / "examples" / "completions.jsonl"


def score(container: Container, samples: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the function's rows."""
    rows = json.loads(container.invoke(json.dumps(samples).encode()).body)
    assert isinstance(rows, list), rows
    return rows


def run_in(client: Any, image: str, program: str) -> str:
    """Run a Python program in the image instead of the function, and return what it prints."""
    output = client.containers.run(
        image,
        ["-c", program],
        entrypoint="python3",
        network_mode="none",
        read_only=True,
        remove=True,
    )
    return str(output.decode())


def docker_check(engine_address: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `verifier docker-check` on the examples."""
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "nova_code_verifier.handlers.cli",
            "docker-check",
            str(_EXAMPLES),
            *options,
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        env=os.environ | {"DOCKER_HOST": engine_address, "PYTHONPATH": str(REPOSITORY)},
    )


def test_the_command_builds_the_image_and_finds_no_difference(
    engine_address: str, base_image: str
) -> None:
    """From a clone, one command builds the image and gets this machine's rows from it."""
    done = docker_check(engine_address, "--base-image", base_image, "--build-network", "host")

    assert done.returncode == 0, done.stdout + done.stderr
    samples = len(_EXAMPLES.read_text().splitlines())
    assert f"{samples} rows, 0 differences; isolation in the image: kernel" in done.stdout


def test_the_image_agrees_without_a_wall_of_the_kernels(
    engine_address: str, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At level `interpreter`, as where Lambda's kernel grants no more, the rows are the same."""
    monkeypatch.setenv("VERIFIER_ISOLATION", "interpreter")

    done = docker_check(engine_address, "--image", image)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 differences; isolation in the image: interpreter" in done.stdout


def test_a_difference_is_told_and_fails(engine_address: str, client: Any, image: str) -> None:
    """An image that grades otherwise is found out, with sample, metric and both values."""
    worker = client.containers.create(image)
    otherwise = worker.commit(
        changes='ENV VERIFIER_RUBRIC=\'{"correctness":{"shape":"all_or_nothing"}}\''
    )
    worker.remove()
    try:
        done = docker_check(engine_address, "--image", otherwise.id)
    finally:
        client.images.remove(otherwise.id, noprune=True)

    assert done.returncode == 1
    assert "reward is" in done.stdout, done.stdout + done.stderr


def test_what_is_ours_in_the_image_is_small(client: Any, image: str, base_image: str) -> None:
    """All layers above the base image take less than 60 MB together, the code less than 2."""
    base = sum(layer.size_bytes for layer in layers_of(client, base_image))
    layers = layers_of(client, image)
    ours = [layer.size_bytes for layer in layers]

    assert sum(ours) - base < 60 * _MB
    assert ours[0] < 2 * _MB, layers[0]


def test_the_image_holds_what_a_lambda_runs_and_no_more(client: Any, image: str) -> None:
    """No tests, no documents, no command line: our three packages alone, all compiled."""
    program = (
        "import os\n"
        "for at, _, names in os.walk('/var/task'):\n"
        "    for name in names: print(os.path.join(at, name))"
    )

    lines = run_in(client, image, program).splitlines()
    found = [Path(line).relative_to("/var/task") for line in lines]

    assert {path.parts[0] for path in found} == {"nova_code_verifier"}
    assert {path.suffix for path in found} == {".py", ".pyc"}
    assert not [path for path in found if path.is_relative_to("nova_code_verifier/handlers/cli")]
    assert sum(path.suffix == ".py" for path in found) * 2 == len(found)


def test_every_file_of_ours_can_be_read_by_anybody(client: Any, image: str) -> None:
    """A clone made under a restrictive umask gives an image that Lambda's user can run."""
    program = (
        "import os\n"
        "for at, _, names in os.walk('/var/task'):\n"
        "    for path in [at, *(os.path.join(at, name) for name in names)]:\n"
        "        mode = os.stat(path).st_mode\n"
        "        if not mode & 0o004 or os.path.isdir(path) and not mode & 0o001:\n"
        "            print(path, oct(mode))"
    )

    assert run_in(client, image, program) == ""


def test_compiled_code_is_used_whenever_a_source_was_written(client: Any, image: str) -> None:
    """The compiled files are right by themselves: no time of a source's is asked for."""
    program = (
        "import glob\n"
        "paths = glob.glob('/var/task/**/*.pyc', recursive=True)\n"
        "print({open(path, 'rb').read(8)[4:].hex() for path in paths})"
    )

    assert run_in(client, image, program).strip() == "{'01000000'}"  # PEP 552: unchecked hash


def test_packages_are_those_of_the_lock(client: Any, image: str) -> None:
    """What pip installed is what `requirements-lambda.lock` pins, to the last one."""
    lock = (REPOSITORY / "requirements-lambda.lock").read_text()
    pinned = dict(
        line.split(" ", 1)[0].split("==") for line in lock.splitlines() if line[:1].isalpha()
    )
    program = (
        "from importlib import metadata\n"
        "for one in metadata.distributions():\n"
        "    print(one.name.lower().replace('_', '-'), one.version)"
    )

    installed = dict(line.split() for line in run_in(client, image, program).splitlines())

    assert {name: installed.get(name) for name in pinned} == pinned
    assert not installed.keys() & {"typer", "rich"}


def test_it_runs_with_half_the_processes_and_as_any_user(client: Any, image: str) -> None:
    """Nothing in the image depends on its own user: another that owns nothing does as well."""
    fewer = HARDENED | {"user": "54321:54321", "pids_limit": 128}
    with running(client, image, options=fewer) as container:
        (row,) = score(container, [square_sample(RIGHT)])

    assert (row["aggregate_reward_score"], metrics_of(row)["isolation_level"]) == (1.0, 3.0)
