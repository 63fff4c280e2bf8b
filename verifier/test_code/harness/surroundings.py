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
import re
import sys
import warnings
from collections.abc import Callable
from typing import Any

from nova_code_verifier.sandbox.protocol.surroundings import (
    EVENT_CHARACTERS,
    OUTPUT_CHARACTERS_MAX,
    Part,
    RandomNumbers,
    Value,
    changes_of,
    parts_of_process,
)
from nova_code_verifier.verifier.test_code.harness.candidates import CandidateLostError

_LOGS = re.compile(r"logg|[Ll]ogs\b|caplog")
_CONTEXT = re.compile(r"(?i)decimal[\s\S]*context")
_NAME_CHARACTERS_MAX = 200
_LOGGERS_MAX = 200
_EVENTS_MAX = 2 * OUTPUT_CHARACTERS_MAX // EVENT_CHARACTERS
_NUMBER_MAX = 2**31
_LOGGER = (logging.NOTSET, True, False, False)
_ROOT_LOGGER = (logging.WARNING, True, False, False)


_prepared: list[dict[str, Part]] = []


def prepare_guests() -> None:
    """Prepare, in a zygote, what its harnesses begin with."""
    _prepared.append(_parts_of_harness())


def _parts_of_harness() -> dict[str, Part]:
    return parts_of_process(is_harness=True) | {
        "recursion_limit": Value(sys.getrecursionlimit),
        "disabled": Value(lambda: logging.root.manager.disable),
    }


class Surroundings:
    """What surrounds the calls of one run of the tests."""

    def __init__(self, source_of_tests: str) -> None:
        """Watch this process for changes. *source_of_tests* shows what is worth watching."""
        self.write_object: Callable[[object], object] | None = None
        """Writes a candidate's class, for a filter of warnings; returns None for another class."""
        self.read_object: Callable[[Any, str], object] | None = None
        """Reads a warning of a candidate's own class, with its text."""
        self._parts = (_prepared.pop() if _prepared else _parts_of_harness()) | {
            "loggers": _Loggers(is_watched=_LOGS.search(source_of_tests) is not None),
            "filters": _Filters(self),
        }
        self._parts["directory"].install()
        if "sys.path" not in source_of_tests and "syspath" not in source_of_tests:
            del self._parts["path"]
        if "random" in source_of_tests:
            self._parts["random"] = RandomNumbers(is_harness=True)
        if _CONTEXT.search(source_of_tests) is not None:
            self._parts["context"] = Value(_context)

    def to_send(self) -> dict[str, object] | None:
        """Return what the tests have changed since the last request; None if nothing."""
        return changes_of(self._parts) or None

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
        # Together they are no longer than the message that they came in.
        events = received.get("events", [])
        if len(events) > _EVENTS_MAX:
            raise ValueError("too many events")
        replays = [self._event(event) for event in events]
        for name, changes in received.items():
            if name in self._parts:
                self._parts[name].apply(changes)
        return replays

    def _event(self, event: list[Any]) -> Callable[[], None]:
        """Read an event; return a function that replays it."""
        match event:
            case ["out" | "err" as name, *pieces]:
                texts = [_text(piece) for piece in pieces]
                return lambda: _write(name, texts)
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


class _Loggers(Part):
    """The settings of all loggers; after the first request, only where tests speak of loggers."""

    def __init__(self, *, is_watched: bool) -> None:
        self._is_changed, self._is_watched = True, is_watched
        self._known: dict[str, tuple[object, ...]] = {"": _ROOT_LOGGER}

    def changes(self) -> dict[str, tuple[object, ...]] | None:
        if not self._is_changed:
            return None
        self._is_changed = self._is_watched
        known, self._known = self._known, {"": _state_of(logging.root)}
        for name, logger in list(logging.root.manager.loggerDict.items()):
            if isinstance(logger, logging.Logger):
                state = _state_of(logger)
                if state != _LOGGER or name in known:
                    self._known[name] = state
        changed = {
            name: state for name, state in self._known.items() if state != known.get(name, _LOGGER)
        }
        return changed or None


class _Filters(Part):
    """The filters of warnings that the tests have added."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._base = list(warnings.filters)
        self._is_changed = False
        # Each change of a filter makes Python forget which warnings it has shown, even if the
        # filters are the same afterwards.
        forget = warnings._filters_mutated  # type: ignore[attr-defined]  # noqa: SLF001

        def notice() -> None:
            self._is_changed = True
            forget()

        warnings._filters_mutated = notice  # type: ignore[attr-defined]  # noqa: SLF001

    def changes(self) -> dict[str, object] | None:
        """Return the filters in front of those that the interpreter started with, or all."""
        if not self._is_changed:
            return None
        self._is_changed = False
        filters = list(warnings.filters)
        base = len(self._base)
        has_base = base == 0 or filters[-base:] == self._base
        added = filters[: len(filters) - base] if has_base else filters
        written = [_write_filter(item, self._surroundings.write_object) for item in added]
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


def _context() -> dict[str, object]:
    context = decimal.getcontext()
    names = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")
    traps = [signal.__name__ for signal, is_set in context.traps.items() if is_set]
    return {name: getattr(context, name) for name in names} | {"traps": traps}


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
