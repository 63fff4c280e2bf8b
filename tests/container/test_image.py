"""The image: its contents, and that its rows are the rows of this machine."""

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
    """Score *samples* in the container, and return the rows."""
    rows = json.loads(container.invoke(json.dumps(samples).encode()).body)
    assert isinstance(rows, list), rows
    return rows


def run_in(client: Any, image: str, program: str) -> str:
    """Run a Python program in the image, and return its output. The function does not start."""
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


def test_docker_check_builds_the_image_and_finds_no_difference(
    engine_address: str, base_image: str
) -> None:
    """In a clone, the command builds the image, and its rows are the rows of this machine."""
    done = docker_check(engine_address, "--base-image", base_image, "--build-network", "host")

    assert done.returncode == 0, done.stdout + done.stderr
    samples = len(_EXAMPLES.read_text().splitlines())
    assert f"{samples} rows, 0 differences; isolation in the image: kernel" in done.stdout


def test_the_image_has_the_same_rows_at_level_interpreter(
    engine_address: str, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lambda's kernel may grant no higher level, and the rows do not change."""
    monkeypatch.setenv("VERIFIER_ISOLATION", "interpreter")

    done = docker_check(engine_address, "--image", image)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 differences; isolation in the image: interpreter" in done.stdout


def test_docker_check_fails_if_a_row_differs(engine_address: str, client: Any, image: str) -> None:
    """An image with another rubric has other rewards: the command names them, with status 1."""
    container = client.containers.create(image)
    changed = container.commit(
        changes='ENV VERIFIER_RUBRIC=\'{"correctness":{"shape":"all_or_nothing"}}\''
    )
    container.remove()
    try:
        done = docker_check(engine_address, "--image", changed.id)
    finally:
        client.images.remove(changed.id, noprune=True)

    assert done.returncode == 1
    assert "reward is" in done.stdout, done.stdout + done.stderr


def test_our_layers_of_the_image_are_small(client: Any, image: str, base_image: str) -> None:
    """All layers above the base image are smaller than 60 MB, and our code than 4.5 MB."""
    base = sum(layer.size_bytes for layer in layers_of(client, base_image))
    layers = layers_of(client, image)
    ours = [layer.size_bytes for layer in layers]

    assert sum(ours) - base < 60 * _MB
    assert ours[0] < 4.5 * _MB, layers[0]


def test_the_image_holds_only_what_a_lambda_runs(client: Any, image: str) -> None:
    """It has our package, compiled, without tests, documents and the command line."""
    program = (
        "import os\n"
        "for at, _, names in os.walk('/var/task'):\n"
        "    for name in names: print(os.path.join(at, name))"
    )

    lines = run_in(client, image, program).splitlines()
    found = [Path(line).relative_to("/var/task") for line in lines]

    assert {path.parts[0] for path in found} == {"nova_code_verifier"}
    others = [path for path in found if path.suffix not in (".py", ".pyc")]
    assert others == [Path("nova_code_verifier/py.typed")]
    assert not [path for path in found if path.is_relative_to("nova_code_verifier/handlers/cli")]
    assert sum(path.suffix == ".py" for path in found) * 2 == len(found) - len(others)


def test_every_user_can_read_our_files(client: Any, image: str) -> None:
    """Lambda's user can run an image that was built from a clone with a restrictive umask."""
    program = (
        "import os\n"
        "for at, _, names in os.walk('/var/task'):\n"
        "    for path in [at, *(os.path.join(at, name) for name in names)]:\n"
        "        mode = os.stat(path).st_mode\n"
        "        if not mode & 0o004 or os.path.isdir(path) and not mode & 0o001:\n"
        "            print(path, oct(mode))"
    )

    assert run_in(client, image, program) == ""


def test_compiled_code_does_not_depend_on_modification_times(client: Any, image: str) -> None:
    """The compiled files are marked as unchecked, so that Python never compares a time."""
    program = (
        "import glob\n"
        "paths = glob.glob('/var/task/**/*.pyc', recursive=True)\n"
        "print({open(path, 'rb').read(8)[4:].hex() for path in paths})"
    )

    assert run_in(client, image, program).strip() == "{'01000000'}"  # PEP 552: unchecked hash


def test_the_image_has_the_packages_of_the_lock(client: Any, image: str) -> None:
    """Each package has the version that `requirements-lambda.lock` pins."""
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


def test_the_scientific_image_grades_tests_that_need_numpy(client: Any, base_image: str) -> None:
    """With the other lock, tests may import the scientific libraries."""
    tests = "import numpy, pandas\n\ndef check(f):\n    assert f(3) == numpy.square(3)\n"
    sample = square_sample(RIGHT) | {"reference_answer": {"test": tests, "entry_point": "square"}}
    image, _ = client.images.build(
        path=str(REPOSITORY),
        dockerfile="Dockerfile.lambda",
        buildargs={"BASE_IMAGE": base_image, "LOCK": "requirements-lambda-scientific.lock"},
        network_mode="host",
        rm=True,
    )
    try:
        with running(client, image.id) as container:
            (row,) = score(container, [sample])
        assert metrics_of(row)["correctness"] == 1.0
    finally:
        client.images.remove(image.id, force=True)


def test_the_image_runs_with_fewer_processes_and_as_any_user(client: Any, image: str) -> None:
    """A user that owns no file gets a reward, with half of the allowed processes."""
    fewer = HARDENED | {"user": "54321:54321", "pids_limit": 128}
    with running(client, image, options=fewer) as container:
        (row,) = score(container, [square_sample(RIGHT)])

    assert (row["aggregate_reward_score"], metrics_of(row)["isolation_level"]) == (1.0, 3.0)
