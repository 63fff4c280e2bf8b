"""Fetch the runtime interface emulator: AWS's own replacement of the Lambda service.

In: this machine's architecture. Out: the path of the binary, in `.cache/` of the repository. The
binary is taken from the wheel of `aws-sam-cli` (Apache-2.0), which `pip` downloads; nothing is
installed. As a script it prints the path, or the reason why there is none. It needs nothing but
the standard library.
"""

import os
import platform
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from zipfile import BadZipFile, ZipFile

_REQUIREMENT = "aws-sam-cli==1.170.0"
_MEMBERS = {"x86_64": "aws-lambda-rie-x86_64", "aarch64": "aws-lambda-rie-arm64"}
_SHA256 = {
    "x86_64": "6b1e686e62ab2baf5759c412c4864276ef2a88b094fca53ec070637ccba9b9a5",
    "aarch64": "ec2e5d09633d853834c008b1ef264bf834b258a94d551d2b2074966494b39a21",
}
_CACHE = Path(__file__).resolve().parents[2] / ".cache"
_DOWNLOAD_SECONDS = 90
_PIP_OPTIONS = ["--quiet", "--no-deps", "--disable-pip-version-check", "--retries", "1"]


class EmulatorUnavailableError(Exception):
    """The emulator cannot be fetched; the message says why."""


def fetch_emulator(cache: Path = _CACHE) -> Path:
    """Return the path of the emulator's binary, downloaded if it is not in *cache*.

    Raises EmulatorUnavailableError.
    """
    machine = platform.machine()
    if machine not in _MEMBERS:
        raise EmulatorUnavailableError(f"there is no emulator for the architecture {machine}")
    emulator = cache / _MEMBERS[machine]
    if not (emulator.exists() and _digest(emulator.read_bytes()) == _SHA256[machine]):
        with tempfile.TemporaryDirectory() as directory:
            binary = _unpack(_download(Path(directory)), machine)
        _write(emulator, binary)
    return emulator


def _download(directory: Path) -> Path:
    command = [*find_pip(), "download", *_PIP_OPTIONS, "--dest", str(directory), _REQUIREMENT]
    error_message = run_command(command)
    wheels = list(directory.glob("*.whl"))
    if error_message is not None or not wheels:
        raise EmulatorUnavailableError(
            f"{_REQUIREMENT} could not be downloaded, perhaps without a network: {error_message}"
        )
    return wheels[0]


def find_pip() -> list[str]:
    """Return a command that is pip. A venv made by uv has no pip of its own."""
    base = str(Path(sys.base_prefix, "bin", "python3"))
    for pip in [[sys.executable, "-m", "pip"], [base, "-m", "pip"], ["pip3"], ["pip"]]:
        if run_command([*pip, "--version"]) is None:
            return pip
    raise EmulatorUnavailableError(
        f"found no pip to download {_REQUIREMENT}: neither in this environment, nor in the "
        "interpreter that it was made from, nor on PATH"
    )


def run_command(command: list[str]) -> str | None:
    """Run *command*. Return None if it succeeds, else the last line of its error output."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_DOWNLOAD_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None
    return (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]


def _unpack(wheel: Path, machine: str) -> bytes:
    try:
        with ZipFile(wheel) as archive:
            binary = archive.read(f"samcli/local/rapid/{_MEMBERS[machine]}")
    except (BadZipFile, KeyError) as error:
        raise EmulatorUnavailableError(f"{wheel.name} holds no emulator: {error}") from error
    if _digest(binary) != _SHA256[machine]:
        raise EmulatorUnavailableError(
            f"{wheel.name}: SHA-256 of the emulator: found {_digest(binary)}, "
            f"expected {_SHA256[machine]}"
        )
    return binary


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _write(path: Path, content: bytes) -> None:
    """Write an executable file at once: another test run never sees a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(draft).chmod(0o755)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def main() -> None:
    """Print the path of the binary."""
    try:
        print(fetch_emulator())  # noqa: T201  (a script)
    except EmulatorUnavailableError as error:
        sys.exit(f"{Path(__file__).name}: {error}")


if __name__ == "__main__":
    main()
