"""What a program may use of Python and its library without a trace in the process.

In: a name. Out: whether a program may use it, and how. Only names are listed here; the interpreter
says which of these objects can be changed (`is_inert`). Those that can may only be called.

An attribute may be used if the library's objects have none of this name, or if it is listed here.
So frames, code objects, file descriptors, types' machinery and the like are out of reach, whatever
a program calls its own attributes.
"""

import array
import bisect
import builtins
import collections
import copy
import datetime
import decimal
import fractions
import functools
import heapq
import io
import itertools
import json
import math
import operator
import random
import re
import statistics
import string
import sys
import types
from types import MappingProxyType


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HEAP_TYPE, _IMMUTABLE_TYPE = 1 << 9, 1 << 8


def is_inert(value: object) -> bool:
    """Return whether nobody can change *value*, so that a program may pass it around."""
    if isinstance(value, type):
        return not value.__flags__ & _HEAP_TYPE or bool(value.__flags__ & _IMMUTABLE_TYPE)
    if isinstance(value, tuple):
        return all(map(is_inert, value))
    return value is None or type(value) in _INERT


_INERT = (
    *(str, int, float, complex, bool, types.BuiltinFunctionType, types.MethodType),
    type(sys.version_info),
)

_BUILTINS = _names(
    "abs all any ascii bin bool bytearray bytes callable chr classmethod complex dict divmod"
    " enumerate filter float format frozenset hex int iter len list map max min next object oct"
    " ord pow print property range repr reversed round set slice sorted staticmethod str sum"
    " tuple zip input isinstance issubclass exit quit"
    " NotImplemented Ellipsis __name__"
)
# `site` adds these to the builtins of guests, even if this interpreter runs without it.
_OF_SITE = _names("copyright credits exit help license quit")
_EXCEPTIONS = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)

MODULES: MappingProxyType[str, frozenset[str]] = MappingProxyType(
    {
        module: _names(names)
        for module, names in {
            "array": "array",
            "bisect": "bisect bisect_left bisect_right insort insort_left insort_right",
            "collections": "Counter OrderedDict defaultdict deque namedtuple",
            "copy": "copy deepcopy",
            "datetime": "date datetime timedelta",
            "decimal": (
                "Decimal getcontext localcontext setcontext Context InvalidOperation"
                " DivisionByZero Inexact Overflow ROUND_CEILING ROUND_DOWN ROUND_FLOOR"
                " ROUND_HALF_DOWN ROUND_HALF_EVEN ROUND_HALF_UP ROUND_UP ROUND_05UP"
            ),
            "fractions": "Fraction",
            "functools": "cache cmp_to_key lru_cache partial reduce total_ordering",
            "heapq": (
                "heapify heappop heappush heappushpop heapreplace merge nlargest nsmallest"
            ),
            "io": "BytesIO StringIO",
            "itertools": " ".join(name for name in dir(itertools) if name[0] != "_"),
            "json": "dumps loads",
            "math": " ".join(name for name in dir(math) if name[0] != "_"),
            "operator": (
                "add and_ concat contains eq floordiv ge getitem gt iadd index invert is_ is_not"
                " itemgetter le lshift lt mod mul ne neg not_ or_ pos pow rshift setitem sub"
                " truediv truth xor"
            ),
            "random": (
                "betavariate choice choices expovariate gauss getrandbits normalvariate"
                " randint random randrange sample seed shuffle triangular uniform"
            ),
            "re": (
                "compile escape findall finditer fullmatch match search split sub subn"
            ),
            "statistics": "fmean mean median median_high median_low mode multimode pstdev stdev",
            "string": (
                "ascii_letters ascii_lowercase ascii_uppercase capwords digits hexdigits octdigits"
                " printable punctuation whitespace"
            ),
            "sys": (
                "argv byteorder exit float_info getrecursionlimit maxsize set_int_max_str_digits"
                " setrecursionlimit stdin stdout version_info"
            ),
        }.items()
    }
)  # fmt: skip
"""The modules that a program may import, and what it may use of them."""

ANNOTATIONS = frozenset({"typing", "collections.abc"})
"""Modules that a program may import for annotations alone."""

REMEMBERING = frozenset({"datetime", "fractions", "re", "statistics"})
"""Modules that keep what they were given, to be faster the next time."""

FRESH = frozenset({"argv", "stdin", "stdout"})
"""What each case has of its own in `sys`."""

_SUBSTITUTED = frozenset({"getrecursionlimit", "setrecursionlimit"})
"""Functions of `sys` that guests have a substitute for, which can be changed."""

_LOADED = {
    module.__name__: module
    for module in (
        array, bisect, collections, copy, datetime, decimal, fractions, functools, heapq, io,
        itertools, json, math, operator, random, re, statistics, string, sys,
    )
}  # fmt: skip


def is_known(module: str, name: str) -> bool:
    """Return whether a program may use this name of a module."""
    return name in MODULES.get(module, ()) and hasattr(_LOADED[module], name)


def is_free(module: str, name: str) -> bool:
    """Return whether a program may pass around what *module* calls so, and not only call it."""
    if module == "sys":
        return name in FRESH or (name not in _SUBSTITUTED and is_inert(getattr(sys, name)))
    if module == "io":
        return False  # a class that derives from a stream has a finaliser: its `close`
    return is_inert(getattr(_LOADED[module], name))


def exports(module: str) -> frozenset[str]:
    """Return the names that `from module import *` binds."""
    names = getattr(_LOADED[module], "__all__", None)
    return frozenset(names or (name for name in dir(_LOADED[module]) if name[0] != "_"))


def is_builtin(name: str) -> bool:
    """Return whether a name that the program does not bind is one of the interpreter's."""
    return (
        hasattr(builtins, name)
        or name in _OF_SITE
        or (name.startswith("__") and name.endswith("__"))
    )


def is_known_builtin(name: str) -> bool:
    """Return whether a program may use a builtin name at all."""
    return name in _BUILTINS or name in _EXCEPTIONS


def is_free_builtin(name: str) -> bool:
    """Return whether a program may pass around a builtin, and not only call it."""
    return name not in ("exit", "quit")


OBJECTS = frozenset({"__slots__"})
"""What a class may bind to anything but a function."""

SPECIAL_METHODS = frozenset(
    f"__{name}__"
    for name in _names(
        "abs add and bool call contains delitem divmod enter eq exit float floordiv ge getitem gt"
        " hash iadd iand ifloordiv imod imul index init int invert ior isub iter itruediv ixor le"
        " len lshift lt matmul mod mul ne neg next or pos post_init pow radd rand repr reversed"
        " rfloordiv rmod rmul ror rpow rshift rsub rtruediv rxor setitem str sub truediv xor"
        " round missing copy"
    )
)
"""What a class may define. Finalisers are not among them, nor what changes how classes work."""


def _public(*kinds: type) -> set[str]:
    return {name for kind in kinds for name in dir(kind) if name[0] != "_"}


_VALUES = (
    *(str, bytes, bytearray, int, float, complex, list, tuple, range, slice, dict, set, frozenset),
    *(collections.deque, collections.OrderedDict, collections.Counter, array.array),
    *(fractions.Fraction, decimal.Decimal, decimal.Context, random.Random),
    *(datetime.date, datetime.datetime, datetime.timedelta, re.Match, re.Pattern),
)
_STREAMS = (io.TextIOWrapper, io.BufferedReader, io.BufferedWriter, io.FileIO)
_MACHINERY = (
    *(types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.GeneratorType),
    *(types.CoroutineType, types.AsyncGeneratorType, types.FrameType, types.CodeType),
    *(types.TracebackType, types.ModuleType, types.MappingProxyType, types.CellType),
    *(types.MethodDescriptorType, types.MemberDescriptorType, types.GetSetDescriptorType),
    *(type, property, staticmethod, classmethod, super, memoryview, collections.defaultdict),
    *(functools.partial, type(functools.lru_cache(print)), operator.itemgetter),
    *(io.BytesIO, io.StringIO, itertools.chain, itertools.groupby, itertools.count),
    *(BaseException, AttributeError, ImportError, NameError, OSError, StopIteration, SystemExit),
    *(SyntaxError, UnicodeError, KeyError, map, filter, enumerate, zip),
)
# They say where an object is, which time it is, or return what others could change.
_REFUSED = _names(
    "buffer_info default_factory format_map fromfile fromtimestamp mro now obj scanner setstate"
    " getstate today tofile utcfromtimestamp utcnow VERSION"
)
_OTHERS = _names(
    "args buffer cache_clear cache_info close closed code count deleter encoding errno errors"
    " filename flush from_iterable func getter getvalue keywords lineno message mode msg name"
    " object offset path read readline readlines reason seek send setter step strerror tell text"
    " throw truncate value write writelines _asdict _fields _make _replace"
)
_USABLE = (_public(*_VALUES) | _OTHERS) - _REFUSED
_OF_LIBRARY = {name for kind in (*_VALUES, *_STREAMS, *_MACHINERY) for name in dir(kind)}


_CALLED_BY_STREAMS = {
    name for kind in _STREAMS for name in dir(kind) if callable(getattr(kind, name))
}


def may_be_set(name: str) -> bool:
    """Return whether a program may set an attribute of this name: streams call theirs at the end.

    A file calls its own `close` when it is freed, and an attribute would take its place.
    """
    return name not in _CALLED_BY_STREAMS


def is_usable_attribute(name: str) -> bool:
    """Return whether a program may use an attribute of this name, of whatever object."""
    is_special = name.startswith("__") and name.endswith("__")
    return not is_special and (name in _USABLE or name not in _OF_LIBRARY)
