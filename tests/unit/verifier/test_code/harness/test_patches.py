"""What the tests patch is carried over to the candidate's guest."""

import io
import pathlib
import random
import sys
import types
import warnings
from collections.abc import Iterator
from typing import Any
from unittest import mock
from unittest.mock import patch

import pytest

from nova_code_verifier.verifier.test_code.harness.candidates import UncarriedError
from nova_code_verifier.verifier.test_code.harness.patches import Patches


class Guest:
    """Records what is sent to a candidate's guest."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.received: list[tuple[object, ...]] = []

    def send(self, operation: str, /, *operands: object) -> None:
        """Receive an operation; note the type of a value that is not plain."""
        plain = str, list, type(None)
        shown = [value if isinstance(value, plain) else type(value).__name__ for value in operands]
        self.received.append((operation, *shown))


class _Lazy(types.ModuleType):
    def __getattr__(self, name: str) -> object:
        if name == "lazy":
            return 42
        raise AttributeError(name)


@pytest.fixture
def guest() -> Iterator[Guest]:
    """Yield a guest to which patches are carried over: of the library, and of `candidate`."""
    guest = Guest()
    patches = Patches(guest.send)
    module: Any = _Lazy("candidate")
    module.helper = object()
    sys.modules["candidate"] = module
    patches.install()
    patches.watch_candidate(module)
    try:
        yield guest
    finally:
        patches.uninstall()
        del sys.modules["candidate"]


PATCHES: dict[str, tuple[Any, list[str], str]] = {
    "function": (lambda: patch("time.sleep"), ["time", "sleep"], "MagicMock"),
    "with its spec": (
        lambda: patch("textwrap.dedent", autospec=True),
        ["textwrap", "dedent"],
        "function",
    ),
    "builtin": (lambda: patch("builtins.input", lambda: "5"), ["builtins", "input"], "function"),
    "object": (lambda: patch.object(random, "choice"), ["random", "choice"], "MagicMock"),
    "under another name": (lambda: patch("os.path.exists"), ["posixpath", "exists"], "MagicMock"),
    "class": (lambda: patch("decimal.Decimal"), ["decimal", "Decimal"], "MagicMock"),
    "of the candidate": (lambda: patch("candidate.helper"), ["helper"], "MagicMock"),
    "found later": (lambda: patch("candidate.lazy"), ["lazy"], "MagicMock"),
    "new": (lambda: patch("candidate.other", create=True), ["other"], "MagicMock"),
}


@pytest.mark.parametrize("name", PATCHES)
def test_a_patch_is_carried_over_and_restored(guest: Guest, name: str) -> None:
    """Inside of the block the candidate has the tests' object, afterwards its own."""
    make, path, kind = PATCHES[name]
    with make():
        assert guest.received == [("patch", kind, *path)]
    assert guest.received[1:] == [("unpatch", *path)]


def test_a_method_of_a_library_class_is_carried_over(guest: Guest) -> None:
    """A class does not tell of assignments: `patch` and `monkeypatch` do."""
    module = pathlib.Path.__module__  # since Python 3.13 `pathlib._local`
    with patch.object(pathlib.Path, "exists", return_value=True):
        assert pathlib.Path("/none").exists()
    path = [module, "Path", "exists"]
    assert guest.received == [("patch", "MagicMock", *path), ("unpatch", *path)]
    guest.received.clear()
    with pytest.MonkeyPatch.context() as patcher:
        patcher.setattr(pathlib.PosixPath, "is_file", lambda _: True)  # inherited until now
    path = [module, "PosixPath", "is_file"]
    assert guest.received == [("patch", "function", *path), ("unpatch", *path)]


def test_a_missing_name_raises_as_in_one_process(guest: Guest) -> None:
    """The tests' mistake stays the tests' mistake."""
    with pytest.raises(AttributeError, match="does not have the attribute 'none'"):
        patch("candidate.none").start()
    assert guest.received == []


def test_assignments_are_carried_over(guest: Guest) -> None:
    """Tests replace `sys.stdin` without any tool."""
    stdin = sys.stdin
    try:
        sys.stdin = io.StringIO("5")
    finally:
        sys.stdin = stdin
    assert guest.received == [("patch", "StringIO", "sys", "stdin"), ("unpatch", "sys", "stdin")]


def test_output_streams_are_the_harness_own(guest: Guest) -> None:
    """What the candidate writes comes back with its answers."""
    with patch("sys.stdout", new_callable=io.StringIO), patch("sys.stderr"):
        pass
    assert guest.received == []


def test_what_libraries_assign_for_themselves_stays(guest: Guest) -> None:
    """`warnings` saves and restores its filters by assignment."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
    assert guest.received == []


def test_modules_of_the_tests_are_carried_over(guest: Guest) -> None:
    """A mock in the place of a library that is missing; None forbids an import."""
    with patch.dict(sys.modules, {"nova_missing": mock.MagicMock(), "nova_none": None}):
        import decimal  # noqa: F401, PLC0415  (a module that is loaded in between is no patch)
    with pytest.MonkeyPatch.context() as patcher:
        patcher.setitem(sys.modules, "nova_other", mock.Mock())
    with patch.dict(sys.modules, {"string": mock.Mock()}):
        pass
    assert guest.received == [
        ("patch", "MagicMock", "sys", "modules", "nova_missing"),
        ("patch", None, "sys", "modules", "nova_none"),
        ("unpatch", "sys", "modules", "nova_missing"),
        ("unpatch", "sys", "modules", "nova_none"),
        ("patch", "Mock", "sys", "modules", "nova_other"),
        ("unpatch", "sys", "modules", "nova_other"),
        ("patch", "Mock", "sys", "modules", "string"),
        ("unpatch", "sys", "modules", "string"),
    ]


def test_the_import_function_is_not_carried_over(guest: Guest) -> None:
    """Tests that replace it leave the sample ungraded."""
    with pytest.raises(UncarriedError, match=r"builtins\.__import__"):
        patch("builtins.__import__").start()
    assert guest.received == []
    assert type(__import__) is types.BuiltinFunctionType


def test_names_in_the_tests_own_module_count_if_the_candidate_is_there() -> None:
    """Tests in one file with the candidate patch what they find in their own module."""
    guest = Guest()
    patches = Patches(guest.send)
    patches.install()
    module: Any = types.ModuleType("both")
    module.own, module.helper = 1, "candidate's"
    patches.watch_candidate(module, only=lambda value: value == "candidate's")
    try:
        with patch.object(module, "own"), patch.object(module, "helper"):
            pass
    finally:
        patches.uninstall()
    assert guest.received == [("patch", "MagicMock", "helper"), ("unpatch", "helper")]
