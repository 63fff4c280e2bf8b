"""Carry what the tests patch over to the candidate's guest.

In: changes that the tests make to library modules, library classes and the candidate's module, by
`unittest.mock`, `monkeypatch` or assignment. Out: the same changes in the candidate's guest, with
stand-ins for the tests' values. In the harness, every change stays as the tests made it.

A candidate that did `from time import sleep` is not reached by a patch of `time.sleep`: it would
not be reached in one process, either.
"""

import sys
import types
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, Protocol

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


class Send(Protocol):
    """Asks the candidate's guest for one operation of `sandbox/guest/patched.py`."""

    def __call__(self, operation: str, /, *operands: object) -> object:
        """Return the answer, or raise what the operation raised."""


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
    """What is patched in the candidate's guest, in the order in which it was patched."""

    def __init__(self, send: Send) -> None:
        """Carry patches over with *send*."""
        self._send = send
        self._paths: dict[int, Path] = {}  # of watched modules, by id
        self._only: dict[int, Callable[[object], bool]] = {}
        self._originals: dict[tuple[str, ...], tuple[object, str, object]] = {}
        self._modules: set[str] = set()
        self._modules_count = 0
        self._undo_hooks: list[Callable[[], None]] = []

    def install(self) -> None:
        """Watch the library from now on. One object at a time may be installed."""
        _installed.append(self)
        self.watch_library()

    def uninstall(self) -> None:
        """Forget what is patched, and watch nothing."""
        _installed.remove(self)
        for undo in reversed(self._undo_hooks):
            undo()

    def watch_library(self) -> None:
        """Watch the modules of the library that are loaded by now."""
        if self not in _installed or len(sys.modules) == self._modules_count:
            return
        self._modules_count = len(sys.modules)
        for name, module in list(sys.modules.items()):
            # The same module may have several names: `os.path` and `posixpath`.
            if type(module) is types.ModuleType and name_in_library(module):
                module.__class__ = WatchedModule
            if type(module) is WatchedModule and id(module) not in self._paths:
                self._paths[id(module)] = [name]
        self._watch_monkeypatch()
        self._watch_mock()

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

    def restore(self) -> None:
        """Restore what is still patched, the last first, in both guests."""
        for key, (owner, name, original) in reversed(list(self._originals.items())):
            self._unpatch(key)
            if original is _ABSENT:
                _delete(owner, name)
            else:
                _assign(owner, name, original)

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
        self._patch(key, module, name, before, after)

    def note_object(self, owner: object, name: str, before: object, after: object) -> None:
        """Carry over an assignment to a library's class, a logger, or `os.environ`."""
        path = _path_to(owner)
        if path is not None:
            self._patch((*path, name), owner, name, before, after)

    def _patch(
        self, key: tuple[str, ...], owner: object, name: str, before: object, after: object
    ) -> None:
        known = self._originals.get(key)
        original = before if known is None else known[2]
        if after is original:
            if known is not None:
                self._unpatch(key)
            return
        self._originals.setdefault(key, (owner, name, before))
        if after is _ABSENT:
            self._send("unset", *key)
        else:
            self._send("patch", after, *key)

    def _unpatch(self, key: tuple[str, ...]) -> None:
        del self._originals[key]
        self._send("unpatch", *key)

    # -- hooks ---------------------------------------------------------------------------

    def _mark(self, kind: Any) -> None:  # noqa: ANN401  (a class)
        kind._is_watched = True  # noqa: SLF001
        self._undo_hooks.append(lambda: delattr(kind, "_is_watched"))

    def _hook(self, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:  # noqa: ANN401
        """Replace a function of *owner* until `uninstall`."""
        original = vars(owner)[name]
        replacement = wrap(original)
        _assign(owner, name, replacement)
        self._undo_hooks.append(lambda: _assign(owner, name, original))

    def _watch_mock(self) -> None:
        """Watch `patch` where it assigns to a class, and `patch.dict` of `sys.modules`."""
        mock: Any = sys.modules.get("unittest.mock")
        if mock is None or hasattr(mock._patch, "_is_watched"):  # noqa: SLF001
            return
        self._mark(mock._patch)  # noqa: SLF001
        self._hook(mock._patch, "__enter__", self._entering)  # noqa: SLF001
        self._hook(mock._patch, "__exit__", self._leaving)  # noqa: SLF001
        self._hook(mock._patch_dict, "_patch_dict", self._modules_changing)  # noqa: SLF001
        self._hook(mock._patch_dict, "_unpatch_dict", self._modules_changing)  # noqa: SLF001

    def _entering(self, enter: Any) -> Any:  # noqa: ANN401
        @wraps(enter)
        def hooked(patcher: Any) -> object:  # noqa: ANN401
            target = patcher.getter()
            self.watch_library()  # what was imported to find the target, too
            before = _own(target, patcher.attribute)
            entered = enter(patcher)
            if _is_noted(target):
                self.note_object(target, patcher.attribute, before, _own(target, patcher.attribute))
            return entered

        return hooked

    def _leaving(self, leave: Any) -> Any:  # noqa: ANN401
        @wraps(leave)
        def hooked(patcher: Any, *error: object) -> object:  # noqa: ANN401
            target = getattr(patcher, "target", None)
            before = _own(target, patcher.attribute) if _is_noted(target) else None
            left: object = leave(patcher, *error)
            if _is_noted(target):
                self.note_object(target, patcher.attribute, before, _own(target, patcher.attribute))
            return left

        return hooked

    def _modules_changing(self, change: Any) -> Any:  # noqa: ANN401
        @wraps(change)
        def hooked(patcher: Any) -> object:  # noqa: ANN401
            before = dict(sys.modules)
            changed: object = change(patcher)
            if patcher.in_dict is sys.modules:
                self.note_modules(before)
            return changed

        return hooked

    def note_modules(self, before: dict[str, Any]) -> None:
        """Carry over what has changed in `sys.modules` since *before*."""
        names = [*before, *(name for name in sys.modules if name not in before)]
        for name in names:
            after = sys.modules.get(name, _ABSENT)
            if after is before.get(name, _ABSENT) or _is_library_module(after):
                continue
            if name in self._modules and (after is _ABSENT or isinstance(after, types.ModuleType)):
                self._modules.discard(name)
                self._send("restore_module", name)
            elif after is not _ABSENT:
                self._modules.add(name)
                self._send("module", name, after)

    def _watch_monkeypatch(self) -> None:
        """Watch `monkeypatch` where it assigns to a class, or to `sys.modules`."""
        module = sys.modules.get("_pytest.monkeypatch")
        kind: Any = getattr(module, "MonkeyPatch", None)
        if kind is None or hasattr(kind, "_is_watched"):
            return
        self._mark(kind)
        for name in ("setattr", "delattr"):
            self._hook(kind, name, self._noting_last)
        for name in ("setitem", "delitem"):
            self._hook(kind, name, self._noting_item)
        self._hook(kind, "undo", self._undoing)

    def _noting_last(self, change: Any) -> Any:  # noqa: ANN401
        find_target = change.__globals__["derive_importpath"]

        @wraps(change)
        def hooked(patcher: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
            if args and isinstance(args[0], str):
                with suppress(Exception):  # it is raised again where the tests expect it
                    find_target(args[0], raising=False)  # imports the module
            self.watch_library()
            change(patcher, *args, **kwargs)
            entries = patcher._setattr  # noqa: SLF001
            if not entries:
                return
            target, name, before = entries[-1]
            if any(entry[0] is target and entry[1] == name for entry in entries[:-1]):
                entries.pop()  # the first entry restores it: twice would delete the original
            if _is_noted(target):
                # Versions of pytest have different objects for "there was none".
                is_absent = type(before).__name__.lower().startswith("notset")
                original = _ABSENT if is_absent else before
                if not isinstance(target, type):
                    original = _ABSENT  # what `monkeypatch` found is the method of its class
                self.note_object(target, name, original, _own(target, name))

        return hooked

    def _noting_item(self, change: Any) -> Any:  # noqa: ANN401
        @wraps(change)
        def hooked(patcher: Any, dic: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
            before = dict(sys.modules) if dic is sys.modules else None
            change(patcher, dic, *args, **kwargs)
            if before is not None:
                self.note_modules(before)

        return hooked

    def _undoing(self, undo: Any) -> Any:  # noqa: ANN401
        @wraps(undo)
        def hooked(patcher: Any) -> None:  # noqa: ANN401
            targets = [entry[:2] for entry in reversed(patcher._setattr)]  # noqa: SLF001
            before = dict(sys.modules)
            has_modules = any(dic is sys.modules for dic, *_ in patcher._setitem)  # noqa: SLF001
            undo(patcher)
            for target, name in targets:
                if _is_noted(target):
                    self.note_object(target, name, None, _own(target, name))
            if has_modules:
                self.note_modules(before)

        return hooked


_installed: list[Patches] = []


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


def _is_noted(target: object) -> bool:
    """Return whether only a hook notices what is patched in a target."""
    return isinstance(target, type) or target is _environment() or _is_logger(target)


def _path_to(owner: Any) -> list[str] | None:  # noqa: ANN401  (a class, a logger, an environment)
    if owner is _environment():
        return ["os", "environ"]
    return ["logging", "getLogger", owner.name] if _is_logger(owner) else name_in_library(owner)


def _environment() -> object:
    return sys.modules["os"].environ


def _is_logger(target: object) -> bool:
    return type(target) is getattr(sys.modules.get("logging"), "Logger", None)


def _own(owner: Any, name: str) -> object:  # noqa: ANN401  (a class or another target of a patch)
    try:
        return vars(owner).get(name, _ABSENT)
    except TypeError:
        return _ABSENT


def _assign(owner: Any, name: str, value: object) -> None:  # noqa: ANN401  (a module or class)
    if isinstance(owner, types.ModuleType):
        types.ModuleType.__setattr__(owner, name, value)
    else:
        setattr(owner, name, value)


def _delete(owner: Any, name: str) -> None:  # noqa: ANN401  (a module or class)
    if name not in vars(owner):
        return
    if isinstance(owner, types.ModuleType):
        types.ModuleType.__delattr__(owner, name)
    else:
        delattr(owner, name)
