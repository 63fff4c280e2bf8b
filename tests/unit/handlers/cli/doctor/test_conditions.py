"""Why a machine does not grant a protection."""

from pathlib import Path

import pytest

from nova_code_verifier.handlers.cli.doctor.conditions import (
    Machine,
    closed_path,
    missing_condition,
)

ALL_CAPABILITIES = "CapEff:\t000001ffffffffff\n"


def machine(
    *,
    uid: int = 0,
    release: str = "6.1",
    lsm: str = "landlock,yama",
    status: str = ALL_CAPABILITIES,
) -> Machine:
    """Return a machine on which everybody can read the interpreter."""
    return Machine(uid=uid, release=release, lsm=lsm, status=status, interpreter_files=("/",))


def test_a_closed_directory_is_named(tmp_path: Path) -> None:
    """It is found behind a link, too: an environment is often open, and its interpreter closed."""
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "python").write_text("")
    (tmp_path / "python").symlink_to(closed / "python")
    tmp_path.chmod(0o755)
    closed.chmod(0o750)

    reason = closed_path([str(tmp_path / "python")])

    assert reason in (
        f"{closed} is 0750: chmod o+x {closed}",
        closed_path([str(tmp_path)]),  # where pytest's own directory is closed already
    )


def test_an_interpreter_that_all_can_read_is_no_reason() -> None:
    """Nothing on the way to it is closed."""
    assert closed_path(["/"]) == ""


@pytest.mark.parametrize(
    ("protection", "found", "condition"),
    [
        ("uid_dropped", machine(uid=1000), "this process runs as user 1000, not as root"),
        (
            "uid_dropped",
            machine(status="CapEff:\t0000000000000001\n"),
            "root has no CAP_DAC_OVERRIDE, CAP_KILL, CAP_SETGID, CAP_SETUID in this container",
        ),
        ("uid_dropped", machine(), ""),
        (
            "landlock",
            machine(release="5.10.0-32-generic"),
            "this kernel is Linux 5.10.0-32-generic",
        ),
        ("landlock", machine(lsm="capability,yama"), "the security modules capability,yama"),
        ("landlock", machine(), "a seccomp filter of the container refuses"),
        ("landlock", machine(lsm=""), "it is not enabled, or a seccomp filter"),
        ("forgets_ctypes", machine(), "this Python is older than 3.13"),
        ("resource_limits", machine(), ""),
    ],
)
def test_the_missing_condition_is_named(protection: str, found: Machine, condition: str) -> None:
    """It is what this machine lacks, and not a list of what might be missing."""
    assert condition in missing_condition(protection, found)
    assert bool(condition) is bool(missing_condition(protection, found))
