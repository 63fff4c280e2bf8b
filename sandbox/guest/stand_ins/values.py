"""Stand-ins for members of the tests' enumerations and for their named tuples: they are values.

They lie here as they are there, and go back as the very object of the tests'.
"""

import collections
import enum
from typing import Any

from nova_code_verifier.sandbox.guest.stand_ins.instances import (
    StandInClass,
    find_in_library,
)
from nova_code_verifier.sandbox.guest.stand_ins.table import CLASSES, ask, remember
from nova_code_verifier.sandbox.protocol.exports import Description, Request, Walk


class _Member:
    """Asks for what the tests' enumeration defines besides its members."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        return ask(self, "getattr", name)


def new_enumeration(description: Description, request: Request, read: Walk) -> Any:  # noqa: ANN401  (a class)
    """Return the enumeration that stands for one of the tests'; make it if there is none yet."""
    number = description["number"]
    if number not in CLASSES:
        members = description.get("members") or []
        base = _enumeration_base(description)
        pairs = [(name, read(tree)) for name, _, tree in members]
        names = {"__qualname__": description["qualname"], "__doc__": description["doc"]}
        body = base.__prepare__(description["name"], (_Member, base))
        for name, value in [("__module__", description["module"]), *names.items(), *pairs]:
            body[name] = value
        made = type(base)(description["name"], (_Member, base), body)
        CLASSES[number] = remember(made, number, request)
        for name, member_number, _ in members:
            remember(made[name], member_number, request)
    return CLASSES[number]


def _enumeration_base(description: Description) -> Any:  # noqa: ANN401  (a class)
    for base in description["bases"]:
        found = find_in_library(base["library"]) if "name" not in base else _enumeration_base(base)
        if isinstance(found, type) and issubclass(found, enum.Enum):
            return found
    return enum.Enum


def new_row(
    description: Description, number: int, request: Request, items: list[Any] | None
) -> object:
    """Make the stand-in for a named tuple: a named tuple."""
    kind = new_row_class(description["cls"], request)
    return remember(tuple.__new__(kind, items or ()), number, request)


def new_row_class(description: Description, request: Request) -> Any:  # noqa: ANN401  (a class)
    """Return the class that stands for a class of named tuples; make it if there is none yet."""
    number = description["number"]
    if number not in CLASSES:
        fields = description.get("fields") or []
        plain: Any = collections.namedtuple(description["name"], fields)  # type: ignore[misc]  # (its fields are known now)
        names: dict[str, Any] = {"__slots__": (), "_make": classmethod(lambda cls, row: cls(*row))}
        for method in description["methods"]:
            names[method["name"]] = _method_of_row(method["name"])
        names["__module__"], names["__doc__"] = description["module"], description["doc"]
        made = type.__new__(StandInClass, description["name"], (plain,), names)
        CLASSES[number] = remember(made, number, request)
    return CLASSES[number]


def _method_of_row(name: str) -> Any:  # noqa: ANN401  (a function)
    return lambda self, /, *args, **kwargs: ask(self, "method", name, *args, **kwargs)
