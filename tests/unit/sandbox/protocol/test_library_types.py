"""Types by name: a fixed list, and nothing that a tool uses for itself."""

import asyncio
import collections
import collections.abc
import datetime
import decimal
import importlib
import json
import pathlib
import re
import subprocess
import sys
import types
import unittest
from typing import Any
from unittest import mock

import pytest

from nova_code_verifier.sandbox.protocol import library_types
from nova_code_verifier.sandbox.protocol.library_types import read_type, write_type

TYPES: list[type] = [
    *(int, str, bool, list, type, object, ValueError, OSError, SystemExit, ExceptionGroup),
    *(type(None), type(...), type(lambda: 0), types.ModuleType, types.GenericAlias),
    *(collections.deque, collections.Counter, collections.abc.Mapping, pathlib.Path),
    *(datetime.date, datetime.timezone, decimal.Decimal, re.Pattern, re.error),
    *(json.JSONDecodeError, decimal.InvalidOperation, subprocess.TimeoutExpired),
]


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_a_type_of_the_list_is_found_by_its_name(kind: type) -> None:
    """Tests compare a type that comes back by `is`."""
    names = write_type(kind)

    assert names is not None
    assert read_type(*names) is kind


class Own:
    """A class of the tests."""


@pytest.mark.parametrize(
    "kind",
    [
        *(Own, BaseException, BaseExceptionGroup, KeyboardInterrupt, GeneratorExit),
        *(asyncio.CancelledError, unittest.SkipTest, unittest.TestCase, pytest.Item),
        *(pytest.fail.Exception, pytest.skip.Exception, pytest.exit.Exception, mock.Mock),
        *(subprocess.Popen, type("int", (), {"__module__": "builtins"})),
    ],
    ids=lambda kind: kind.__name__,
)
def test_other_types_have_no_name(kind: type) -> None:
    """Own classes, and what ends a run, stays on its side."""
    assert write_type(kind) is None


def test_the_class_of_a_class_is_not_asked() -> None:
    """A metaclass may define `__hash__`, `__eq__` and `__module__`."""

    def refuse(*_: object) -> None:
        raise AssertionError

    meta: Any = type("Meta", (type,), {"__hash__": refuse, "__eq__": refuse})

    assert write_type(meta("Own", (), {})) is None


@pytest.mark.parametrize(
    "names",
    [
        ("builtins", "KeyboardInterrupt"),
        ("builtins", "BaseException"),
        ("builtins", "print"),
        ("builtins", "__loader__"),
        ("builtins", "int.real"),
        ("builtins", 7),
        (7, "int"),
        ([], []),
        ("os", "system"),
        ("os", "_wrap_close"),
        ("subprocess", "Popen"),
        ("asyncio", "CancelledError"),
        ("asyncio", "Future"),
        ("unittest", "SkipTest"),
        ("unittest.case", "_ShouldStop"),
        ("_pytest.outcomes", "Skipped"),
        ("pytest", "Item"),
        ("this", "s"),
        ("nova_code_verifier.sandbox.errors", "SandboxError"),
        ("nova_code_verifier.sandbox.protocol.encoding", "EncodingError"),
        ("", ""),
    ],
    ids=str,
)
def test_a_name_that_is_not_on_the_list_is_refused(names: tuple[Any, Any]) -> None:
    """A guest gets no other object, and imports no other module."""
    loaded = set(sys.modules)

    with pytest.raises(ValueError, match="type"):
        read_type(*names)

    assert "this" not in set(sys.modules) - loaded


def test_no_type_of_the_list_belongs_to_a_tool() -> None:
    """Neither pytest's, nor unittest's, nor our own exceptions can be named."""
    for module in [*library_types._unseen]:
        importlib.import_module(module)
    write_type(Own)  # it looks at all modules that are loaded
    kinds = library_types._kinds.values()
    owners = {kind.__module__.partition(".")[0] for kind in kinds}

    assert owners.isdisjoint({"_pytest", "pytest", "unittest", "nova_code_verifier", "doctest"})
    assert owners <= {*sys.stdlib_module_names, "ipaddress"}
    ends = [kind for kind in kinds if issubclass(kind, BaseException)]
    assert all(issubclass(kind, Exception | SystemExit) for kind in ends)


def test_a_process_that_loads_a_module_later_knows_its_types() -> None:
    """The list is looked up again when there are more modules."""
    program = """
import sys
from nova_code_verifier.sandbox.protocol.library_types import read_type, write_type
assert "decimal" not in sys.modules and "datetime" not in sys.modules
assert write_type(type("Own", (), {})) is None
import decimal
assert write_type(decimal.Decimal) == ("decimal", "Decimal")
assert write_type(decimal.InvalidOperation) == ("decimal", "InvalidOperation")
assert read_type("datetime", "date").__name__ == "date"
assert "asyncio" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
