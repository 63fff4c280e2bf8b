"""A private `/tmp` for guests, where the kernel has no mount of their own for it.

Functions of `os`, `io` and a few native modules that take a path get substitutes. These put the
guest's temporary directory in the place of `/tmp` in a path, and show `/tmp` again in results and
errors. Nothing relies on them: the kernel, or the strict hook, refuses the real `/tmp`.
"""

import _imp
import builtins
import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial, update_wrapper, wraps
from types import ModuleType
from typing import Any

# Honest programs keep scratch files in any of these. In a guest, all are one directory.
NAMES = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108  (the names in the programs' paths)
_NAMES_AS_BYTES = tuple(map(os.fsencode, NAMES))

_ONE_PATH = (
    "access", "chmod", "chown", "getxattr", "lchown", "listdir", "listxattr", "lstat", "mkdir",
    "open", "pathconf", "remove", "removexattr", "rmdir", "setxattr", "stat", "statvfs", "truncate",
    "unlink", "utime",
)  # fmt: skip
_TWO_PATHS = ("link", "rename", "replace", "symlink")
# Native modules that open files themselves, and their functions that do.
_OPENERS = {"_sqlite3": "connect", "_gdbm": "open", "_dbm": "open"}

_FILE_URI = re.compile("file:(?://)?(?=/)")

_Function = Callable[..., Any]


class PrivateTmp:
    """Translates the names of temporary files."""

    def __init__(self, directory: str, *, exempt: tuple[str, ...]) -> None:
        """Put *directory* in the place of `/tmp`. The trees *exempt* keep their names."""
        self._directory = directory
        self._trees = tuple(tree.rstrip("/") + "/" for tree in (directory, *exempt))
        # A path leads to an exempt tree through these: `os.path.realpath` looks at each.
        self._ancestors = {
            "/".join(parts[:end])
            for parts in (tree.split("/") for tree in self._trees)
            for end in range(1, len(parts))
        }.difference(NAMES)

    def real(self, path: Any) -> Any:  # noqa: ANN401  (a guest may pass anything)
        """Return the real path if *path* is below `/tmp`; else return *path* itself."""
        kind = type(path)
        if kind is str:
            return self._translate(path) if path.startswith(NAMES) else path
        if kind is bytes:
            if path.startswith(_NAMES_AS_BYTES):
                translated = self._translate(os.fsdecode(path))
                return os.fsencode(translated)
            return path
        if kind is not int and hasattr(kind, "__fspath__"):
            text = os.fspath(path)
            translated = self.real(text) if type(text) in (str, bytes) else text
            return path if translated == text else translated
        return path

    def _translate(self, path: str) -> str:
        for name in NAMES:
            if path == name or path.startswith(name + "/"):
                bare = path.rstrip("/")
                if bare in self._ancestors or (bare + "/").startswith(self._trees):
                    return path
                return self._directory + path[len(name) :]
        return path

    def _real_of_uri(self, path: Any) -> Any:  # noqa: ANN401
        """Return what `real` returns, also for the URIs that sqlite3 accepts."""
        match = _FILE_URI.match(path) if type(path) is str else None
        if match is None:
            return self.real(path)
        return path[: match.end()] + self.real(path[match.end() :])

    def shown(self, path: Any) -> Any:  # noqa: ANN401  (str or bytes)
        """Return the name below `/tmp` of a real path; return other paths as they are."""
        text = os.fsdecode(path)
        if text != self._directory and not text.startswith(self._directory + "/"):
            return path
        name = NAMES[0] + text[len(self._directory) :]
        return name if isinstance(path, str) else os.fsencode(name)

    def install(self) -> None:
        """Replace the functions that take paths, for all code of this process."""
        unlink = os.unlink
        for name in _ONE_PATH:
            replace_in_os(name, self._with_paths(getattr(os, name), 1))
        # `NamedTemporaryFile` deletes its file by a function that a default argument keeps.
        closer: Any = getattr(sys.modules.get("tempfile"), "_TemporaryFileCloser", object)
        for function in vars(closer).values():
            defaults = getattr(function, "__defaults__", None) or ()
            if unlink in defaults:
                function.__defaults__ = tuple(
                    os.unlink if value is unlink else value for value in defaults
                )
        for name in _TWO_PATHS:
            replace_in_os(name, self._with_paths(getattr(os, name), 2))
        replace_in_os("readlink", self._readlink(os.readlink))
        replace_in_os("scandir", self._scandir(os.scandir))
        # Since Python 3.13, `pathlib` looks into directories with a function that this class keeps.
        globber: Any = getattr(sys.modules.get("glob"), "_StringGlobber", None)
        if globber is not None:
            globber.scandir = staticmethod(os.scandir)
        self._replace_current_directory()
        # In a class body, a function would become a method; the built-in function does not.
        builtins.open = io.open = staticmethod(self._open(open))
        io.open_code = self._with_paths(io.open_code, 1)
        vars(sys.modules["_io"]).update(open=io.open, open_code=io.open_code)
        _imp.exec_dynamic = self._exec_dynamic(_imp.exec_dynamic)
        sys.path_hooks.insert(0, self._find_modules)

    def _with_paths(
        self, function: _Function, count: int, real: Callable[[Any], Any] | None = None
    ) -> _Function:
        """Translate the first *count* arguments of a function, by *real*."""
        real = real or self.real

        @wraps(function)
        def substitute(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            if count == 1 and args and (path := args[0]) is real(path):
                return function(*args, **kwargs)  # the usual case, fast
            translated = (*map(real, args[:count]), *args[count:])
            named = {name: real(value) for name, value in kwargs.items()}
            try:
                return function(*translated, **named)
            except OSError as error:
                pairs = (
                    *zip(translated, args, strict=True),
                    *((named[n], kwargs[n]) for n in named),
                )
                _show_given(error, pairs)
                raise

        return substitute

    def _open(self, function: _Function) -> _Function:
        @wraps(function)
        def open(  # noqa: A001, PLR0917  (the signature of the built-in function)
            file: Any,  # noqa: ANN401
            mode: str = "r",
            buffering: int = -1,
            encoding: str | None = None,
            errors: str | None = None,
            newline: str | None = None,
            closefd: bool = True,  # noqa: FBT001, FBT002
            opener: _Function | None = None,
        ) -> Any:  # noqa: ANN401
            path = self.real(file)
            if path is file:
                return function(file, mode, buffering, encoding, errors, newline, closefd, opener)
            name = os.fspath(file)
            own_opener = opener and partial(_open_by_name, opener, name)
            try:
                stream = function(
                    path, mode, buffering, encoding, errors, newline, closefd, own_opener
                )
            except OSError as error:
                _show_given(error, ((path, name),))
                raise
            buffer = getattr(stream, "buffer", stream)
            raw: Any = getattr(buffer, "raw", buffer)
            raw.name = name
            return stream

        return open

    def _readlink(self, function: _Function) -> _Function:
        translating = self._with_paths(function, 1)

        def readlink(path: Any, *, dir_fd: int | None = None) -> Any:  # noqa: ANN401
            target = translating(path, dir_fd=dir_fd)
            return target if self.real(path) is path else self.shown(target)

        return readlink

    def _scandir(self, function: _Function) -> _Function:
        translating = self._with_paths(function, 1)

        def scandir(path: Any = None) -> Any:  # noqa: ANN401
            entries = translating(path)
            return entries if self.real(path) is path else _Entries(entries, self)

        return scandir

    def _replace_current_directory(self) -> None:
        """Show the current directory by the name that the guest gave it."""
        chdir = self._with_paths(os.chdir, 1)
        is_shown = False

        def change(path: Any) -> None:  # noqa: ANN401
            nonlocal is_shown
            chdir(path)
            if isinstance(path, int) or os.path.isabs(path):  # noqa: PTH117
                is_shown = self.real(path) is not path

        def showing(function: _Function) -> _Function:
            def substitute() -> Any:  # noqa: ANN401  (str or bytes)
                return self.shown(function()) if is_shown else function()

            return substitute

        replace_in_os("chdir", change)
        replace_in_os("getcwd", showing(os.getcwd))
        replace_in_os("getcwdb", showing(os.getcwdb))

    def _exec_dynamic(self, function: _Function) -> _Function:
        @wraps(function)
        def exec_dynamic(module: ModuleType) -> int:
            status: int = function(module)
            opener = _OPENERS.get(module.__name__)
            if opener is not None:
                real = self._real_of_uri if opener == "connect" else self.real
                setattr(module, opener, self._with_paths(getattr(module, opener), 1, real))
            return status

        return exec_dynamic

    def _find_modules(self, path: str) -> Any:  # noqa: ANN401
        """Find modules below `/tmp`: a path hook."""
        if self.real(path) is path:
            raise ImportError
        for hook in sys.path_hooks:
            try:
                return hook(self.real(path))
            except ImportError:
                continue
        raise ImportError


class _Entries:
    """Shows the entries of a directory below `/tmp`, with names below `/tmp`."""

    def __init__(self, entries: Any, tmp: PrivateTmp) -> None:  # noqa: ANN401
        self._entries = entries
        self._tmp = tmp

    def __iter__(self) -> Iterator["_Entry"]:
        return self

    def __next__(self) -> "_Entry":
        entry = next(self._entries)
        return _Entry(entry, self._tmp.shown(entry.path))

    def __enter__(self) -> "_Entries":
        return self

    def __exit__(self, *_: object) -> None:
        self._entries.close()

    def close(self) -> None:
        self._entries.close()


class _Entry:
    """Is an `os.DirEntry` with another path."""

    def __init__(self, entry: "os.DirEntry[Any]", path: Any) -> None:  # noqa: ANN401
        self._entry = entry
        self.path = path

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._entry, name)

    def __fspath__(self) -> Any:  # noqa: ANN401  (str or bytes)
        return self.path

    def __repr__(self) -> str:
        return repr(self._entry)


def _open_by_name(opener: _Function, name: str | bytes, _: object, flags: int) -> Any:  # noqa: ANN401
    return opener(name, flags)


def _show_given(error: OSError, pairs: Iterable[tuple[Any, Any]]) -> None:
    """Name the paths that the guest gave, not those that they were translated to."""
    for translated, given in pairs:
        for attribute in ("filename", "filename2"):
            if translated is not given and getattr(error, attribute) is translated:
                setattr(error, attribute, given)


def replace_in_os(name: str, substitute: _Function) -> None:
    """Replace a function of `os`, also where `os` lists what the function supports."""
    original = getattr(os, name)
    update_wrapper(substitute, original)
    substitute.__module__ = "os"  # so that `pickle` finds it
    setattr(os, name, substitute)
    for functions in (
        os.supports_dir_fd, os.supports_effective_ids, os.supports_fd, os.supports_follow_symlinks,
    ):  # fmt: skip
        if original in functions:
            functions.add(substitute)
