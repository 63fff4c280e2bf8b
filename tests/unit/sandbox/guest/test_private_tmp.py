"""The names of temporary files. Guests with these names: `tests/conformance/test_fidelity.py`."""

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from nova_code_verifier.sandbox.guest.private_tmp import PrivateTmp

TMP = PrivateTmp("/tmp/worker/tmp", exempt=("/tmp/worker/own", "/tmp/venv/lib/", "/usr/lib"))


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("/tmp", "/tmp/worker/tmp"),
        ("/tmp/", "/tmp/worker/tmp/"),
        ("/tmp/a/b", "/tmp/worker/tmp/a/b"),
        ("/var/tmp/a", "/tmp/worker/tmp/a"),
        ("/dev/shm/a", "/tmp/worker/tmp/a"),
        ("/tmp/venv/bin", "/tmp/worker/tmp/venv/bin"),
        ("/tmp/worker/owner", "/tmp/worker/tmp/worker/owner"),
        (b"/tmp/\xff", b"/tmp/worker/tmp/\xff"),
        (PurePosixPath("/tmp/a"), "/tmp/worker/tmp/a"),
    ],
)
def test_a_temporary_file_is_in_the_guests_directory(path: Any, real: Any) -> None:
    """Text, bytes and path objects are translated."""
    assert TMP.real(path) == real


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a",
        "tmp/a",
        "/tmpfile",
        "/usr/tmp",
        "/dev/null",
        "/tmp/worker/own",
        "/tmp/worker/own/x",
        "/tmp/worker/tmp/x",
        "/tmp/venv/lib/x.py",
        # On the way to an exempt tree.
        "/tmp/worker",
        "/tmp/worker/",
        "/tmp/venv",
        b"/usr/lib",
        7,
        None,
        1.5,
        Path("/usr"),
    ],
)
def test_any_other_path_stays_the_same_object(path: object) -> None:
    """The caller gets what it gave, also if it is no path."""
    assert TMP.real(path) is path


def test_a_subclass_of_text_is_not_translated() -> None:
    """Its methods are the guest's."""

    class Liar(str):
        __slots__ = ()

    path = Liar("/tmp/a")

    assert TMP.real(path) is path


def test_a_path_object_that_lies_is_asked_once() -> None:
    """What it says is translated; it itself is not passed on."""

    class Liar:
        def __init__(self) -> None:
            self.paths = iter(["/tmp/a", "/etc/passwd"])

        def __fspath__(self) -> str:
            return next(self.paths)

    assert TMP.real(Liar()) == "/tmp/worker/tmp/a"


@pytest.mark.parametrize(
    ("real", "shown"),
    [
        ("/tmp/worker/tmp", "/tmp"),
        ("/tmp/worker/tmp/a", "/tmp/a"),
        (b"/tmp/worker/tmp/a", b"/tmp/a"),
        ("/tmp/worker/own/a", "/tmp/worker/own/a"),
        ("/tmp/worker/tmpx", "/tmp/worker/tmpx"),
    ],
)
def test_a_real_name_is_shown_below_tmp(real: Any, shown: Any) -> None:
    """Names outside of the guest's directory are shown as they are."""
    assert TMP.shown(real) == shown
