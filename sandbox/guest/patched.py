"""Changes to modules and classes that the tests ask for, in the candidate's guest.

In: where an attribute lies, and the value that it gets, a stand-in or plain data. The original is
kept, and comes back when the tests restore it.
"""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_ABSENT = object()
_import = __import__  # tests may patch it


class Patched:
    """What is patched now, with the original values."""

    def __init__(self, names: dict[str, Any]) -> None:
        """Patch the library, or the program whose globals are *names*."""
        self._names = names
        self._originals: dict[tuple[str, ...], Any] = {}
        self._of_classes: dict[tuple[type, str], Any] = {}
        self.operations: dict[str, Callable[..., None]] = {
            "setattr": self.set_attribute,
            "delattr": self.delete_attribute,
            "patch": self.patch,
            "unset": self.unset,
            "unpatch": self.unpatch,
        }

    def set_attribute(self, owner: Any, name: str, value: Any) -> None:  # noqa: ANN401  (any object)
        """Set an attribute of any object. Keep what a class itself had under that name."""
        if isinstance(owner, type):
            self._of_classes.setdefault((owner, name), vars(owner).get(name, _ABSENT))
        setattr(owner, name, value)

    def delete_attribute(self, owner: Any, name: str) -> None:  # noqa: ANN401  (as above)
        """Delete an attribute. In a class, restore what was there before the tests set it.

        Tools that restore a class see no names in that of a proxy, and delete what they have set.
        """
        original = _ABSENT
        if isinstance(owner, type):
            if (owner, name) in self._of_classes:
                original = self._of_classes.pop((owner, name))
            else:
                self._of_classes[owner, name] = vars(owner).get(name, _ABSENT)
        if original is _ABSENT:
            delattr(owner, name)
        else:
            setattr(owner, name, original)

    def patch(self, value: object, *path: str) -> None:
        """Set an attribute. A *path* of one name is a global of the program.

        In place of a module in `sys.modules`, None forbids the import.
        """
        self._keep(path)
        self._set(path, value)

    def unset(self, *path: str) -> None:
        """Delete an attribute."""
        self._keep(path)
        self._set(path, _ABSENT)

    def unpatch(self, *path: str) -> None:
        """Restore an attribute."""
        original = self._originals.pop(path, self)
        if original is not self:
            self._set(path, original)

    def _keep(self, path: tuple[str, ...]) -> None:
        if path not in self._originals:
            owner = self._owner(path)
            attributes = owner if isinstance(owner, dict) else vars(owner)
            self._originals[path] = attributes.get(path[-1], _ABSENT)

    def _owner(self, path: tuple[str, ...]) -> Any:  # noqa: ANN401  (a module, a class, or a dict)
        if len(path) == 1:
            return self._names
        _import(path[0])
        found: Any = sys.modules[path[0]]
        if path[:2] == ("logging", "getLogger") and len(path) > 2:  # noqa: PLR2004  (of a logger)
            return found.getLogger(path[2])
        for name in path[1:-1]:
            found = getattr(found, name)
        return found

    def _set(self, path: tuple[str, ...], value: object) -> None:
        owner, name = self._owner(path), path[-1]
        if isinstance(owner, dict):
            if value is _ABSENT:
                owner.pop(name, None)
            else:
                owner[name] = value
        elif value is not _ABSENT:
            setattr(owner, name, value)
        elif name in vars(owner):
            delattr(owner, name)
