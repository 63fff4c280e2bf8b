"""Descriptions of the tests' objects, from which the candidate's guest makes stand-ins.

In: an object that the tests pass to the candidate. Out: JSON that says what a stand-in needs to be
like it, and no more: never source, globals or closures.
"""

import dataclasses
import enum
import inspect
import io
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from nova_code_verifier.sandbox.protocol.exports import (
    ENUM_LIMIT,
    Description,
    Kind,
    Method,
    Parameter,
    Walk,
)
from nova_code_verifier.verifier.test_code.harness import exported_kinds
from nova_code_verifier.verifier.test_code.harness.library_names import name_in_library

_TEXT_MAX = 2000
_STREAM_BASES = (io.TextIOBase, io.BufferedIOBase)


class Describer:
    """Describes objects. *number_of* numbers the classes and members that a description names."""

    def __init__(self, number_of: Callable[[object], int], carry: Walk) -> None:
        """Describe with *carry*, which writes a value as a tree, or None if it does not travel."""
        self._number_of = number_of
        self._carry = carry

    def describe(self, value: Any, kind: Kind) -> Description:  # noqa: ANN401  (any object)
        """Describe an object of that kind."""
        match kind:
            case Kind.FUNCTION:
                return self._function(value)
            case Kind.CLASS:
                return self._class(value)
            case Kind.INSTANCE | Kind.ERROR:
                return self._instance(value, kind)
            case Kind.MOCK:
                return self._mock(value)
            case Kind.STREAM:
                return _stream(value)
        return {"kind": kind}

    def _function(self, value: Any) -> Description:  # noqa: ANN401
        name = _text(getattr(value, "__name__", "")) or type(value).__name__
        description: Description = {
            "kind": Kind.FUNCTION,
            "name": name,
            "qualname": _text(getattr(value, "__qualname__", "")) or name,
            "module": _text(getattr(value, "__module__", "")),
            "doc": getattr(value, "__doc__", None) and _text(value.__doc__),
            "flavour": exported_kinds.flavour_of(value),
            "parameters": None,
            "attributes": [
                (key, self._carry(item))
                for key, item in list(exported_kinds.attributes_of(value).items())[:ENUM_LIMIT]
            ],
        }
        own = _signature(value, follow_wrapped=False)
        shown = _signature(value, follow_wrapped=True)
        if own is not None:
            description["parameters"] = self._parameters(own)
            if own.return_annotation is not inspect.Signature.empty:
                description["returns"] = self._annotation(own.return_annotation)
        if shown is not None and shown != own:
            description["signature"] = self._parameters(shown)
        return description

    def _parameters(self, signature: inspect.Signature) -> list[Parameter]:
        parameters: list[Parameter] = []
        for found in signature.parameters.values():
            parameter: Parameter = {"name": found.name, "kind": int(found.kind)}
            if found.default is not inspect.Parameter.empty:
                parameter["default"] = self._default(found.default)
            if found.annotation is not inspect.Parameter.empty:
                parameter["annotation"] = self._annotation(found.annotation)
            parameters.append(parameter)
        return parameters

    def _default(self, value: object) -> list[object]:
        """Write a default; an empty list if the candidate need not see it.

        Tests bind what they expect to parameters, as in `lambda x, want=want: …`.
        """
        is_atom = value is None or type(value) is bool
        is_function = exported_kinds.kind_of(value) is Kind.FUNCTION
        if is_atom or is_function or name_in_library(value):
            carried = self._carry(value)
            return [carried] if carried is not None or value is None else []
        return []

    def _annotation(self, annotation: object) -> object:
        """Write a class of the library as that class, and any other annotation as text."""
        if annotation is None or (name_in_library(annotation) and isinstance(annotation, type)):
            return self._carry(annotation)
        return _text(inspect.formatannotation(annotation))

    def _class(self, kind: type) -> Description:
        if exported_kinds.is_of_library(kind):
            return {"kind": Kind.CLASS, "library": _library_name(kind)}
        # A class of a test suite is nothing that the candidate may call.
        is_suite = issubclass(kind, exported_kinds.test_case_class())
        description: Description = {
            "kind": Kind.CLASS,
            "name": kind.__name__,
            "qualname": kind.__qualname__,
            "module": _text(kind.__module__),
            "doc": kind.__doc__ and _text(kind.__doc__),
            "number": 0 if is_suite else self._number_of(kind),
            "bases": [] if is_suite else [self._class(base) for base in kind.__bases__],
            "methods": [] if is_suite else _methods(kind),
            "specials": [*exported_kinds.specials_of(kind), "__repr__"],
        }
        if issubclass(kind, enum.Enum):
            members = list(kind.__members__.items())[:ENUM_LIMIT]
            description["members"] = [
                (name, self._number_of(member), self._carry(member.value))
                for name, member in members
            ]
        elif issubclass(kind, tuple) and hasattr(kind, "_fields"):
            description["fields"] = list(kind._fields)
        elif dataclasses.is_dataclass(kind):
            description["fields"] = [field.name for field in dataclasses.fields(kind)]
            description["is_dataclass"] = True
        return description

    def _instance(self, value: Any, kind: Kind) -> Description:  # noqa: ANN401
        description: Description = {"kind": kind, "cls": self._class(type(value))}
        if isinstance(value, enum.Enum):
            return description | {"kind": Kind.MEMBER, "member": value.name}
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return description | {"kind": Kind.ROW, "items": self._carry(list(value))}
        if kind is Kind.ERROR:
            description["items"] = self._carry(list(value.args))
        if exported_kinds.is_of_library(type(value)):
            description["cls"]["specials"] = exported_kinds.specials_of(type(value))
        return description

    def _mock(self, value: Any) -> Description:  # noqa: ANN401
        kind = type(value)
        spec = value.__dict__.get("_spec_class")
        description: Description = {
            "kind": Kind.MOCK,
            "specials": [
                name
                for name in exported_kinds.specials_of(kind)
                if name not in ("__call__", "__eq__", "__ne__", "__hash__")
            ],
            "is_callable": hasattr(kind, "__call__"),  # noqa: B004  (of its class: a mock has any attribute)
            "flavour": exported_kinds.flavour_of(value),
        }
        if hasattr(kind, "__get__"):
            description["is_property"] = True
        if isinstance(spec, type) and name_in_library(spec):
            description["library"] = _library_name(spec)
        return description


def _stream(value: object) -> Description:
    kind = type(value)
    bases = [base.__name__ for base in _STREAM_BASES if issubclass(kind, base)]
    library = next((base for base in kind.__mro__ if exported_kinds.is_of_library(base)), object)
    name = bases[0] if bases else "RawIOBase"
    return {"kind": Kind.STREAM, "name": name, "library": _library_name(library)}


def _methods(kind: type) -> list[Method]:
    """Return the methods that this very class defines, except special ones."""
    methods: list[Method] = []
    for name, found in vars(kind).items():
        binding = type(found).__name__ if isinstance(found, staticmethod | classmethod) else ""
        function = found.__func__ if binding else found
        if inspect.isfunction(function) and exported_kinds.may_read(kind, Kind.CLASS, name):
            flavour = exported_kinds.flavour_of(function)
            doc = function.__doc__ and _text(function.__doc__)
            methods.append({"name": name, "flavour": flavour, "binding": binding, "doc": doc})
    return methods[:ENUM_LIMIT]


def _signature(value: Any, *, follow_wrapped: bool) -> inspect.Signature | None:  # noqa: ANN401
    with suppress(TypeError, ValueError):  # many functions that are written in C have none
        return inspect.signature(value, follow_wrapped=follow_wrapped)
    return None


def _library_name(kind: type) -> list[str]:
    return [kind.__module__, kind.__qualname__]


def _text(value: object) -> str:
    return value[:_TEXT_MAX] if isinstance(value, str) else ""
