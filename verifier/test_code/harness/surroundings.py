"""What surrounds a call, on the tests' side: streams, log records, warnings, and shared state.

In: what tests change around a call, and what the candidate's guest reports. Out: a part of the next
request; and what the candidate has written, logged and warned of, done again here, where `capsys`,
`caplog`, `assertLogs` and `pytest.warns` see it.

A candidate may report anything that an honest one could, and in any order: it has the same streams
and loggers in one process. What no honest one could report ends the item.
"""

import builtins
import decimal
import logging
import random
import re
import sys
import warnings
from collections.abc import Callable
from typing import Any

from nova_code_verifier.sandbox.protocol.surroundings import (
    EVENT_CHARACTERS,
    OF_INTERPRETER,
    OF_PYTEST,
    OUTPUT_CHARACTERS_MAX,
    Directory,
    Environment,
    Generator,
    SearchPath,
    read_arguments,
)
from nova_code_verifier.verifier.test_code.harness.candidates import CandidateLostError

_LOGS = re.compile(r"logg|[Ll]ogs\b|caplog")
_CONTEXT = re.compile(r"(?i)decimal[\s\S]*context")
_NAME_CHARACTERS_MAX = 200
_LOGGERS_MAX = 200
_NUMBER_MAX = 2**31
_LOGGER = (logging.NOTSET, True, False, False)
_ROOT_LOGGER = (logging.WARNING, True, False, False)


class Surroundings:
    """What surrounds the calls of one run of the tests."""

    def __init__(self, source_of_tests: str) -> None:
        """Watch this process for changes. *source_of_tests* shows what is worth watching."""
        self.write_object: Callable[[object], object] | None = None
        """Writes a candidate's class, for a filter of warnings; returns None for another class."""
        self.read_object: Callable[[Any, str], object] | None = None
        """Reads a warning of a candidate's own class, with its text."""
        self._environment = Environment(hidden=OF_PYTEST, refused=OF_PYTEST + OF_INTERPRETER)
        self._directory = Directory(follows_everywhere=False)
        self._argv = list(sys.argv)
        self._path = (
            SearchPath() if "sys.path" in source_of_tests or "syspath" in source_of_tests else None
        )
        self._recursion_limit = sys.getrecursionlimit()
        self._filters = _Filters()
        self._is_logging = _LOGS.search(source_of_tests) is not None
        self._loggers: dict[str, tuple[object, ...]] = {"": _ROOT_LOGGER}
        self._disabled = logging.NOTSET
        self._context = "" if _CONTEXT.search(source_of_tests) is None else _context()
        self._generators: dict[str, Generator] = {}
        self._draws = "random" in source_of_tests
        self._had_numpy = "numpy" in sys.modules
        if self._draws:
            self._find_generators()
        self._follows_random = False  # whether the program may draw random numbers, too
        self._is_first = True
        self._always_looks = self._is_logging or self._context != ""

    # -- to the candidate ------------------------------------------------------------

    def to_send(self) -> dict[str, object] | None:
        """Return what the tests have changed since the last request; None if nothing."""
        if (
            self._always_looks
            or self._is_first
            or self._follows_random
            or self._filters.is_changed
            or self._directory.is_changed
            or sys.argv != self._argv
            or (self._path is not None and self._path.is_changed)
            or sys.getrecursionlimit() != self._recursion_limit
            or self._environment.is_changed()
        ):
            return self._changes() or None
        return None

    def _changes(self) -> dict[str, object]:
        found = self._changes_of_process()
        if self._draws and (self._is_first or self._follows_random):
            self._find_generators()
            states = {name: generator.changes() for name, generator in self._generators.items()}
            if self._is_first or any(states.values()):
                found["random"] = states
        if self._context and self._context != (context := _context()):
            self._context = context
            found["context"] = _write_context()
        if self._is_logging or self._is_first:
            found |= self._changes_of_logging()
        if self._filters.is_changed:
            found["filters"] = self._filters.changes(self.write_object)
        self._is_first = False
        return found

    def _changes_of_process(self) -> dict[str, object]:
        found: dict[str, object] = {}
        if self._environment.is_changed() and (variables := self._environment.changes()):
            found["environment"] = variables
        if sys.argv != self._argv:
            self._argv = list(sys.argv)
            found["argv"] = [str(argument) for argument in self._argv]
        if self._path is not None and self._path.is_changed:
            found["path"] = self._path.changes()
        if (limit := sys.getrecursionlimit()) != self._recursion_limit:
            self._recursion_limit = found["recursion_limit"] = limit
        if self._directory.is_changed and (path := self._directory.changes()):
            found["directory"] = path
        return found

    def _find_generators(self) -> None:
        if "random" not in self._generators:
            self._generators["random"] = Generator(random)
        if "numpy" not in self._generators and hasattr(sys.modules.get("numpy"), "random"):
            module = sys.modules["numpy"].random
            self._generators["numpy"] = Generator(module, is_known=self._had_numpy)

    def _changes_of_logging(self) -> dict[str, object]:
        manager = logging.root.manager
        now = {"": _state_of(logging.root)}
        for name, logger in list(manager.loggerDict.items()):
            if isinstance(logger, logging.Logger):
                state = _state_of(logger)
                if state != _LOGGER or name in self._loggers:
                    now[name] = state
        found: dict[str, object] = {}
        if now != self._loggers:
            known = self._loggers
            found["loggers"] = {
                name: state for name, state in now.items() if state != known.get(name, _LOGGER)
            }
            self._loggers = now
        if manager.disable != self._disabled:
            self._disabled = found["disabled"] = manager.disable
        return found

    # -- from the candidate ----------------------------------------------------------

    def replay(self, received: Any) -> None:  # noqa: ANN401  (from the candidate)
        """Do what the candidate did around its calls. Raises CandidateLostError.

        Code of the tests may run, such as handlers of their loggers, and raise anything.
        """
        try:
            events = self._apply(received)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise CandidateLostError(f"protocol: around a call: {error}") from None
        for replay_event in events:
            replay_event()

    def _apply(self, received: Any) -> list[Callable[[], None]]:  # noqa: ANN401
        if type(received) is not dict:
            raise TypeError("not an object")
        if received.get("is_cut"):
            raise CandidateLostError(f"output: more than {OUTPUT_CHARACTERS_MAX} characters")
        events = [self._event(event) for event in _bounded(received.get("events", []))]
        if "environment" in received:
            variables = received["environment"]
            self._environment.apply(variables, for_this_interpreter=False)
        if "argv" in received:
            sys.argv = read_arguments(received["argv"])
            self._argv = list(sys.argv)
        if "path" in received and self._path is not None:
            known = list(sys.path)
            self._path.apply(received["path"])
            # Nothing is imported from there: not even looked for.
            sys.path_importer_cache.update(dict.fromkeys(set(sys.path).difference(known)))
        if "directory" in received:
            self._directory.apply(received["directory"])
        if "random" in received:
            self._follows_random = True
            for name, moves in received["random"].items():
                if name in self._generators:
                    self._generators[name].move_on(moves)
        return events

    def _event(self, event: list[Any]) -> Callable[[], None]:
        """Read an event; return a function that replays it."""
        match event:
            case ["out" | "err" as name, *pieces] if set(map(type, pieces)) <= {str}:
                return lambda: _write(name, pieces)
            case ["out bytes" | "err bytes" as name, str(digits)]:
                data = bytes.fromhex(digits)
                return lambda: _write_bytes(name[:3], data)
            case ["log", dict(fields)]:
                return self._log_record(fields)
            case ["warning", dict(fields)]:
                return self._warning(fields)
        raise ValueError("an unknown event")

    def _log_record(self, fields: dict[str, Any]) -> Callable[[], None]:
        name = _text(fields["name"], _NAME_CHARACTERS_MAX)
        known = logging.root.manager.loggerDict
        is_named = name and (name in known or len(known) < _LOGGERS_MAX)
        logger = logging.getLogger(name) if is_named else logging.root
        error = fields.get("error")
        record = logger.makeRecord(
            name or "root",
            _number(fields["level"]),
            _text(fields["path"]),
            _number(fields["line"]),
            _text(fields["text"]),
            (),
            None if error is None else _read_error(*error),
            _text(fields["function"]),
            None,
            _text(fields["stack"]) if fields.get("stack") else None,
        )
        record.levelname = _text(fields["level_name"], _NAME_CHARACTERS_MAX)
        record.exc_text = _text(fields["error_text"]) if fields.get("error_text") else None
        for key, value in fields.get("extra", {}).items():
            if key not in vars(record) and type(value) in (str, int, float, bool, type(None)):
                setattr(record, _text(key, _NAME_CHARACTERS_MAX), value)

        def replay() -> None:
            # Without handlers, `logging` writes to standard error, as the candidate's has done.
            if logger.hasHandlers():
                logger.handle(record)

        return replay

    def _warning(self, fields: dict[str, Any]) -> Callable[[], None]:
        category = getattr(builtins, _text(fields["category"]), None)
        if not (isinstance(category, type) and issubclass(category, Warning)):
            raise TypeError("not a category of warnings")
        text, path, line = _text(fields["text"]), _text(fields["path"]), _number(fields["line"])
        message: object = None
        if fields.get("object") is not None and self.read_object is not None:
            message = self.read_object(fields["object"], text)
        if not isinstance(message, Warning):
            message = category(text)

        def replay() -> None:
            shown = warnings.WarningMessage(message, type(message), path, line)
            # The candidate has applied the filters, and `warnings.warn` would apply them again.
            warnings._showwarnmsg(shown)  # type: ignore[attr-defined]  # noqa: SLF001

        return replay


class _Filters:
    """The filters of warnings that the tests have added."""

    def __init__(self) -> None:
        self._base = list(warnings.filters)
        self.is_changed = False
        # Each change of a filter makes Python forget which warnings it has shown, even if the
        # filters are the same afterwards.
        forget = warnings._filters_mutated  # type: ignore[attr-defined]  # noqa: SLF001

        def notice() -> None:
            self.is_changed = True
            forget()

        warnings._filters_mutated = notice  # type: ignore[attr-defined]  # noqa: SLF001

    def changes(self, write: Callable[[object], object] | None) -> dict[str, object]:
        """Return the filters in front of those that the interpreter started with, or all."""
        self.is_changed = False
        filters = list(warnings.filters)
        base = len(self._base)
        has_base = base == 0 or filters[-base:] == self._base
        added = filters[: len(filters) - base] if has_base else filters
        written = [_write_filter(item, write) for item in added]
        return {"has_base": has_base, "added": [item for item in written if item is not None]}


def _write_filter(
    item: tuple[Any, ...], write: Callable[[object], object] | None
) -> list[object] | None:
    action, message, category, module, line = item
    names = [category.__module__, category.__qualname__]
    kind: object
    # Not by `getattr`, which asks the candidate if the module is a proxy.
    if names[0] in sys.modules and vars(sys.modules[names[0]]).get(names[1]) is category:
        kind = names
    else:
        kind = write and write(category)
        if kind is None:
            return None  # the tests' own class: the candidate cannot warn of it
    return [action, _write_pattern(message), kind, _write_pattern(module), line]


def _write_pattern(pattern: Any) -> object:  # noqa: ANN401  (None, text, or a compiled pattern)
    return [pattern.pattern, pattern.flags] if isinstance(pattern, re.Pattern) else pattern


def _state_of(logger: logging.Logger) -> tuple[object, ...]:
    return logger.level, bool(logger.propagate), bool(logger.disabled), bool(logger.handlers)


def _context() -> str:
    return repr(decimal.getcontext())


def _write_context() -> dict[str, object]:
    context = decimal.getcontext()
    names = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")
    traps = [signal.__name__ for signal, is_set in context.traps.items() if is_set]
    return {name: getattr(context, name) for name in names} | {"traps": traps}


def _bounded(events: Any) -> list[Any]:  # noqa: ANN401  (from the candidate)
    """Return the events if they are not too much work. Raises ValueError."""
    if type(events) is not list:
        raise ValueError("not events")
    size = 0
    for event in events:
        if type(event) is not list:
            raise ValueError("not an event")
        size += EVENT_CHARACTERS + sum(map(_size, event))
    if size > 2 * OUTPUT_CHARACTERS_MAX:
        raise ValueError(f"more than {OUTPUT_CHARACTERS_MAX} characters of output")
    return events


def _size(part: Any) -> int:  # noqa: ANN401
    if type(part) is str:
        return 1 + len(part)
    if type(part) is dict:
        values = [value for name, value in part.items() if name not in ("extra", "object")]
        values += [*part["extra"], *part["extra"].values()] if "extra" in part else []
        return sum(1 + len(value) for value in values if type(value) is str)
    return 0


def _text(value: Any, characters_max: int = OUTPUT_CHARACTERS_MAX) -> str:  # noqa: ANN401
    if type(value) is not str or len(value) > characters_max:
        raise ValueError("not a text, or too long")
    return value


def _number(value: Any) -> int:  # noqa: ANN401
    if type(value) is not int or abs(value) >= _NUMBER_MAX:
        raise ValueError("not a number, or too large")
    return value


def _read_error(name: str, text: str) -> tuple[Any, Any, None]:
    """Return what stands for `sys.exc_info()` in a record."""
    kind = getattr(builtins, _text(name), Exception)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind = Exception
    try:
        error = kind(_text(text))
    except TypeError:  # needs other arguments
        error = Exception(text)
    return type(error), error, None


def _write(name: str, pieces: list[str]) -> None:
    stream = sys.stdout if name == "out" else sys.stderr
    for piece in pieces:
        stream.write(piece if piece.isascii() else piece.encode("utf-8", "replace").decode())


def _write_bytes(name: str, data: bytes) -> None:
    stream = sys.stdout if name == "out" else sys.stderr
    buffer = getattr(stream, "buffer", None)
    if buffer is None:
        stream.write(data.decode("utf-8", "replace"))
    else:
        stream.flush()
        buffer.write(data)
        buffer.flush()
