"""Prevent that the harness runs what a candidate wrote.

In: the directories that both guests write in. Out: an audit hook, for the harness's guest. A file
there, a pickle or a text may come from the candidate: none of them is executed, and of the classes
that a pickle names only harmless ones are found.

The tests' own `eval` and `exec` are looked at before (`evaluation.py`): here they are allowed.
"""

import dis
import io
import os
import pickle
import sys
import types
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from nova_code_verifier.sandbox.protocol.library_types import read_type
from nova_code_verifier.verifier.test_code.harness.proxies import Session
from nova_code_verifier.verifier.test_code.harness.proxy_classes import ProxyClass
from nova_code_verifier.verifier.test_code.harness.script import FILE_NAME

_SCRATCH = ("/tmp/", "/var/tmp/", "/dev/shm/")  # noqa: S108  (names of one directory in a guest)
_INSTALLED = tuple(prefix + "/" for prefix in {sys.prefix, sys.base_prefix})
_BYTECODE = (".pyc", ".pyo")
# They execute text that they made themselves, of names in the tests.
_GENERATING = frozenset({"collections", "dataclasses", "enum", "typing", "functools", "attr"})
# They evaluate annotations, which may be the candidate's: no more than names and subscripts.
_EVALUATING = frozenset({"typing", "inspect", "annotationlib", "dataclasses"})
_IMPORTING = frozenset(
    {"importlib._bootstrap", "_frozen_importlib", "importlib._bootstrap_external"}
)
_OWN = "nova_code_verifier."
_TOOLS = ("_pytest.", "unittest.")
# The events of native code, and which of their arguments is its path.
_LOADING = {"import": 1, "ctypes.dlopen": 0}
_ACTING = frozenset(code for name, code in dis.opmap.items() if "CALL" in name or "STORE" in name)
_PICKLED_BASES = frozenset({
    ("copyreg", "_reconstructor"), ("builtins", "object"), ("pickle", "loads"),
})  # fmt: skip
# With these, a pickle would make classes and functions of its own design.
_NOT_PICKLED = frozenset({
    "abc", "collections.abc", "enum", "functools", "inspect", "numbers", "string", "types",
})  # fmt: skip
_NOT_PICKLED_KINDS = (
    type, classmethod, enumerate, filter, map, property, reversed, staticmethod, super, zip,
)  # fmt: skip


class RefusedError(RuntimeError):
    """The tests would run what the candidate may have written."""


def install(modules: frozenset[str]) -> None:
    """Guard this process from now on. *modules* are those that the tests import the candidate from.

    The classes in these are proxies.
    """
    work = os.path.realpath(os.getcwd())  # noqa: PTH109
    _replace_unpicklers()
    sys.addaudithook(_hook((work + "/", *_SCRATCH), modules))


def _hook(
    trees: tuple[str, ...], modules: frozenset[str]
) -> Callable[[str, tuple[Any, ...]], None]:
    is_inside = partial(_is_inside, trees)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "exec":
            _check_execution(args[0], is_inside)
        elif event == "open":
            path, mode = args[0], args[1]
            is_bytecode = isinstance(path, str) and path.endswith(_BYTECODE)
            if mode != "w" and is_bytecode and is_inside(path):
                raise RefusedError("byte code in the shared directory is not loaded")
        elif event in _LOADING:
            if is_inside(args[_LOADING[event]]):
                raise RefusedError("native code in the shared directory is not loaded")
        elif event in ("marshal.load", "marshal.loads"):
            name = str(sys._getframe(1).f_globals.get("__name__"))  # noqa: SLF001  (as above)
            if name not in _IMPORTING and not name.startswith(_OWN):
                raise RefusedError("byte code that may be the candidate's is not loaded")
        elif event == "pickle.find_class":
            _check_pickled(modules, *args)

    return hook


def _is_inside(trees: tuple[str, ...], path: object) -> bool:
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    if not isinstance(path, str) or path.startswith(_INSTALLED):
        return False
    return os.path.realpath(path).startswith(trees)


def _check_execution(code: types.CodeType, is_inside: Callable[[object], bool]) -> None:
    caller = sys._getframe(2)  # noqa: SLF001  (who executes it is known by no other way)
    name = str(caller.f_globals.get("__name__"))
    if not code.co_filename.startswith("<") and is_inside(code.co_filename):
        raise RefusedError("a file in the shared directory is not executed")
    if name in _IMPORTING and is_inside(_origin(caller)):
        raise RefusedError("byte code in the shared directory is not executed")
    if (
        name in _IMPORTING
        or name.startswith((_OWN, *_TOOLS))
        or caller.f_code.co_filename == FILE_NAME
        or name == "__main__"
    ):
        return
    if name in _EVALUATING and _only_names(code):
        return
    if name in _GENERATING and name not in _EVALUATING:
        return
    if name == "dataclasses":
        return  # it generates methods of the tests' own classes
    raise RefusedError(f"{name} would execute a text that may be the candidate's")


def _origin(importing: types.FrameType) -> object:
    """Return the file of the module that a frame of `importlib` executes."""
    arguments: Any = importing.f_locals.get("args")
    names = arguments[1] if arguments and len(arguments) > 1 else {}
    return getattr(names.get("__spec__"), "origin", None)


def _only_names(code: types.CodeType) -> bool:
    """Return whether code only reads names and subscripts, such as an annotation."""
    has_private = any(name.startswith("_") for name in code.co_names)
    return not has_private and not any(
        step.opcode in _ACTING for step in dis.get_instructions(code)
    )


def _check_pickled(own: frozenset[str], module: str, name: str) -> None:
    if module in own and not any(part.startswith("_") for part in name.split(".")):
        return  # a proxy, or the way to one
    if (module, name) in _PICKLED_BASES or _is_data(module, name):
        return
    raise pickle.UnpicklingError(f"{module}.{name} is not unpickled beside a candidate")


def _is_data(module: str, name: str) -> bool:
    if (module, name) == ("types", "SimpleNamespace"):
        return True
    try:
        kind = read_type(module, name)
    except (LookupError, TypeError, ValueError):
        return False
    return module not in _NOT_PICKLED and not issubclass(kind, _NOT_PICKLED_KINDS)


_InPython: Any = pickle._Unpickler  # noqa: SLF001  (the one in C cannot be changed)


class _OfCandidateError(Exception):
    """A pickle holds an object of a class of the candidate's."""

    def __init__(self, session: Session) -> None:
        self.session = session


class _Unpickler(_InPython):  # type: ignore[misc]
    """Reads pickles that set attributes of objects only: no special ones, and none of ours.

    The candidate unpickles what holds objects of its own classes.
    """

    def __init__(self, file: Any, **options: Any) -> None:  # noqa: ANN401  (as `pickle.Unpickler`)
        super().__init__(file, **options)
        self._file = file

    def load(self) -> Any:  # noqa: ANN401  (any object)
        """Read the next object."""
        is_seekable = getattr(self._file, "seekable", bool)()
        start = self._file.tell() if is_seekable else None
        try:
            return super().load()
        except _OfCandidateError as found:
            if start is None:
                raise pickle.UnpicklingError("a pickle of a candidate's object in a pipe") from None
            session = found.session
        import pickletools  # noqa: PLC0415  (few tests need it)

        self._file.seek(start)
        data = self._file.read()
        length = 1 + max(position or 0 for _, _, position in pickletools.genops(data))
        self._file.seek(start + length)
        return session.ask("unpickle", data[:length])

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401  (a class, or a function)
        """Find a class or function; the hook below looks at its name."""
        found = super().find_class(module, name)
        if isinstance(found, ProxyClass):
            raise _OfCandidateError(found._session_)
        return found

    def load_build(self) -> None:
        """Set the state of an object. A class keeps what it is."""
        owner, state = self.stack[-2:]
        parts = state if type(state) is tuple else (state,)
        names = [str(name) for part in parts if isinstance(part, dict) for name in part]
        is_special = any(name.startswith("_") and name.endswith("_") for name in names)
        if is_special or issubclass(type(owner), type):
            raise pickle.UnpicklingError("a pickle sets attributes that are not its own")
        super().load_build()

    dispatch: ClassVar[dict[int, Any]] = {**_InPython.dispatch}
    dispatch[pickle.BUILD[0]] = load_build


def _load(file: Any, **options: Any) -> Any:  # noqa: ANN401  (as `pickle.load`)
    return _Unpickler(file, **options).load()


def _loads(data: Any, /, **options: Any) -> Any:  # noqa: ANN401  (as `pickle.loads`)
    return _Unpickler(io.BytesIO(data), **options).load()


# A pickle that mentions it is read elsewhere, too.
_loads.__module__, _loads.__qualname__ = "pickle", "loads"


def _replace_unpicklers() -> None:
    """Let modules that are loaded already, and the tests, read pickles with ours."""
    for name in ("pickle", "shelve", "multiprocessing.reduction"):
        module: Any = sys.modules.get(name)
        if hasattr(module, "Unpickler"):
            module.Unpickler = _Unpickler
    pickle.load, pickle.loads = _load, _loads
