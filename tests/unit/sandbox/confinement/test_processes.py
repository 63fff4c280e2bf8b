"""What `/proc` says about processes."""

import os
import subprocess
import sys

import pytest

from nova_code_verifier.sandbox.confinement.processes import process_ids, stat_fields


def test_this_process_and_its_parent_are_listed() -> None:
    """All processes that this one can see have their pid in the list."""
    assert {os.getpid(), os.getppid()} <= set(process_ids())


def test_the_fields_begin_with_state_and_parent() -> None:
    """The second field is the parent's pid, even if the name looks like more fields."""
    rename = "import ctypes; ctypes.CDLL(None).prctl(15, b') Z 1 (')"
    with subprocess.Popen(
        [sys.executable, "-c", f"{rename}; print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        fields = stat_fields(process.pid)
        process.communicate(b"\n")

    assert int(fields[1]) == os.getpid()


def test_a_process_that_has_ended_has_no_fields() -> None:
    """A pid that is free raises OSError."""
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()

    with pytest.raises(OSError, match="No such"):
        stat_fields(process.pid)
