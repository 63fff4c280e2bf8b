"""Run the sandbox's tests again, on other ground than this user and this kernel offer.

    python -m tests.otherwise

A wall has other stones for root than for a user, as in AWS Lambda, and others again where
the kernel has no Landlock. Each ground is a run of pytest of its own; one that cannot be
had here is named, with the reason.
"""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from nova_code_verifier.sandbox.confinement import kernel

_NOBODY = 65534
_ROOT = Path(__file__).resolve().parent.parent
_TESTS = [
    *[f"tests/conformance/test_{name}.py" for name in ("limits", "walls")],
    "tests/unit/sandbox/host/test_usage.py",
]
_SLOW_TESTS = [f"tests/conformance/test_{name}.py" for name in ("fidelity", "nothing_left")]
_PYTEST = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
_SYSTEM_PYTHON = "/usr/bin/python3"


def main() -> int:
    """Run the tests on every ground; return the number of those on which they failed."""
    failures = _run("a kernel without Landlock", [sys.executable, __file__, "--without-landlock"])
    if os.geteuid() != 0:
        return failures + _pass_over("root, and other users", "only root can become another")
    if _version(_SYSTEM_PYTHON) != sys.version_info[:2]:
        version = ".".join(map(str, sys.version_info[:2]))
        return failures + _pass_over(
            "root with a uid per worker, and a user", f"{_SYSTEM_PYTHON} is no Python {version}"
        )
    with tempfile.TemporaryDirectory(prefix="otherwise-") as directory:
        place = _copy_for_everybody(Path(directory))
        command = [_SYSTEM_PYTHON, *_PYTEST, *_TESTS]
        failures += _run("root with a uid per worker", command, place=place)
        failures += _run("an ordinary user", command, place=place, uid=_NOBODY)
    return failures


def _run(ground: str, command: list[str], *, place: Path = _ROOT, uid: int | None = None) -> int:
    print(f"== on other ground: {ground}", flush=True)  # noqa: T201
    environment = os.environ | {
        "HOME": str(place),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": f"{place}:{place}/site-packages" if place != _ROOT else str(_ROOT),
    }
    ended = subprocess.run(
        command,
        cwd=place,
        env=environment,
        check=False,
        user=uid,
        group=uid,
        extra_groups=None if uid is None else [],
    )
    return int(ended.returncode != 0)


def _pass_over(ground: str, reason: str) -> int:
    print(f"== not tested as {ground}: {reason}", flush=True)  # noqa: T201
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


def _copy_for_everybody(place: Path) -> Path:
    """Copy the tree, and the tools of the tests, to where every user can read them."""
    place.chmod(0o755)
    hidden = shutil.ignore_patterns(".*", "__pycache__", "mypy", "ruff*")
    shutil.copytree(_ROOT, place, symlinks=True, ignore=hidden, dirs_exist_ok=True)
    tools = Path(pytest.__file__).parent.parent
    shutil.copytree(tools, place / "site-packages", ignore=hidden)
    for path in (place, *place.rglob("*")):
        os.chown(path, _NOBODY, _NOBODY)
    return place


def _hide_landlock() -> None:
    """Answer this process's calls to Landlock as a kernel does that has none."""
    load_number, if_equal, give_back = 0x20, 0x15, 0x06
    enosys, allow, create_ruleset = 0x00050026, 0x7FFF0000, 444
    program = (
        (load_number, 0, 0, 0),
        (if_equal, 0, 1, create_ruleset),
        (give_back, 0, 0, enosys),
        (give_back, 0, 0, allow),
    )
    kernel.forbid_new_privileges()
    kernel.install_filter(b"".join(struct.pack("=HBBI", *step) for step in program))


if __name__ == "__main__":
    if sys.argv[1:] == ["--without-landlock"]:
        _hide_landlock()
        everything = [*_TESTS, *_SLOW_TESTS, "-k", "not interpreter"]
        os.execv(sys.executable, [sys.executable, *_PYTEST, *everything])
    sys.exit(main())
