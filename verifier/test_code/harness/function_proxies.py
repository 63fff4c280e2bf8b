"""Proxies for the candidate's functions. To `inspect`, they are functions."""

import inspect
import linecache
import types
from collections.abc import Mapping
from typing import Any

from nova_code_verifier.sandbox.protocol.mirrors import Tree
from nova_code_verifier.verifier.test_code.harness.candidates import is_tool_attribute
from nova_code_verifier.verifier.test_code.harness.proxies import REF, Session

SOURCE_NAME = "solution.py"
"""The name of the candidate's file, as its code objects have it."""
_MODULE = SOURCE_NAME.removesuffix(".py")
# Asked of the candidate when they are looked up.
_ASKED = frozenset(
    {
        "__annotations__",
        "__wrapped__",
        "__defaults__",
        "__kwdefaults__",
        "__closure__",
    }
)
_KINDS = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


class FunctionProxy:
    """Stands for a function."""

    def __init__(
        self,
        session: Session,
        number: int,
        description: Mapping[str, Tree],
        claimed: type | None = None,
    ) -> None:
        """Stand for the function of that number. It may be of a class *claimed* of the library."""
        names = vars(self)
        names["_session_"], names[REF] = session, number
        name, doc = description.get("name"), description.get("doc")
        names["__name__"] = str(name)
        names["__qualname__"] = str(description.get("qualname", name))
        # The program runs as `__main__`, and tests import it as a module.
        module = str(description.get("module"))
        names["__module__"] = _MODULE if module == "__main__" else module
        names["__doc__"] = doc if type(doc) is str else None
        is_method = description.get("is_method") is True
        names["_class_"] = claimed or (types.MethodType if is_method else types.FunctionType)
        flags, line = description.get("flags"), description.get("line")
        names["_flags_"] = flags if type(flags) is int else 0
        names["_line_"] = line if type(line) is int and 0 < line < 2**31 else 1

    def __repr__(self) -> str:
        if self._class_ is not types.FunctionType:
            return object.__repr__(self)
        return f"<function {self.__qualname__} at {id(self):#x}>"

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Ask for the result of a call."""
        return self._session_.ask("call", self, *args, keywords=kwargs)

    @property  # type: ignore[misc]  # (to be set by nobody)
    def __class__(self) -> type:
        return self._class_  # type: ignore[no-any-return]

    @property
    def __signature__(self) -> inspect.Signature:
        return read_signature(self._session_, self)

    @property
    def __globals__(self) -> dict[str, Any]:
        return _Globals(self._session_)

    @property
    def __code__(self) -> types.CodeType:
        show_source(self._session_)
        code = _lend_code.__code__
        return code.replace(
            co_name=self.__name__,
            co_filename=SOURCE_NAME,
            co_firstlineno=self._line_,
            co_flags=code.co_flags | self._flags_ & _KINDS,
        )

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (the candidate's)
        if name == "__func__" and vars(self)["_class_"] is types.MethodType:
            return vars(self)["_session_"].ask("getattr", self, name)
        if is_tool_attribute(name) and name not in _ASKED:
            raise AttributeError(name)
        return vars(self)["_session_"].ask("getattr", self, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("__") and name.endswith("__"):
            vars(self)[name] = value
        else:
            self._session_.ask("setattr", self, name, value)

    def __delattr__(self, name: str) -> None:
        self._session_.ask("delattr", self, name)


class _Globals(dict[str, Any]):
    """Finds the names of the program, as `get_type_hints` does where annotations are text."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __missing__(self, name: str) -> object:
        try:
            return self._session.ask("name", name)
        except NameError as error:
            raise KeyError(name) from error


def _lend_code() -> None:
    """Lend the code object of a function to the proxies."""


def read_signature(session: Session, value: object) -> inspect.Signature:
    """Ask for the signature of a callable. Raises what `inspect.signature` raises."""
    *listed, (has_returns, returns) = session.ask("signature", value)
    empty = inspect.Parameter.empty
    parameters = [
        inspect.Parameter(
            name,
            inspect._ParameterKind(kind),  # noqa: SLF001  (as `Parameter` itself does)
            default=default if has_default else empty,
            annotation=annotation if has_annotation else empty,
        )
        for name, kind, has_default, default, has_annotation, annotation in listed
    ]
    return inspect.Signature(parameters, return_annotation=returns if has_returns else empty)


def show_source(session: Session) -> None:
    """Show the candidate's source to `inspect`, as `linecache` would find it in a file."""
    if SOURCE_NAME not in linecache.cache:
        text = session.ask("source")
        text = text if type(text) is str else ""
        lines = text.splitlines(keepends=True)
        linecache.cache[SOURCE_NAME] = (len(text), None, lines, SOURCE_NAME)


def call_base(session: Session, owner: type, name: str, binding: object = "") -> Any:  # noqa: ANN401  (a function)
    """Return a function that calls the candidate's own method *name* of the class *owner*."""

    def method(self: Any, /, *args: object, **kwargs: object) -> object:  # noqa: ANN401  (of any class)
        return session.ask("base", owner, name, self, *args, keywords=kwargs)

    def static(*args: object, **kwargs: object) -> object:
        return method(None, *args, **kwargs)

    method.__name__ = static.__name__ = name
    match binding:
        case "static":
            return staticmethod(static)
        case "class":
            return classmethod(method)
        case "property":
            return property(method)
    return method
