"""Guests on a small disk: who fills it pays for it, and nobody else."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_code_verifier.sandbox.host.disk import SPARE_FILES
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Cause, Ending, Execution, IsolationLevel, Job, Run

# Each fills what it can, and waits: the honest programs beside it find no room meanwhile.
HOGS = {
    "open files without a name": """
held = []
for n in range(30):
    held.append(os.open('f', os.O_CREAT | os.O_RDWR)); os.unlink('f')
    try:
        for _ in range(15): os.write(held[-1], bytes(2**20))
    except OSError: time.sleep(2)
""",
    "maps of files without a name": """
import mmap
held = []
for n in range(30):
    with open('f', 'w+b') as file:
        os.unlink('f')
        held.append(os.write(file.fileno(), b'x') and mmap.mmap(file.fileno(), 1))
        try:
            for _ in range(15): os.write(file.fileno(), bytes(2**20))
        except OSError: time.sleep(2)
""",
    "files that come back": """
while True:
    try:
        for n in range(12): open(f'f{n}', 'wb').write(bytes(15 * 2**20))
    except OSError: time.sleep(0.1)
    for n in range(12): open(f'f{n}', 'wb').close()
""",
    "many empty files": """
try:
    for n in range(900): open(f'f{n}', 'wb').close()
except OSError: pass
""",
}
HONEST = """
import os, time
for _ in range(4):
    open('f', 'wb').write(bytes(2**20)); time.sleep(0.05); os.unlink('f')
print('written')
"""


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Mount a disk for the directories of guests. One guest can fill it within its limits."""
    options = f"size=60m,nr_inodes={SPARE_FILES + 700}"
    mount = ["mount", "-t", "tmpfs", "-o", options, "none", str(tmp_path)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this user may not mount a disk")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def run(executor: LocalExecutor, *programs: str) -> list[Execution]:
    """Run programs beside each other."""
    jobs = [Job(program=program, questions=(Run(),)) for program in programs]
    ended = dict(executor.run(jobs))
    return [ended[index][0] for index in range(len(jobs))]


@pytest.mark.usefixtures("small_disk")
@pytest.mark.parametrize("hog", HOGS)
def test_honest_programs_beside_one_that_fills_the_disk_are_not_harmed(
    hog: str, level: IsolationLevel
) -> None:
    """They are asked again, alone, if they may have lacked room. The other one is stopped."""
    program = f"import os, time\n{HOGS[hog]}\ntime.sleep(2); print('FILLED')"
    with LocalExecutor(workers=3, level=level) as executor:
        executions = run(executor, program, HONEST, HONEST, program, *[HONEST] * 6)

    hogs = [executions.pop(3), executions.pop(0)]
    assert {(execution.ending, execution.stdout) for execution in executions} == {
        (Ending.FINISHED, b"written\n")
    }
    assert all(b"FILLED" not in execution.stdout for execution in hogs)
    assert not any(execution.ending is Ending.NOT_RUN for execution in hogs)


def test_a_disk_that_others_have_filled_is_an_outage(
    level: IsolationLevel, small_disk: Path
) -> None:
    """Nothing is judged by what it could not write. When there is room again, all goes on."""
    with LocalExecutor(workers=2, level=level) as executor:
        assert [execution.stdout for execution in run(executor, HONEST)] == [b"written\n"]
        foreign = small_disk / "foreign"
        foreign.write_bytes(bytes(50 * 2**20))

        without_room = run(executor, HONEST, HONEST)
        foreign.unlink()

        assert {(execution.ending, execution.cause) for execution in without_room} == {
            (Ending.NOT_RUN, Cause.FULL_DISK)
        }
        assert "TMPDIR" in without_room[0].detail
        assert [execution.stdout for execution in run(executor, HONEST)] == [b"written\n"]
