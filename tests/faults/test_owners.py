"""The processes of others that own sandboxes: that of a trainer, and a Lambda function."""

import os
import signal
from pathlib import Path

import pytest

from nova_code_verifier.sandbox.host.directory import remove_leftovers
from tests.processes import processes_in, start_python, wait_until

TRAINER = """
import sys
from nova_code_verifier.adapters.core import Rollout, grade_many
for line in sys.stdin:
    completion = f"```python\\nprint({line.strip()})\\n```"
    [grade] = grade_many([Rollout(completion, {"inputs": ["1"], "outputs": ["3"]})])
    print(grade.reward, grade.problem, flush=True)
"""
FUNCTION = """
import time
from nova_code_verifier.handlers import executor
print(executor.EXECUTOR.level, flush=True)
time.sleep(600)
"""


def owner_in(temporary: Path) -> int:
    """Return the process that started the zygotes in a directory."""
    (zygote, *_) = processes_in(temporary)
    return int(Path(f"/proc/{zygote}/stat").read_text().rpartition(")")[2].split()[1])


def test_what_a_killed_owner_leaves_is_removed_by_the_next(temporary: Path) -> None:
    """The next call of the same trainer starts it, and gets its grade. SIGTERM leaves nothing."""
    trainer = start_python(TRAINER, temporary)
    assert trainer.stdin
    assert trainer.stdout

    print(3, file=trainer.stdin, flush=True)
    assert trainer.stdout.readline() == "1.0 \n"
    killed = set(temporary.glob("verifier-guests-*"))
    os.kill(owner_in(temporary), signal.SIGKILL)
    print(4, file=trainer.stdin, flush=True)
    assert trainer.stdout.readline() == "0.2 \n"
    left = set(temporary.glob("verifier-guests-*"))
    os.kill(owner_in(temporary), signal.SIGTERM)
    trainer.communicate()

    assert killed
    assert not killed & left
    wait_until(lambda: not processes_in(temporary))
    wait_until(lambda: not list(temporary.glob("verifier-guests-*")))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_function_that_is_stopped_leaves_no_process(
    temporary: Path, number: signal.Signals
) -> None:
    """Its directories are left to the next start."""
    function = start_python(FUNCTION, temporary)
    assert function.stdout
    try:
        assert function.stdout.readline() in ("kernel\n", "interpreter\n")
    finally:
        function.send_signal(number)
        function.communicate()

    wait_until(lambda: not processes_in(temporary))
    remove_leftovers()
    assert not list(temporary.iterdir())
