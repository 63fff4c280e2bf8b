"""Exceptions of the standard library, by name, between two sides of a session.

In: an exception whose class is in `library_types.py`. Out: a tree, and the same exception again:
its class, arguments, fields, notes, cause and context, without a traceback. The reader makes it
with the `__new__` of a builtin class, so no `__init__` of a library sees what a guest wrote.
"""

import sys
from collections.abc import Callable
from typing import Any

from nova_code_verifier.sandbox.protocol.library_types import read_type, write_type

Walk = Callable[[Any], Any]
Tree = Any
"""What another process wrote."""

_FIELDS: dict[type[BaseException], tuple[str, ...]] = {
    OSError: ("errno", "strerror", "filename", "filename2"),
    ImportError: ("msg", "name", "path"),
    AttributeError: ("name",),
    NameError: ("name",),
    StopIteration: ("value",),
    SystemExit: ("code",),
    SyntaxError: ("msg", "filename", "lineno", "offset", "text", "end_lineno", "end_offset"),
    UnicodeDecodeError: ("encoding", "object", "start", "end", "reason"),
    UnicodeEncodeError: ("encoding", "object", "start", "end", "reason"),
    UnicodeTranslateError: ("object", "start", "end", "reason"),
}
"""The fields that builtin classes keep outside of `__dict__`, but not `AttributeError.obj`."""

# CPython formats these fields without a check of their types.
_TEXT, _INDEX = (str,), (int,)
_UNICODE: dict[str, tuple[type, ...]] = {
    "encoding": _TEXT,
    "object": _TEXT,
    "start": _INDEX,
    "end": _INDEX,
    "reason": _TEXT,
}
_FIELD_TYPES: dict[type[BaseException], dict[str, tuple[type, ...]]] = {
    SyntaxError: dict.fromkeys(_FIELDS[SyntaxError], (type(None), str, int)),
    UnicodeDecodeError: {**_UNICODE, "object": (bytes,)},
    UnicodeEncodeError: _UNICODE,
    UnicodeTranslateError: _UNICODE,
}
_INDEX_MAX = sys.maxsize


def write_exception(error: BaseException, walk: Walk) -> dict[str, object] | None:
    """Write an exception of exactly a library class; return None for any other.

    Raises what *walk* raises, but only for fields that the exception cannot do without.
    """
    names = write_type(type(error))
    return None if names is None else {"class": list(names), **write_details(error, walk)}


def read_exception(tree: Tree, walk: Walk) -> BaseException:
    """Return the exception. Raises ValueError, TypeError or LookupError if there is no such one."""
    kind = read_type(*tree["class"])
    if not issubclass(kind, BaseException):
        raise TypeError("a class of no exceptions")
    error = new_exception(kind, [walk(item) for item in tree["args"]])
    read_details(error, tree, walk)
    return error


def new_exception(kind: type[BaseException], args: list[Any]) -> BaseException:
    """Make an exception by the `__new__` of the builtin class that *kind* is based on."""
    base: Any = kind
    while base.__module__ != "builtins":
        base = base.__base__
    if issubclass(base, ExceptionGroup):
        message, members = args
        if type(message) is not str or type(members) not in (list, tuple):
            raise TypeError("a group of no exceptions")
        group: BaseException = base.__new__(kind, message, list(map(_member, members)))
        return group
    error: BaseException = base.__new__(kind)
    error.args = tuple(args)
    if hasattr(kind, "__getattr__"):  # HTTPError looks for all else in its file
        error.__dict__["file"] = None
    return error


def write_details(error: BaseException, walk: Walk) -> dict[str, object]:
    """Write all of an exception but its class. The candidate's own classes use this, too."""
    cause, context = error.__cause__, error.__context__
    details = {
        "args": _args(error, walk),
        "fields": _fields(error, walk),
        "notes": [note for note in _notes(error) if type(note) is str],
        "cause": _linked(cause, walk),
        "context": None if context is cause else _linked(context, walk),
        "both": context is cause and cause is not None,
        "suppress": error.__suppress_context__,
    }
    return {name: detail for name, detail in details.items() if detail or name == "args"}


def read_details(error: BaseException, tree: Tree, walk: Walk) -> None:
    """Set the fields, notes, cause and context of an exception. Raises as `read_exception`."""
    kind = type(error)
    slots = {name: base for base in kind.__mro__ for name in _FIELDS.get(base, ())}
    for name, field in tree.get("fields", []):
        if name in slots:
            _set_field(error, slots[name], name, walk(field))
        elif _is_field(kind, name):
            error.__dict__[name] = walk(field)
    notes = tree.get("notes", [])
    if notes:
        error.__dict__["__notes__"] = [note for note in notes if type(note) is str]
    cause = _read_linked(tree.get("cause"), walk)
    error.__context__ = cause if tree.get("both") else _read_linked(tree.get("context"), walk)
    if cause is not None:
        error.__cause__ = cause
    error.__suppress_context__ = tree.get("suppress") is True


def _args(error: BaseException, walk: Walk) -> list[object]:
    args: Any = BaseException.args.__get__(error)  # type: ignore[attr-defined]
    try:
        return [walk(item) for item in args]
    except ValueError:  # an argument that cannot travel
        return [str(error)]


def _fields(error: BaseException, walk: Walk) -> list[list[object]]:
    kind = type(error)
    fields = {
        name: getattr(error, name, None) for base in kind.__mro__ for name in _FIELDS.get(base, ())
    }
    fields = {name: field for name, field in fields.items() if field is not None}
    fields |= {name: field for name, field in vars(error).items() if _is_field(kind, name)}
    written: list[list[object]] = []
    for name, field in fields.items():
        try:
            written.append([name, walk(field)])
        except ValueError:  # a field that cannot travel
            continue
    return written


def _is_field(kind: type, name: object) -> bool:
    """Return whether a name can be an attribute of an instance, and hides nothing of the class."""
    return type(name) is str and not name.startswith("_") and not hasattr(kind, name)


def _set_field(error: BaseException, base: type[BaseException], name: str, field: Tree) -> None:
    types = _FIELD_TYPES.get(base, {}).get(name)
    if types is not None and type(field) not in types:
        raise TypeError("a field of the wrong type")
    if types is not None and type(field) is int and not 0 <= field <= _INDEX_MAX:
        raise ValueError("a field that is out of range")
    vars(base)[name].__set__(error, field)


def _notes(error: BaseException) -> list[object]:
    notes = vars(error).get("__notes__")
    return notes if type(notes) is list else []


def _linked(error: BaseException | None, walk: Walk) -> object:
    try:
        return None if error is None else walk(error)
    except ValueError:  # a chain that is too long, or goes round
        return None


def _read_linked(tree: object, walk: Walk) -> BaseException | None:
    error = None if tree is None else walk(tree)
    return error if issubclass(type(error), BaseException) else None


def _member(member: Tree) -> Exception:
    return member if issubclass(type(member), Exception) else Exception()
