"""Candidates that would rather have the container than the reward.

Every one of them is sent between two honest samples, in one event: it may cost its own row,
and no one else's.
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
def test_an_attack_costs_its_own_row_only(
    client: Any, image: str, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neighbours of every attack get full marks, the attacker none, at either level."""
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


def test_the_container_is_as_closed_as_it_is_meant_to_be(client: Any, image: str) -> None:
    """Whoever got out of the sandbox has no network, no capability, and nothing to write to."""
    program = Path(__file__).with_name("prisoner.py").read_text()
    output = client.containers.run(
        image, ["-c", program], entrypoint="python3", remove=True, **HARDENED
    )

    assert json.loads(output) == {
        "interfaces": ["lo"],
        "capabilities": "0000000000000000",
        "no_new_privileges": "1",
        "seccomp": "2",
        "uid": 993,
        "written": ["/tmp"],
        "forks_until_refused": True,
    }


def test_a_function_that_dies_is_an_outage_and_no_reward(client: Any, image: str) -> None:
    """A container without memory for the function answers with an error, never with rows."""
    starved = HARDENED | {"mem_limit": 32 * 2**20, "memswap_limit": 32 * 2**20}

    with running(client, image, options=starved) as container, pytest.raises(ContainerError):
        rows_in(container.invoke(json.dumps([square_sample(RIGHT)]).encode()))


def test_a_container_that_has_gone_is_told(client: Any, image: str) -> None:
    """When the container ends, whoever waits for an answer hears of it."""
    with running(client, image) as container:
        container._container.kill()

        with pytest.raises(ContainerError, match="the container"):
            container.invoke(b"[]")
