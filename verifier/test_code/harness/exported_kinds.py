"""What the candidate may use of the tests' objects, by kind.

In: an object that the tests pass to the candidate, or a name that the candidate uses. Out: its
kind, or whether that name may be used. The candidate chooses the names: what is not allowed here
would lead it from an argument to the tests' globals.
"""

import inspect
import io
import sys
import types
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache, partial
from operator import attrgetter, itemgetter, methodcaller
from string import Formatter
from typing import Any

from nova_code_verifier.sandbox.protocol.exports import Flavour, Kind
from nova_code_verifier.sandbox.protocol.shared_types import SPECIAL_METHODS
from nova_code_verifier.verifier.test_code.harness.library_names import is_library

_EMPTY: dict[object, object] = {}
_VIEWS = (_EMPTY.keys(), _EMPTY.values(), _EMPTY.items())
_FUNCTIONS = (
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    types.MethodWrapperType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    partial,
    type(lru_cache(lambda: None)),
)
_REFUSED = (
    types.FrameType,
    types.CodeType,
    types.TracebackType,
    types.ModuleType,
    types.CellType,
    types.MappingProxyType,
    memoryview,
    attrgetter,  # these travel by value (`library_names.made_in_library`)
    itemgetter,
    methodcaller,
    Formatter,
)
# `f(1).real` is a descriptor if the candidate returns `complex` itself, and `type(f(1))` a class of
# ours if it returns an iterator: with these, it could leave its sample ungraded.
_OPAQUE = (
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    property,
    staticmethod,
    classmethod,
    super,
)
PYTEST_PACKAGES = frozenset({"_pytest", "pytest", "pluggy"})
REFUSED_PACKAGES = PYTEST_PACKAGES | {"nova_code_verifier"}
"""The packages whose objects are tools of ours, and never the tests'."""
# Instances of other modules' classes may run code that the candidate chooses, as an Unpickler does.
_USABLE_MODULES = """
    builtins abc argparse array ast asyncio calendar collections concurrent configparser contextlib
    contextvars csv dataclasses datetime decimal difflib email enum fractions functools graphlib
    hashlib hmac html http io ipaddress itertools json logging numbers operator os pathlib pprint
    queue random re sched selectors socket sqlite3 statistics string struct subprocess tarfile
    tempfile textwrap threading time types typing unittest urllib uuid weakref xml zipfile zoneinfo
"""
_USABLE = frozenset(_USABLE_MODULES.split())
# Of Python's own types that are not plain data, there are these; others show its inner life.
_USABLE_BUILTINS = (object, slice, types.GenericAlias, types.UnionType, *map(type, _VIEWS))
_RUNNING_CODE = frozenset({"load_extension", "enable_load_extension", "deserialize"})
# Such text is filled in by `format`, which reads attributes of what it is given.
_FORMATTING = frozenset({"format", "format_map", "vformat", "get_field", "formatMessage"})
_OF_MOCKS = """
    return_value side_effect called call_count call_args call_args_list method_calls mock_calls mock
    reset_mock configure_mock attach_mock mock_add_spec await_count await_args await_args_list
    awaited
"""
_OF_MOCK = frozenset(_OF_MOCKS.split())
_OF_STREAMS = """
    read read1 readline readlines readall write writelines seek tell truncate flush close getvalue
    readable writable seekable isatty closed name mode encoding errors newlines line_buffering
"""
STREAM_NAMES = frozenset(_OF_STREAMS.split())
_OF_TESTS = ("test", "setUp", "tearDown", "assert", "subTest", "addCleanup", "doCleanups")


def kind_of(value: Any) -> Kind | None:  # noqa: ANN401, C901, PLR0911  (any value; a return for each kind)
    """Return the kind of an object of the tests'; None for one that no candidate may use."""
    kind = type(value)
    package = str(kind.__module__).partition(".")[0]
    if issubclass(kind, type):
        package = str(type.__dict__["__module__"].__get__(value)).partition(".")[0]
    if package == "nova_code_verifier" or issubclass(kind, _OPAQUE):
        return Kind.OPAQUE
    if issubclass(kind, _REFUSED) or package in PYTEST_PACKAGES or _is_of_unittest(kind):
        return None
    if issubclass(kind, type):
        # A metaclass would make classes of the candidate's design, a formatter reads attributes.
        is_refused = issubclass(value, (type, Formatter, logging_formatter(), test_case_class()))
        return None if is_refused else Kind.CLASS
    if issubclass(kind, mock_class()):
        return Kind.MOCK
    if issubclass(kind, _FUNCTIONS):
        return Kind.FUNCTION
    if issubclass(kind, BaseException):
        return Kind.ERROR
    for found, base in _BY_BASE:
        if issubclass(kind, base):
            return found
    if hasattr(kind, "__next__") and all(name.startswith("_") for name in dir(kind)):
        return Kind.ITERATOR if is_library(kind.__module__) else Kind.INSTANCE
    return Kind.INSTANCE if _is_usable(kind) else None


def _is_usable(kind: type) -> bool:
    """Return whether instances of a class may be used: each library base must allow it."""
    if kind.__module__ == "builtins":
        return kind in _USABLE_BUILTINS
    of_library = (base.__module__ for base in kind.__mro__ if is_of_library(base))
    # Parts that are written in C are in modules of their own, such as `_thread`.
    tops = {module.partition(".")[0].removeprefix("_") for module in of_library}
    return tops <= _USABLE | {"thread", "blake2", "sha2", "md5", "sha1", "sha3", "elementtree"}


def _is_of_unittest(kind: type) -> bool:
    module = str(kind.__module__)
    return module.partition(".")[0] == "unittest" and module != "unittest.mock"


def _bases() -> Iterator[tuple[Kind, type]]:
    yield Kind.STREAM, io.IOBase
    yield Kind.GENERATOR, types.GeneratorType
    yield Kind.COROUTINE, types.CoroutineType
    yield Kind.ASYNC_GENERATOR, types.AsyncGeneratorType


_BY_BASE = tuple(_bases())


def mock_class() -> Any:  # noqa: ANN401  (a class, or none)
    """Return the base class of mocks; an empty tuple if the tests have not loaded mocks."""
    return getattr(sys.modules.get("unittest.mock"), "NonCallableMock", ())


def test_case_class() -> Any:  # noqa: ANN401  (as above)
    """Return `unittest.TestCase`; an empty tuple if the tests have not loaded it."""
    return getattr(sys.modules.get("unittest"), "TestCase", ())


def logging_formatter() -> Any:  # noqa: ANN401  (as above)
    """Return `logging.Formatter`; an empty tuple if nothing has loaded it."""
    return getattr(sys.modules.get("logging"), "Formatter", ())


def is_of_library(kind: type) -> bool:
    """Return whether a library defines this class, and not the tests."""
    return is_library(kind.__module__)


def flavour_of(value: Any) -> Flavour:  # noqa: ANN401  (any callable)
    """Return what a call of a function returns."""
    if inspect.iscoroutinefunction(value):
        return Flavour.COROUTINE
    if inspect.isasyncgenfunction(value):
        return Flavour.ASYNC_GENERATOR
    return Flavour.GENERATOR if inspect.isgeneratorfunction(value) else Flavour.PLAIN


def may_read(value: object, kind: Kind, name: object) -> bool:  # noqa: PLR0911  (a return for each kind)
    """Return whether the candidate may read this attribute, or call this method."""
    if type(name) is not str or name.startswith("_") or not name.isidentifier():
        return False
    if name in _RUNNING_CODE or (name in _FORMATTING and not _is_defined_by_tests(value, name)):
        return False
    match kind:
        case Kind.MOCK:
            return _is_free_on_mock(name)
        case Kind.STREAM:
            return name in STREAM_NAMES or _is_defined_by_tests(value, name)
        case Kind.INSTANCE if issubclass(type(value), test_case_class()):
            return not hasattr(test_case_class(), name) and not name.startswith(_OF_TESTS)
        case Kind.ERROR:
            return name not in ("with_traceback", "add_note")
        case Kind.FUNCTION:
            return name in attributes_of(value)
    return kind in (Kind.INSTANCE, Kind.CLASS, Kind.ROW, Kind.MEMBER)


def may_write(value: Any, kind: Kind, name: object) -> bool:  # noqa: ANN401  (any object)
    """Return whether the candidate may set or delete this attribute.

    No method of the tests', and nothing of a mock that counts its calls: the tests may rely on it
    to judge what the candidate did.
    """
    if kind is Kind.MOCK:
        return _is_free_on_mock(name)
    if kind not in (Kind.INSTANCE, Kind.CLASS, Kind.ERROR) or not may_read(value, kind, name):
        return False
    if issubclass(type(value), test_case_class()) or type(name) is not str:
        return False
    mro = value.__mro__ if isinstance(value, type) else type(value).__mro__
    found = next((vars(base)[name] for base in mro if name in vars(base)), None)
    own = getattr(value, "__dict__", {}).get(name)
    is_method = callable(found) or isinstance(found, staticmethod | classmethod)
    return not is_method and kind_of(own) not in (Kind.FUNCTION, Kind.MOCK)


def _is_free_on_mock(name: object) -> bool:
    is_name = type(name) is str and name.isidentifier() and not name.startswith("_")
    return is_name and name not in _OF_MOCK and not str(name).startswith(("assert", "mock_"))


def _is_defined_by_tests(value: object, name: str) -> bool:
    mro = value.__mro__ if isinstance(value, type) else type(value).__mro__
    if name in getattr(value, "__dict__", {}):
        return True
    found = next((base for base in mro if name in vars(base)), None)
    return found is not None and not is_of_library(found)


def attributes_of(function: Any) -> dict[str, object]:  # noqa: ANN401  (any callable)
    """Return the attributes that the tests have set on a function. An autospec has none."""
    attributes = getattr(function, "__dict__", None)
    if not isinstance(attributes, dict) or isinstance(attributes.get("mock"), mock_class()):
        return {}
    return {name: value for name, value in attributes.items() if not name.startswith("_")}


def is_value_with_a_class(kind: type) -> bool:
    """Return whether plain data of this class of the tests' is more than data.

    That is: a member of an enumeration, or a named tuple.
    """
    is_row = issubclass(kind, tuple) and hasattr(kind, "_fields")
    return (is_row or issubclass(kind, Enum)) and not is_of_library(kind)


def specials_of(kind: type) -> list[str]:
    """Return the special methods that a class defines, apart from those of any object."""
    found: dict[str, object] = {}
    for base in reversed(kind.__mro__):
        if base is not object:
            found |= {name: value for name, value in vars(base).items() if name in SPECIAL_METHODS}
    if issubclass(kind, BaseException):
        found = {
            name: value
            for name, value in found.items()
            if value is not vars(BaseException).get(name)
        }
    return sorted(name for name, value in found.items() if value is not None)
