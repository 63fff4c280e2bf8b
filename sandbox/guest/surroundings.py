"""What surrounds a call, on the candidate's side: streams, log records, warnings, shared state.

In: what the tests have changed around a call. Out: what the program has written, logged, warned of
and changed, as a part of the answer. `verifier/test_code/harness/surroundings.py` does it again on
the tests' side, and believes none of it.

Install this before the program is loaded: a program may keep `sys.stdout`, or a handler that does.
"""

import builtins
import contextlib
import errno
import io
import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from nova_code_verifier.sandbox.protocol.surroundings import (
    EVENT_CHARACTERS,
    OUTPUT_CHARACTERS_MAX,
    RandomNumbers,
    changes_of,
    parts_of_process,
)

_NAMES = ("out", "err")
_PIECES_MAX = 1000
_NAME_CHARACTERS_MAX = 200
_TEXT_CHARACTERS_MAX = 2**20
_EXTRAS_MAX, _EXTRA_CHARACTERS_MAX = 32, 2**14
_NUMBER_MAX = 2**31
_STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"asctime", "message", "taskName"}


class Events:
    """What the program has written, logged and warned of since the last answer, in order."""

    def __init__(self) -> None:
        """Start with none."""
        self.list: list[list[Any]] = []
        self.is_cut = False
        self._left = OUTPUT_CHARACTERS_MAX

    def count(self, characters: int) -> None:
        """Count *characters*. Raises OSError if there have been too many."""
        self._left -= characters
        if self._left < 0:
            self.is_cut = True
            raise OSError(errno.EFBIG, "the sandbox takes no more output of one call")

    def write(self, name: str, piece: str | bytes) -> None:
        """Note a piece of output. Pieces of one stream that follow each other share an event."""
        self.count(len(piece) + 1)
        events = self.list
        if events and events[-1][0] == name:
            events[-1].append(piece)
        else:
            events.append([name, piece])

    def add(self, name: str, fields: dict[str, object]) -> None:
        """Note an event that is not output."""
        self.count(EVENT_CHARACTERS + sum(map(len, _texts(fields.values()))))
        self.list.append([name, fields])

    def take(self) -> list[list[Any]]:
        """Return all events, and forget them."""
        events, self.list = self.list, []
        self._left = OUTPUT_CHARACTERS_MAX
        return [_written(event) for event in events]


def _texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif type(value) in (list, dict):
            yield from _texts(value if type(value) is list else value.values())


def _written(event: list[Any]) -> list[Any]:
    name, *pieces = event
    if name.endswith("bytes"):
        data = b"".join(pieces)
        try:
            return [name[:3], data.decode()]
        except UnicodeDecodeError:
            return [name, data.hex()]
    if len(pieces) > _PIECES_MAX:
        # Tests may look at the pieces if `sys.stdout` is a mock, but not at so many.
        return [name, *pieces[:_PIECES_MAX], "".join(pieces[_PIECES_MAX:])]
    return event


class _Binary(io.RawIOBase):
    """Is the binary stream under a text stream."""

    def __init__(self, fd: int, events: Events) -> None:
        self._fd = fd
        self._write = events.write
        self._name = f"{_NAMES[fd - 1]} bytes"
        self.name = ("<stdout>", "<stderr>")[fd - 1]
        self.mode = "wb"

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    def write(self, data: Any, /) -> int:  # noqa: ANN401  (any buffer)
        if self.closed:
            raise ValueError("I/O operation on closed file")
        octets = bytes(memoryview(data))
        if octets:
            self._write(self._name, octets)
        return len(octets)


class _Text(io.TextIOWrapper):
    """Is `sys.stdout` or `sys.stderr`: each piece that is written to it stays a piece."""

    def __init__(self, fd: int, events: Events, original: Any) -> None:  # noqa: ANN401  (may be None)
        errors = getattr(original, "errors", None) or "strict"
        binary: Any = _Binary(fd, events)
        super().__init__(binary, "utf-8", errors, write_through=True)
        vars(self)["mode"] = "w"
        self._note = events.write
        self._stream = _NAMES[fd - 1]
        self._original = original  # if it were freed, it would close its descriptor

    def write(self, text: str, /) -> int:
        if type(text) is not str:
            if not isinstance(text, str):
                raise TypeError(f"write() argument must be str, not {type(text).__name__}")
            text = str.__str__(text)
        if not text.isascii():
            text = text.encode("utf-8", self.errors or "strict").decode("utf-8", "replace")
        if text:
            if self.closed:
                raise ValueError("I/O operation on closed file.")
            self._note(self._stream, text)
        return len(text)


class Surroundings:
    """What surrounds the calls of one session."""

    def __init__(self, names: dict[str, Any]) -> None:
        """Prepare the collectors. *names* are the globals of the program's module."""
        self.write_object: Callable[[object], object] | None = None
        """Writes a warning of a class that is not built in."""
        self.read_object: Callable[[Any], object] | None = None
        """Reads the class of a filter of warnings that is not a library's."""
        self._names = names
        self._events = Events()
        self._stdout = _Text(1, self._events, sys.stdout)
        self._parts = parts_of_process(is_harness=False)
        log, filters = _Log(self._events), _Filters(self)
        self._apply: dict[str, Callable[[Any], object]] = {
            "recursion_limit": sys.setrecursionlimit,
            "context": _apply_context,
            "loggers": log.apply,
            "disabled": logging.disable,
            "filters": filters.apply,
            **{name: part.apply for name, part in self._parts.items()},
        }
        stderr = _Text(2, self._events, sys.stderr)
        self._collectors: tuple[tuple[Any, str, object], ...] = (
            *((sys, name, self._stdout) for name in ("stdout", "__stdout__")),
            *((sys, name, stderr) for name in ("stderr", "__stderr__")),
            (os, "write", _collecting_write(self._events)),
            (logging.Logger, "callHandlers", log.collect),
            # `catch_warnings` of the program replaces this, too.
            (warnings, "_showwarnmsg_impl", filters.collect),
        )

    def install(self) -> None:
        """Install the collectors, before the program is loaded."""
        for owner, name, collector in self._collectors:
            setattr(owner, name, collector)
        for part in self._parts.values():
            part.install()
        source = _source_of(self._names)
        if source is None or "random" in source:
            self._parts["random"] = numbers = RandomNumbers(is_harness=False)
            self._apply["random"] = numbers.apply

    def apply(self, sent: dict[str, Any]) -> None:
        """Do what the tests did around the call that follows."""
        for name, changes in sent.items():
            if name in self._apply:
                self._apply[name](changes)

    def collect(self) -> dict[str, object] | None:
        """Return what has happened since the last time; None if nothing."""
        if sys.stdout is not self._stdout and type(sys.stdout) is io.TextIOWrapper:
            # Programs wrap `sys.stdout.buffer` to choose an encoding, and the end of the process
            # would flush that.
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()
        found: dict[str, object] = {}
        if self._events.list:
            found["events"] = self._events.take()
        if self._events.is_cut:
            found["is_cut"] = True
        return found | changes_of(self._parts) or None


def _collecting_write(events: Events) -> Callable[[int, Any], int]:
    """Return an `os.write` that collects what is written to the descriptors of the streams."""
    original = os.write

    @wraps(original)
    def write(fd: int, data: Any, /) -> int:  # noqa: ANN401  (any buffer)
        if fd not in (1, 2):
            return original(fd, data)
        octets = bytes(memoryview(data))
        if octets:
            events.write(f"{_NAMES[fd - 1]} bytes", octets)
        return len(octets)

    write.__module__ = "os"  # so that `pickle` finds it
    return write


class _Log:
    """The loggers: records that reach handlers, and settings of the tests."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._own: dict[tuple[str, str], Any] = {}  # what the program had set, while tests differ
        self._of_tests = logging.NullHandler()
        call_handlers = logging.Logger.callHandlers
        noting = self._note

        @wraps(call_handlers)
        def collect(logger: Any, record: Any) -> None:  # noqa: ANN401  (a logger, a record)
            noting(record)
            call_handlers(logger, record)

        self.collect = collect

    def apply(self, loggers: dict[str, list[Any]]) -> None:
        for name, (level, propagate, is_disabled, has_handlers) in loggers.items():
            logger = logging.getLogger(name)
            default = logging.NOTSET if name else logging.WARNING
            self._set(logger, "level", level, default)
            self._set(logger, "propagate", propagate, True)  # noqa: FBT003
            self._set(logger, "disabled", is_disabled, False)  # noqa: FBT003
            # So that `basicConfig` and the handler of last resort find what they would find.
            if has_handlers:
                logger.addHandler(self._of_tests)
            else:
                logger.removeHandler(self._of_tests)

    def _set(self, logger: Any, name: str, value: object, default: object) -> None:  # noqa: ANN401
        key = (logger.name, name)
        if value == default:
            if key not in self._own:
                return
            value = self._own.pop(key)
        else:
            self._own.setdefault(key, getattr(logger, name))
        if name == "level":
            logger.setLevel(value)
        else:
            setattr(logger, name, value)

    def _note(self, record: Any) -> None:  # noqa: ANN401  (a record, or what the program makes of it)
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001  (the program's arguments do not fit, and handlers say so)
            text = str(record.msg)
        fields: dict[str, object] = {
            "name": "" if record.name == "root" else _text(record.name, _NAME_CHARACTERS_MAX),
            "level": _number(record.levelno),
            "level_name": _text(record.levelname, _NAME_CHARACTERS_MAX),
            "text": _text(text),
            "path": _text(record.pathname),
            "line": _number(record.lineno),
            "function": _text(record.funcName or ""),
        }
        if record.stack_info:
            fields["stack"] = _text(record.stack_info)
        if record.exc_info and record.exc_info[0]:
            kind, error, _ = record.exc_info
            fields["error"] = [_text(kind.__name__, _NAME_CHARACTERS_MAX), _text(error)]
            formatted = record.exc_text or logging.Formatter().formatException(record.exc_info)
            fields["error_text"] = _text(formatted)
        extra = {
            _text(key, _NAME_CHARACTERS_MAX): value
            for key, value in vars(record).items()
            if key not in _STANDARD_FIELDS and _is_small(value)
        }
        if extra:
            fields["extra"] = dict(list(extra.items())[:_EXTRAS_MAX])
        self._events.add("log", fields)


class _Filters:
    """The filters of warnings, and the warnings that pass them."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._own: list[Any] | None = None  # the program's, while tests have added some
        show: Callable[[Any], None] = warnings._showwarnmsg_impl  # type: ignore[attr-defined]  # noqa: SLF001

        def collect(message: Any) -> None:  # noqa: ANN401  (a WarningMessage)
            if message.file is not None:
                show(message)
            else:
                surroundings._events.add("warning", self._written(message))  # noqa: SLF001

        self.collect = collect

    def _written(self, message: Any) -> dict[str, object]:  # noqa: ANN401
        kind = message.category
        name: str = next(filter(_is_builtin, kind.__mro__)).__name__
        fields: dict[str, object] = {
            "category": name,
            "text": _text(message.message),
            "path": _text(message.filename),
            "line": _number(message.lineno),
        }
        write = self._surroundings.write_object
        if name != kind.__name__ and write is not None:
            fields["object"] = write(message.message)
        return fields

    def apply(self, changes: dict[str, Any]) -> None:
        has_base = changes["has_base"]
        if self._own is None:
            self._own = list(warnings.filters)
        filters = [item for item in map(self._read, changes["added"]) if item is not None]
        warnings.filters = [*filters, *(self._own if has_base else ())]
        if has_base and not filters:
            self._own = None
        warnings._filters_mutated()  # type: ignore[attr-defined]  # noqa: SLF001  (forgets what was shown)

    def _read(self, item: list[Any]) -> tuple[Any, ...] | None:
        action, message, kind, module, line = item
        category: Any = None
        if type(kind) is list:
            category = getattr(sys.modules.get(kind[0]), kind[1], None)
        elif self._surroundings.read_object is not None:
            category = self._surroundings.read_object(kind)
        if not (isinstance(category, type) and issubclass(category, Warning)):
            return None
        return action, _read_pattern(message), category, _read_pattern(module), line


def _is_builtin(kind: type) -> bool:
    return vars(builtins).get(kind.__name__) is kind


def _read_pattern(pattern: Any) -> Any:  # noqa: ANN401  (None, text, or text and flags)
    return re.compile(*pattern) if type(pattern) is list else pattern


def _apply_context(settings: dict[str, Any]) -> None:
    import decimal  # noqa: PLC0415  (a zygote must stay small)

    context = decimal.getcontext()
    traps = settings.pop("traps")
    for name, value in settings.items():
        setattr(context, name, value)
    for signal in context.traps:
        context.traps[signal] = signal.__name__ in traps


def _text(value: object, characters_max: int = _TEXT_CHARACTERS_MAX) -> str:
    try:
        return str(value)[:characters_max]
    except Exception:  # noqa: BLE001  (the program's object)
        return ""


def _number(value: Any) -> int:  # noqa: ANN401
    return value if type(value) is int and abs(value) < _NUMBER_MAX else 0


def _is_small(value: object) -> bool:
    match value:
        case str():
            return len(value) <= _EXTRA_CHARACTERS_MAX
        case int():
            return abs(value) < 2**63
    return value is None or type(value) is float


def provide(names: dict[str, Any], imports: list[list[str]]) -> None:
    """Set names that the tests import in one file with the program, which does not define them.

    Each of *imports* is a name, and a "module" or a "module:attribute". Call this before the first
    call, and not before: a program that uses a name while it loads, fails in one file, too. Names
    that the program never mentions are left out, because to import some modules takes seconds.
    """
    source = _source_of(names)
    for name, target in imports:
        if name in names or (source is not None and name not in source):
            continue
        module, _, attribute = target.partition(":")
        try:
            __import__(module)
            found = sys.modules[module]
            names[name] = getattr(found, attribute) if attribute else found
        except Exception:  # noqa: BLE001, S112  (the tests will find out, too)
            continue


def _source_of(names: dict[str, Any]) -> str | None:
    try:
        source: str = names["__loader__"].get_source(names["__name__"])
    except (AttributeError, KeyError, TypeError):
        return None
    return source
