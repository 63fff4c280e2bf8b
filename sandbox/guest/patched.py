"""Changes to modules and classes that the tests ask for, in the candidate's guest.

In: where an attribute lies, and the value that it gets, a stand-in or plain data. The original is
kept, and comes back when the tests restore it.
"""

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_ABSENT = object()
_import = __import__  # tests may patch it
_chdir, _environ = os.chdir, os.environ


class Patched:
    """What is patched now, with the original values."""

    def __init__(self, names: dict[str, Any]) -> None:
        """Patch the library, or the program whose globals are *names*."""
        self._names = names
        self._originals: dict[tuple[str, ...], Any] = {}
        self._modules: dict[str, Any] = {}
        self.operations: dict[str, Callable[..., None]] = {
            "patch": self.patch,
            "unset": self.unset,
            "unpatch": self.unpatch,
            "environ": self.environ,
            "chdir": self.chdir,
            "module": self.module,
            "restore_module": self.restore_module,
        }

    def patch(self, path: list[str], value: object) -> None:
        """Set an attribute. A *path* of one name is a global of the program."""
        self._keep(path)
        self._set(path, value)

    def unset(self, path: list[str]) -> None:
        """Delete an attribute."""
        self._keep(path)
        self._set(path, _ABSENT)

    def unpatch(self, path: list[str]) -> None:
        """Restore an attribute."""
        original = self._originals.pop(tuple(path), self)
        if original is not self:
            self._set(path, original)

    def environ(self, key: str, value: str | None) -> None:
        """Set an environment variable; delete it if *value* is None."""
        if value is None:
            _environ.pop(key, None)
        else:
            _environ[key] = value

    def chdir(self, path: str) -> None:
        """Change the current directory."""
        _chdir(path)

    def module(self, name: str, value: object) -> None:
        """Put a stand-in into `sys.modules`; None forbids the import."""
        self._modules.setdefault(name, sys.modules.get(name, _ABSENT))
        sys.modules[name] = value  # type: ignore[assignment]

    def restore_module(self, name: str) -> None:
        """Restore what was in `sys.modules` under that name."""
        original = self._modules.pop(name, self)
        if original is _ABSENT:
            sys.modules.pop(name, None)
        elif original is not self:
            sys.modules[name] = original

    def _keep(self, path: list[str]) -> None:
        key = tuple(path)
        if key not in self._originals:
            owner = self._owner(path)
            attributes = self._names if owner is None else vars(owner)
            self._originals[key] = attributes.get(path[-1], _ABSENT)

    def _owner(self, path: list[str]) -> Any:  # noqa: ANN401  (a module or class; None: the program)
        if len(path) == 1:
            return None
        _import(path[0])
        found: Any = sys.modules[path[0]]
        for name in path[1:-1]:
            found = getattr(found, name)
        return found

    def _set(self, path: list[str], value: object) -> None:
        owner, name = self._owner(path), path[-1]
        if owner is None and value is _ABSENT:
            self._names.pop(name, None)
        elif owner is None:
            self._names[name] = value
        elif value is not _ABSENT:
            setattr(owner, name, value)
        elif name in vars(owner):
            delattr(owner, name)
