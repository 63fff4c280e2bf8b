"""A parent that is killed, and what it leaves; children that it forked."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nova_code_verifier.sandbox.host.directory import new_directory, remove_leftovers
from nova_code_verifier.sandbox.host.local import LocalExecutor
from tests.processes import processes_in, start_python, wait_until

_START = """
import os, sys, threading, time
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Job, Run
executor = LocalExecutor(workers=1)
jobs = [Job(program=text, questions=(Run(),)) for text in {programs}]
batch = executor.run(jobs)
"""
KILLED = _START.format(programs=["print(1)", "open('x', 'w').close()\nwhile True: pass"]) + (
    "next(batch)\nif {forks} and not os.fork(): time.sleep(600)\n"
    "print('ready', flush=True)\nlist(batch)\n"
)
# Parent and child have the same `epoll`, sockets and directories.
FORKED = (
    _START.format(programs=[f"print({number})" for number in range(6)])
    + """
outputs = [next(batch)[1][0].stdout]
pid = os.fork()
if not pid:
    batch.close()
    executor.close()
    sys.exit()
assert os.waitpid(pid, 0)[1] == 0
zygotes = executor.zygote_pids
outputs += [executions[0].stdout for _, executions in batch]
print(sorted(outputs), zygotes == executor.zygote_pids)
"""
)


@contextmanager
def killed_parent(temporary: Path, *, forks: bool) -> Iterator[None]:
    """Kill a process in the middle of a batch; a child that it forked lives until the end."""
    parent = start_python(KILLED.replace("{forks}", str(forks)), temporary)
    assert parent.stdout
    assert parent.stdin
    try:
        assert parent.stdout.readline() == "ready\n"
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
        parent.stdin.close()
    try:
        yield
    finally:
        for child in map(int, children):
            if Path(f"/proc/{child}").exists():
                os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize("forks", [False, True])
def test_what_a_killed_parent_leaves_is_removed_at_the_next_start(
    temporary: Path, *, forks: bool
) -> None:
    """Its processes end at once, even if a child that it forked lives; then its files go."""
    with killed_parent(temporary, forks=forks):
        wait_until(lambda: not processes_in(temporary))
        (left,) = temporary.iterdir()
        with LocalExecutor(workers=1) as executor:
            (own,) = temporary.iterdir()

            assert own != left
            assert own in Path(executor.work_directories[0]).parents
    assert not list(temporary.iterdir())


def test_only_what_a_dead_process_of_ours_left_is_removed(temporary: Path) -> None:
    """Directories in use, links, files and what others own stay, whatever their names are."""
    in_use, lock = new_directory()
    precious = temporary / "precious"
    precious.mkdir()
    (precious / "file").touch()
    (temporary / "verifier-guests-link").symlink_to(precious)
    (temporary / "verifier-guests-file").touch()
    foreign = temporary / "verifier-guests-foreign"
    foreign.mkdir()
    if os.geteuid() == 0:
        os.chown(foreign, 12345, 12345)
    dead = temporary / "verifier-guests-dead"
    (dead / "worker" / "work").mkdir(parents=True)
    (dead / "worker" / "work" / "link").symlink_to(precious)
    kept = {path.name for path in temporary.iterdir()} - {dead.name}
    if os.geteuid() != 0:
        kept -= {foreign.name}  # nobody else is here to own it

    remove_leftovers()

    assert {path.name for path in temporary.iterdir()} == kept
    assert (precious / "file").exists()
    os.close(lock)
    remove_leftovers()
    assert not in_use.exists()


def test_a_child_that_leaves_the_batch_of_its_parent_changes_nothing(temporary: Path) -> None:
    """It closes the batch and the executor, and the parent goes on with its own zygotes."""
    parent = start_python(FORKED, temporary)
    output, _ = parent.communicate(timeout=100)

    outputs = [b"%d\n" % number for number in range(6)]
    assert output == f"{outputs} True\n"
    assert not list(temporary.iterdir())
