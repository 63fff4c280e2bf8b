"""Candidates that attack the container.

One event has all of them, each between two right samples. An attack may cost its own row, and no
other.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.cli.docker_check.comparison import rows_in
from nova_code_verifier.handlers.containers.container import HARDENED, running
from nova_code_verifier.handlers.containers.image import ContainerError
from tests.e2e.samples import RIGHT, metrics_of, square_sample

ATTACKS = {
    "forks": "import os\n\ndef square(n):\n    while True:\n        os.fork()",
    "threads": """\
import threading, time

def square(n):
    kept = []
    while True:
        kept.append(threading.Thread(target=time.sleep, args=(60,), daemon=True))
        kept[-1].start()
""",
    "memory": """\
def square(n):
    kept = []
    while True:
        kept.append(bytearray(2**24))
""",
    "disk": """\
def square(n):
    for number in range(10**6):
        with open(f"{number}", "wb") as file:
            file.write(bytes(2**20))
""",
    "output": "def square(n):\n    while True:\n        print('x' * 2**20)",
    "network": """\
import socket

def square(n):
    socket.create_connection(("127.0.0.1", 9001), 5)
    return n * n
""",
    "root directory": """\
def square(n):
    open("/var/task/nova_code_verifier/handlers/reward.py", "w").write("")
    return n * n
""",
    "processes": """\
import os, signal

def square(n):
    os.kill(-1, signal.SIGKILL)
    return n * n
""",
}


@pytest.mark.parametrize("level", ["kernel", "interpreter"])
def test_an_attack_costs_only_its_own_row(
    client: Any, image: str, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At either level the attacks have correctness 0, and the right samples have correctness 1."""
    monkeypatch.setenv("VERIFIER_ISOLATION", level)
    samples = [square_sample(RIGHT, sample_id="first")]
    for name, program in ATTACKS.items():
        samples.append(square_sample(program, sample_id=name, cpu_seconds=2, wall_seconds=4))
        samples.append(square_sample(RIGHT, sample_id=f"after {name}"))

    with running(client, image) as container:
        rows = json.loads(container.invoke(json.dumps(samples).encode()).body)
        again = json.loads(container.invoke(json.dumps(samples[:1]).encode()).body)

    correctness = {row["id"]: metrics_of(row)["correctness"] for row in [*rows, *again]}
    assert correctness == {name: float(name not in ATTACKS) for name in correctness}
    assert [row["id"] for row in rows] == [sample["id"] for sample in samples]


def test_a_program_outside_the_sandbox_has_no_privileges(client: Any, image: str) -> None:
    """In the container it has no network and no capability, and can write to `/tmp` only."""
    program = Path(__file__).with_name("isolation_probe.py").read_text()
    output = client.containers.run(
        image, ["-c", program], entrypoint="python3", remove=True, **HARDENED
    )

    assert json.loads(output) == {
        "interfaces": ["lo"],
        "capabilities": "0000000000000000",
        "no_new_privileges": "1",
        "seccomp": "2",
        "uid": 993,
        "writable": ["/tmp"],
        "forks_until_refused": True,
    }


def test_a_function_without_memory_is_an_error(client: Any, image: str) -> None:
    """It answers without rows, and no sample gets a reward."""
    starved = HARDENED | {"mem_limit": 32 * 2**20, "memswap_limit": 32 * 2**20}

    with running(client, image, options=starved) as container, pytest.raises(ContainerError):
        rows_in(container.invoke(json.dumps([square_sample(RIGHT)]).encode()))


def test_a_container_that_ended_is_an_error(client: Any, image: str) -> None:
    """A caller that waits for its answer gets an error."""
    with running(client, image) as container:
        container._container.kill()

        with pytest.raises(ContainerError, match="the container"):
            container.invoke(b"[]")
