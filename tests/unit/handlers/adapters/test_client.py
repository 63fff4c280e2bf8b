"""The client: many callers, many processes, and an owner that is lost."""

import asyncio
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.adapters.core import Grader, Rollout

COUNT = 128


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    """Return a grader with an owner that no other tests use."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VERIFIER_CONTROL_SAMPLES", str(10_000 + os.getpid()))
        grader = Grader()
    yield grader
    grader.close()


def owner_of(grader: Grader) -> int:
    """Return the process id of the owner of a grader's sandboxes."""
    link = grader._client._link
    assert link
    assert link._peer
    peer = link._peer._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(peer[:4], sys.byteorder)


def rollout(number: int) -> Rollout:
    """Return a program that no other call has; the even ones are right."""
    program = f"print({number} + int(input()))"
    expected = number + 1 if number % 2 == 0 else "nothing"
    return Rollout(f"```python\n{program}\n```", {"inputs": ["1"], "outputs": [str(expected)]})


def is_right(grader: Grader, numbers: range) -> list[bool]:
    """Grade one call for each number, and return which programs passed."""
    return [grader.grade_many([rollout(n)])[0].metrics["tests_passed"] == 1.0 for n in numbers]


def resources(pid: int) -> tuple[int, int]:
    """Return how many threads and descriptors a process has when it rests: the least of a while."""
    found = []
    for _ in range(20):
        task, fd = (len(list(Path(f"/proc/{pid}/{name}").iterdir())) for name in ("task", "fd"))
        found.append((task, fd))
        time.sleep(0.05)
    return min(found)


def test_concurrent_callers_get_their_own_grades_and_leave_nothing(grader: Grader) -> None:
    """128 tasks at a time: no grade is lost or mixed up, and nothing is left in either process."""

    async def call(number: int) -> bool:
        [grade] = await grader.grade_many_async([rollout(number)])
        return grade.metrics["tests_passed"] == 1.0

    async def run(start: int) -> list[bool]:
        return await asyncio.gather(*map(call, range(start, start + COUNT)))

    found, counted = [], []
    for start in (0, COUNT, 2 * COUNT):
        found += asyncio.run(run(start))  # each time in a new event loop
        counted.append((resources(os.getpid()), resources(owner_of(grader))))

    assert found == [number % 2 == 0 for number in range(3 * COUNT)]
    assert counted[1] == counted[2]


def test_threads_get_their_own_grades(grader: Grader) -> None:
    """Eight threads that call again and again share the connection."""
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: is_right(grader, range(n, n + 4)), range(1000, 1064, 4)))

    assert found == [[True, False, True, False]] * 16


def _in_child(grader: Grader, start: int, found: "multiprocessing.Queue[list[bool]]") -> None:
    found.put(is_right(grader, range(start, start + 3)))


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_child_processes_share_the_sandboxes(grader: Grader, method: str) -> None:
    """A child may be forked while its parent's calls are under way: both get their grades."""
    context: Any = multiprocessing.get_context(method)
    found = context.Queue()
    is_right(grader, range(2000, 2001))
    owner = owner_of(grader)
    calls = threading.Thread(target=is_right, args=(grader, range(2100, 2120)))
    calls.start()
    children = [
        context.Process(target=_in_child, args=(grader, start, found)) for start in (2200, 2300)
    ]
    for child in children:
        child.start()
    results = [found.get(timeout=60) for _ in children]
    for child in children:
        child.join()
    calls.join()

    assert results == [[True, False, True]] * 2
    assert [child.exitcode for child in children] == [0, 0]
    assert owner_of(grader) == owner


def test_a_lost_owner_is_replaced(grader: Grader) -> None:
    """What waits when the owner is killed is graded by another one."""
    is_right(grader, range(3000, 3001))
    sleeper = Rollout(
        "```python\nimport time\ntime.sleep(1)\nprint(input())\n```",
        {"inputs": ["1"], "outputs": ["1"]},
    )
    with ThreadPoolExecutor(1) as pool:
        graded = pool.submit(grader.grade_many, [sleeper])
        time.sleep(0.2)
        os.kill(owner_of(grader), signal.SIGKILL)
        [grade] = graded.result()

    assert grade.reward == 1.0


def test_a_directory_that_others_can_enter_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No owner is started where another user could meet it: the completion stays ungraded."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / f"nova-code-verifier-{os.geteuid()}").mkdir(0o777)
    (tmp_path / f"nova-code-verifier-{os.geteuid()}").chmod(0o777)
    grader = Grader()

    [grade] = grader.grade_many([rollout(0)])
    grader.close()

    assert (grade.reward, grade.is_outage) == (None, True)
    assert "expected a directory that is ours alone" in grade.problem


_PROGRAM = """
import sys, threading, time
from nova_code_verifier.adapters.core import Rollout, grade_many
if __name__ == "__main__":
    tests = {"inputs": ["1"], "outputs": ["1"]}
    sleeper = Rollout("```python\\nimport time\\ntime.sleep(20)\\n```", tests)
    grade_many([Rollout("print(1)", tests)])
    print("warm", flush=True)
    if sys.argv[1] == "leave":
        threading.Thread(target=grade_many, args=([sleeper],), daemon=True).start()
        time.sleep(0.2)
    else:
        grade_many([sleeper])
"""


@pytest.mark.parametrize("end", ["leave", "interrupt"])
def test_a_process_ends_while_its_completions_wait(tmp_path: Path, end: str) -> None:
    """Neither the end of the program nor Ctrl-C waits for a completion that takes long."""
    (tmp_path / "main.py").write_text(_PROGRAM)
    started = subprocess.Popen(
        [sys.executable, "main.py", end],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stdout
    assert started.stdout.readline() == "warm\n"
    if end == "interrupt":
        time.sleep(0.2)
        started.send_signal(signal.SIGINT)
    _, errors = started.communicate(timeout=15)

    assert started.returncode == (-signal.SIGINT if end == "interrupt" else 0)
    assert ("KeyboardInterrupt" in errors) == (end == "interrupt")
    assert end == "interrupt" or not errors
