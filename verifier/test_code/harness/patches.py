"""Carry what the tests patch over to the candidate's guest.

In: changes that the tests make to library modules, library classes and the candidate's module, by
`unittest.mock`, `monkeypatch` or assignment. Out: the same changes in the candidate's guest, with
stand-ins for the tests' values. In the harness, every change stays as the tests made it.

A candidate that did `from time import sleep` is not reached by a patch of `time.sleep`: it would
not be reached in one process, either.
"""

import sys
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import wraps
from typing import Any

from nova_code_verifier.verifier.test_code.harness.candidates import UncarriedError
from nova_code_verifier.verifier.test_code.harness.exported_kinds import (
    PYTEST_PACKAGES,
    REFUSED_PACKAGES,
)
from nova_code_verifier.verifier.test_code.harness.library_names import is_library, name_in_library

_PATCHERS = frozenset({"unittest.mock", "_pytest.monkeypatch", "contextlib"})
# What the candidate writes there comes back with each answer, so the tests' own streams get it.
# The arguments of the program travel with each request.
_NOT_CARRIED = frozenset(
    {
        ("sys", "stdout"),
        ("sys", "stderr"),
        ("sys", "__stdout__"),
        ("sys", "__stderr__"),
        ("sys", "argv"),
    }
)
_ABSENT = object()
Path = list[str]
"""A module and the attributes that lead to a class in it; empty for the candidate's own module."""


class WatchedModule(types.ModuleType):
    """A module that notices assignments to its attributes."""

    def __setattr__(self, name: str, value: object) -> None:
        before = vars(self).get(name, _ABSENT)
        super().__setattr__(name, value)
        _note(self, name, before, value)

    def __delattr__(self, name: str) -> None:
        before = vars(self).get(name, _ABSENT)
        super().__delattr__(name)
        _note(self, name, before, _ABSENT)


class Patches:
    """What is patched in the candidate's guest."""

    def __init__(self, send: Callable[..., object]) -> None:
        """Carry patches over with *send*: it requests operations of `sandbox/guest/patched.py`."""
        self._send = send
        self._paths: dict[int, Path] = {}  # of watched modules, by id
        self._only: dict[int, Callable[[object], bool]] = {}
        self._originals: dict[tuple[str, ...], object] = {}
        self._modules_count = 0

    def install(self) -> None:
        """Watch the library from now on. One object at a time may be installed."""
        _installed.append(self)
        self.watch_library()

    def uninstall(self) -> None:
        """Carry nothing over from now on."""
        _installed.remove(self)

    def watch_library(self) -> None:
        """Watch the modules of the library, and the tools that patch, which are loaded by now."""
        if self not in _installed or len(sys.modules) == self._modules_count:
            return
        self._modules_count = len(sys.modules)
        for name, module in list(sys.modules.items()):
            # The same module may have several names: `os.path` and `posixpath`.
            if type(module) is types.ModuleType and name_in_library(module):
                module.__class__ = WatchedModule
            if type(module) is WatchedModule and id(module) not in self._paths:
                self._paths[id(module)] = [name]
        _watch_tools()

    def watch_candidate(
        self, module: types.ModuleType, only: Callable[[object], bool] | None = None
    ) -> None:
        """Watch a module from which the tests import the candidate.

        With *only*, a name counts as the candidate's if that is true of its value: in the module of
        the tests themselves.
        """
        module.__class__ = type("Module", (WatchedModule, type(module)), {})
        self._paths[id(module)] = []
        if only is not None:
            self._only[id(module)] = only

    # -- changes -------------------------------------------------------------------------

    def note(self, module: types.ModuleType, name: str, before: object, after: object) -> None:
        """Carry over an assignment to a module's attribute, or its deletion."""
        path = self._paths.get(id(module))
        if path is None or not _is_by_tests(sys._getframe(3)):  # noqa: SLF001  (who assigns is known by no other way)
            return
        key = (*path, name)
        only = self._only.get(id(module))
        is_known = key in self._originals
        if not is_known and only is not None and not only(before):
            return
        if (path[:1] and (path[0], name) in _NOT_CARRIED) or (not is_known and _is_of_tool(after)):
            return
        if name.startswith("__"):
            if path:
                raise UncarriedError(f"tests assign to {'.'.join(key)}")
            return
        self._patch(key, before, after)

    def _patch(self, key: tuple[str, ...], before: object, after: object) -> None:
        is_known = key in self._originals
        if after is not self._originals.setdefault(key, before):
            operands = ("unset",) if after is _ABSENT else ("patch", after)
            self._send(*operands, *key)
            return
        del self._originals[key]
        if is_known:
            self._send("unpatch", *key)

    def _note_modules(self, known: dict[str, Any]) -> None:
        names = [*known, *(name for name in sys.modules if name not in known)]
        for name in names:
            before, after = known.get(name, _ABSENT), sys.modules.get(name, _ABSENT)
            key = ("sys", "modules", name)
            # What is imported, or is to be imported again, is no patch.
            is_patch = after is not _ABSENT and not _is_library_module(after)
            if after is not before and (is_patch or key in self._originals):
                self._patch(key, before, after)

    # -- what test tools do: each runs the tool's own method where it yields --------------

    @contextmanager
    def _noting(self, targets: Iterable[tuple[Any, str]]) -> Iterator[None]:
        """Carry over what changes of these attributes, unless the owners notice it themselves."""
        noted = [
            (owner, (*path, name), vars(owner).get(name, _ABSENT))
            for owner, name in targets
            if (path := _path_to(owner)) is not None
        ]
        yield
        for owner, key, before in noted:
            self._patch(key, before, vars(owner).get(key[-1], _ABSENT))

    @contextmanager
    def entering(self, patcher: Any) -> Iterator[None]:  # noqa: ANN401  (a `patch` of mock's)
        """Begin a patch."""
        target = patcher.getter()
        self.watch_library()  # what was imported to find the target, too
        with self._noting([(target, patcher.attribute)]):
            yield

    @contextmanager
    def leaving(self, patcher: Any, *_: object) -> Iterator[None]:  # noqa: ANN401  (as above)
        """End a patch."""
        with self._noting([(getattr(patcher, "target", None), patcher.attribute)]):
            yield

    @contextmanager
    def changing_dict(self, patcher: Any) -> Iterator[None]:  # noqa: ANN401  (a `patch.dict`)
        """Begin or end the patch of a dict."""
        before = dict(sys.modules)
        yield
        if patcher.in_dict is sys.modules:
            self._note_modules(before)

    @contextmanager
    def changing_attribute(
        self,
        patcher: Any,  # noqa: ANN401  (a `MonkeyPatch`)
        target: object,
        name: Any = "",  # noqa: ANN401  (a value, if the target is a text)
        *_: object,
        **_keywords: object,
    ) -> Iterator[None]:
        """Set or delete an attribute."""
        if isinstance(target, str):
            with suppress(Exception):  # it is raised again where the tests expect it
                # Imports the module.
                name, target = sys.modules["_pytest.monkeypatch"].derive_importpath(target, False)  # noqa: FBT003
        self.watch_library()
        with self._noting([(target, name)]):
            yield
        entries = patcher._setattr  # noqa: SLF001
        if any(entry[0] is entries[-1][0] and entry[1] == entries[-1][1] for entry in entries[:-1]):
            entries.pop()  # the first entry restores it: twice would delete the original

    @contextmanager
    def changing_item(
        self, _patcher: object, dic: object, *_: object, **_keywords: object
    ) -> Iterator[None]:
        """Set or delete the item of a dict."""
        before = dict(sys.modules)
        yield
        if dic is sys.modules:
            self._note_modules(before)

    @contextmanager
    def undoing(self, patcher: Any) -> Iterator[None]:  # noqa: ANN401  (a `MonkeyPatch`)
        """Undo all that a `MonkeyPatch` has changed."""
        before = dict(sys.modules)
        with self._noting([entry[:2] for entry in reversed(patcher._setattr)]):  # noqa: SLF001
            yield
        self._note_modules(before)


_Around = Callable[..., AbstractContextManager[None]]
_HOOKS: dict[str, dict[str, dict[str, _Around]]] = {
    "unittest.mock": {
        "_patch": {"__enter__": Patches.entering, "__exit__": Patches.leaving},
        "_patch_dict": dict.fromkeys(("_patch_dict", "_unpatch_dict"), Patches.changing_dict),
    },
    "_pytest.monkeypatch": {
        "MonkeyPatch": {
            **dict.fromkeys(("setattr", "delattr"), Patches.changing_attribute),
            **dict.fromkeys(("setitem", "delitem"), Patches.changing_item),
            "undo": Patches.undoing,
        }
    },
}
"""The methods of test tools that patch: by module and class."""
_watched: set[str] = set()
_installed: list[Patches] = []


def _watch_tools() -> None:
    for module in _HOOKS.keys() & sys.modules.keys() - _watched:
        _watched.add(module)
        for kind, hooks in _HOOKS[module].items():
            for name, around in hooks.items():
                _hook(vars(sys.modules[module])[kind], name, around)


def _hook(owner: type, name: str, around: _Around) -> None:
    """Run a method of a test tool in the context *around* it."""
    original = vars(owner)[name]

    @wraps(original)
    def hooked(patcher: object, *args: object, **kwargs: object) -> object:
        with ExitStack() as stack:
            for patches in _installed:
                stack.enter_context(around(patches, patcher, *args, **kwargs))
            return original(patcher, *args, **kwargs)

    setattr(owner, name, hooked)


def _note(module: types.ModuleType, name: str, before: object, after: object) -> None:
    for patches in _installed:
        patches.note(module, name, before, after)


def _is_by_tests(frame: types.FrameType) -> bool:
    """Return whether the tests assign, or a tool in their name: no library for its own purposes."""
    name = str(frame.f_globals.get("__name__"))
    is_tool = name.partition(".")[0] in REFUSED_PACKAGES
    return name in _PATCHERS or not (is_tool or is_library(name))


def _is_library_module(value: object) -> bool:
    return isinstance(value, types.ModuleType) and name_in_library(value) is not None


def _is_of_tool(value: object) -> bool:
    """Return whether a value is of pytest, such as its own `sys.stdin`."""
    return str(type(value).__module__).partition(".")[0] in PYTEST_PACKAGES


def _path_to(owner: Any) -> Path | None:  # noqa: ANN401  (the target of a patch)
    """Return the path to a library's class, a logger or `os.environ`; None for another object."""
    if isinstance(owner, type):
        return name_in_library(owner)
    if owner is sys.modules["os"].environ:
        return ["os", "environ"]
    is_logger = type(owner) is getattr(sys.modules.get("logging"), "Logger", None)
    return ["logging", "getLogger", owner.name] if is_logger else None
