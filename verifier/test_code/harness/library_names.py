"""Names of what the standard library and Python define: such values travel by name.

In: a value that the tests pass to the candidate. Out: the module and the attributes that lead to it
there; None for any other value. Each side looks the name up in its own modules.
"""

import sys
import types
from functools import lru_cache, partial
from operator import attrgetter, itemgetter, methodcaller
from typing import Any

_STREAMS = ("stdin", "stdout", "stderr")
_SCIENTIFIC = frozenset({"numpy", "pandas", "scipy", "sklearn", "matplotlib", "seaborn"})


def name_in_library(value: Any) -> list[str] | None:  # noqa: ANN401  (any value; one return a kind)
    """Return the module and the path of attributes of a value of the library; None if it has none.

    A value counts only if that path leads to this very object: what the tests have put in its place
    does not travel by its name.
    """
    if value is None:
        return None
    if value is Ellipsis or value is NotImplemented:
        return ["builtins", str(value)]
    for stream in _STREAMS:
        if value is getattr(sys, stream) and (stream != "stdin" or not _is_of_tests(value)):
            return ["sys", stream]  # the candidate's own: what it writes there comes back
    if isinstance(value, types.ModuleType):
        # By type: an instance of a subclass may lie in its place (`harness/patches.py`).
        named: Any = types.ModuleType.__getattribute__(value, "__dict__").get("__name__")
        return [named] if is_library(named) and sys.modules.get(named) is value else None
    # An instance of the tests' may have any attribute: only these types name themselves.
    return _own_name(value) if isinstance(value, _NAMED_TYPES) else None


def _own_name(value: Any) -> list[str] | None:  # noqa: ANN401  (a function or class)
    owner = getattr(value, "__objclass__", None)
    of_class = getattr(value, "__self__", None)
    module = getattr(owner or value, "__module__", None)
    qualified = getattr(value, "__qualname__", None)
    name = getattr(value, "__name__", None)
    if isinstance(value, types.BuiltinFunctionType) and isinstance(of_class, type):
        # `datetime.now`: a method of a class, which alone knows its module.
        module, qualified = of_class.__module__, f"{of_class.__qualname__}.{name}"
        return _named(module, qualified, value)
    # `random.choice` calls itself `Random.choice`.
    return _named(module, qualified, value) or _named(module, name, value)


def made_in_library(value: object) -> tuple[list[str], list[object], dict[str, object]] | None:
    """Return how to make a getter of the library: the name of its class, and the arguments.

    None for any other value. A getter must not be called in the harness, where it would read
    attributes of the tests' objects.
    """
    if not isinstance(value, attrgetter | itemgetter | methodcaller):
        return None
    made: Any = value.__reduce__()
    kind, arguments, keywords = made[0], made[1], {}
    if isinstance(kind, partial):  # of a `methodcaller` with keywords
        arguments, keywords = (*kind.args, *arguments), kind.keywords
    return ["operator", type(value).__name__], list(arguments), dict(keywords)


def _is_of_tests(stdin: object) -> bool:
    """Return whether the tests have put this stream in the place of `sys.stdin`."""
    of_pytest = str(type(stdin).__module__).partition(".")[0] == "_pytest"
    return stdin is not sys.__stdin__ and not of_pytest


def _named(module: object, qualified: object, value: object) -> list[str] | None:
    if not isinstance(module, str) or not isinstance(qualified, str) or not is_library(module):
        return None
    path = qualified.split(".")
    found = _find(module, path)
    # A method of a class is made anew at each look-up.
    is_equal = type(found) is type(value) is types.BuiltinFunctionType and found == value
    return [module, *path] if found is value or is_equal else None


_NAMED_TYPES = (
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    type(lru_cache(lambda: None)),
)


def _find(module: str, path: list[str]) -> object:
    found: Any = sys.modules.get(module)
    for name in path:
        found = getattr(found, name, None)
    return found


def is_library(module: object) -> bool:
    """Return whether a module of that name belongs to Python or to a scientific library."""
    if not isinstance(module, str) or module == "__main__":
        return False
    top = module.partition(".")[0]
    # Tests may be named like CPython's own package `test`.
    return (top in sys.stdlib_module_names and top != "test") or top in _SCIENTIFIC
