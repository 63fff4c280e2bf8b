"""Run the sandbox's tests again, as other users and on a kernel without Landlock.

    python -m tests.other_kernels

The sandbox uses other protections for root than for a user, as in AWS Lambda, and others again if
the kernel has no Landlock. Each environment is a pytest run of its own. One that is impossible here
is reported, with the reason.
"""

import errno
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from nova_code_verifier.sandbox.confinement import kernel
from nova_code_verifier.sandbox.confinement.syscalls import REFUSED, Numbers, flatten

_NOBODY = 65534
_ROOT = Path(__file__).resolve().parent.parent
_TESTS = [
    "tests/conformance/test_behaviours.py",
    *[f"tests/conformance/test_{name}.py" for name in ("time_outs", "kernel_memory", "self_kill")],
    "tests/faults/test_forks.py",
    "tests/unit/sandbox/guest/test_zygote.py",
    "tests/unit/sandbox/host/test_session_keeper.py",
    "tests/unit/sandbox/host/test_usage.py",
]
_SLOW_TESTS = [f"tests/conformance/test_{name}.py" for name in ("fidelity", "nothing_left")]
_PYTEST = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
_ON_THIS_MACHINE = "not elsewhere and not every_executor"
_SYSTEM_PYTHON = "/usr/bin/python3"


def main() -> int:
    """Run the tests in every environment; return the number of those in which they failed."""
    failures = _run("a kernel without Landlock", [sys.executable, __file__, "--without-landlock"])
    if os.geteuid() != 0:
        return failures + _skip("root, and other users", "only root can become another user")
    if _version(_SYSTEM_PYTHON) != sys.version_info[:2]:
        version = ".".join(map(str, sys.version_info[:2]))
        return failures + _skip(
            "root with a uid per worker, and a user", f"{_SYSTEM_PYTHON} is not Python {version}"
        )
    with tempfile.TemporaryDirectory(prefix="other-kernels-") as temporary:
        copy = _copy_for_all_users(Path(temporary))
        command = [_SYSTEM_PYTHON, *_PYTEST, *_TESTS, "-k", _ON_THIS_MACHINE]
        failures += _run("root with a uid per worker", command, directory=copy)
        failures += _run("an ordinary user", command, directory=copy, uid=_NOBODY)
    return failures


def _run(name: str, command: list[str], *, directory: Path = _ROOT, uid: int | None = None) -> int:
    print(f"== the tests again with {name}", flush=True)  # noqa: T201
    path = f"{directory}:{directory}/site-packages" if directory != _ROOT else str(_ROOT)
    environment = os.environ | {
        "HOME": str(directory),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": path,
    }
    ended = subprocess.run(
        command,
        cwd=directory,
        env=environment,
        check=False,
        user=uid,
        group=uid,
        extra_groups=None if uid is None else [],
    )
    return int(ended.returncode != 0)


def _skip(name: str, reason: str) -> int:
    print(f"== not tested with {name}: {reason}", flush=True)  # noqa: T201
    return 0


def _version(python: str) -> tuple[int, ...]:
    try:
        words = subprocess.run(
            [python, "-c", "import sys; print(*sys.version_info[:2])"],
            capture_output=True,
            check=True,
        ).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        return ()
    return tuple(map(int, words))


def _copy_for_all_users(directory: Path) -> Path:
    """Copy the tree, and the packages of the tests, to where every user can read them."""
    directory.chmod(0o755)
    hidden = shutil.ignore_patterns(".*", "__pycache__", "mypy", "ruff*")
    shutil.copytree(_ROOT, directory, symlinks=True, ignore=hidden, dirs_exist_ok=True)
    packages = Path(pytest.__file__).parent.parent
    shutil.copytree(packages, directory / "site-packages", ignore=hidden)
    for path in (directory, *directory.rglob("*")):
        os.chown(path, _NOBODY, _NOBODY)
    return directory


def hide_landlock() -> None:
    """Make this process's calls of Landlock fail, as in a kernel that does not have it."""
    fail_call(flatten(REFUSED)["landlock_create_ruleset"], errno.ENOSYS)


def fail_call(numbers: Numbers, error: int) -> None:
    """Make a system call fail with an error number, in this process and those that it forks."""
    load_number, if_equal, return_value = 0x20, 0x15, 0x06
    fail, allow = 0x00050000 | error, 0x7FFF0000
    number = numbers[{"x86_64": 0, "aarch64": 1}[os.uname().machine]]
    assert number is not None
    program = (
        (load_number, 0, 0, 0),
        (if_equal, 0, 1, number),
        (return_value, 0, 0, fail),
        (return_value, 0, 0, allow),
    )
    kernel.forbid_new_privileges()
    packed = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    kernel.prepare_to_install_filter(bytearray(packed))()


if __name__ == "__main__":
    if sys.argv[1:] == ["--without-landlock"]:
        hide_landlock()
        everything = [*_TESTS, *_SLOW_TESTS, "-k", f"not interpreter and {_ON_THIS_MACHINE}"]
        os.execv(sys.executable, [sys.executable, *_PYTEST, *everything])
    sys.exit(main())
