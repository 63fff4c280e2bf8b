"""tests/e2e/fetch_rie.py: which binary it accepts, and why it may find none."""

import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from tests.e2e import fetch_rie
from tests.e2e.fetch_rie import EmulatorUnavailableError, fetch_emulator

BINARY = b"an emulator"


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a wheel with an emulator of ours, which is fetched instead of the real one."""
    path = tmp_path / "aws_sam_cli.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("samcli/local/rapid/aws-lambda-rie-x86_64", BINARY)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setitem(fetch_rie._SHA256, "x86_64", sha256(BINARY).hexdigest())
    monkeypatch.setattr(fetch_rie, "_download", lambda _directory: path)
    return path


@pytest.mark.usefixtures("wheel")
def test_the_binary_is_unpacked_from_the_wheel(tmp_path: Path) -> None:
    """The binary is executable, and is the only file in the cache."""
    emulator = fetch_emulator(tmp_path / "cache")

    assert (emulator.read_bytes(), emulator.stat().st_mode & 0o777) == (BINARY, 0o755)
    assert list((tmp_path / "cache").iterdir()) == [emulator]


def test_a_cached_binary_is_not_fetched_again(wheel: Path, tmp_path: Path) -> None:
    """The second test run needs no network."""
    first = fetch_emulator(tmp_path / "cache")
    wheel.unlink()

    assert fetch_emulator(tmp_path / "cache") == first


@pytest.mark.usefixtures("wheel")
def test_a_damaged_binary_is_replaced(tmp_path: Path) -> None:
    """A part of a binary in the cache is never returned."""
    emulator = fetch_emulator(tmp_path / "cache")
    emulator.write_bytes(BINARY[:3])

    assert fetch_emulator(tmp_path / "cache").read_bytes() == BINARY


@pytest.mark.usefixtures("wheel")
def test_an_unknown_binary_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A binary with another digest is not kept."""
    monkeypatch.setitem(fetch_rie._SHA256, "x86_64", sha256(b"another").hexdigest())

    with pytest.raises(EmulatorUnavailableError, match="SHA-256"):
        fetch_emulator(tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_without_pip_the_error_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment may have no pip: a venv made by uv has none."""
    monkeypatch.setattr(sys, "executable", "/missing/python")
    monkeypatch.setattr(sys, "base_prefix", "/missing")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(EmulatorUnavailableError, match="no pip"):
        fetch_emulator(tmp_path / "cache")


def test_without_a_network_the_error_quotes_pip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error ends with the last line that pip printed."""
    pip = tmp_path / "pip"
    pip.write_text("#!/bin/sh\n[ $1 = --version ] || { echo 'no route' >&2; exit 1; }\n")
    pip.chmod(0o755)
    monkeypatch.setattr(fetch_rie, "find_pip", lambda: [str(pip)])

    with pytest.raises(EmulatorUnavailableError, match="no route"):
        fetch_emulator(tmp_path / "cache")
