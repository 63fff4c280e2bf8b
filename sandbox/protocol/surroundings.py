"""What tests and candidate would share in one process: environment, directory, random numbers.

Both sides of a session use this module. Each side notes what has changed since the last message,
and applies what the other side sends. A candidate can send anything: for what no honest side sends,
`apply` raises an error such as ValueError.
"""

import contextlib
import os
import random
import struct
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

OUTPUT_CHARACTERS_MAX = 2**24
"""The most text that a candidate may write, log or warn of between two messages."""
EVENT_CHARACTERS = 64
"""What each record and each warning counts in addition to its text."""

# Variables that pytest sets itself; one names the test that runs.
_OF_PYTEST = ("PYTEST",)
# Variables that may name what to import.
_OF_INTERPRETER = ("PYTHON", "_PYTHON", "LD_", "MPL")
_NAME_CHARACTERS_MAX, _VALUE_CHARACTERS_MAX, _VARIABLES_MAX = 256, 2**15, 1000
_PATH_CHARACTERS_MAX = 2**12
_SCRATCH = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108  (names of one directory in a guest)
_TEXTS_MAX = 256
_KEY = struct.Struct("=624I")
_BLOCK = 624
# To find out how many numbers were drawn takes less time than to draw them.
_BLOCKS_MAX = 1000


class Part:
    """Something that one side changes and the other side follows."""

    def install(self) -> None:
        """Change this process so that it notices changes."""

    def changes(self) -> object:
        """Return what this side has changed since the last message; None if nothing."""
        raise NotImplementedError

    def apply(self, _changes: Any, /) -> None:  # noqa: ANN401  (from the other side)
        """Follow the other side. Raises ValueError if the other side should not change it."""
        raise ValueError("a change that this side does not follow")


def changes_of(parts: dict[str, Part]) -> dict[str, object]:
    """Return what this side has changed since the last message, by name."""
    return {
        name: changes for name, part in parts.items() if (changes := part.changes()) is not None
    }


def parts_of_process(*, is_harness: bool) -> dict[str, Part]:
    """Return what both sides may change in a process. A harness does not believe the other side."""
    checked = _texts if is_harness else list
    return {
        "environment": Environment(is_harness=is_harness),
        "argv": Value(
            lambda: [str(argument) for argument in sys.argv],
            lambda arguments: setattr(sys, "argv", checked(arguments)),
        ),
        "path": SearchPath(is_harness=is_harness),
        "directory": Directory(is_harness=is_harness),
    }


class Value(Part):
    """A value that can be read at any time; it is changed by *write*, if by the other side."""

    def __init__(
        self, read: Callable[[], object], write: Callable[[Any], None] | None = None
    ) -> None:
        """Take the present value as known to the other side."""
        self._read, self._known = read, read()
        self._write = write or super().apply

    def changes(self) -> object:
        """Return the value, unless it is the one that the other side knows."""
        known, self._known = self._known, self._read()
        return None if self._known == known else self._known

    def apply(self, value: object) -> None:
        """Set the value."""
        self._write(value)
        self._known = self._read()


class Environment(Part):
    """The variables of `os.environ`."""

    def __init__(self, *, is_harness: bool) -> None:
        """Neither send nor accept what belongs to the process of the harness."""
        self._environ = os.environ
        self._data: dict[bytes, bytes] = os.environ._data  # type: ignore[attr-defined]  # noqa: SLF001  (compares ten times faster)
        self._known = dict(self._data)
        # Only code in Python sees what a harness accepts: native code, such as OpenSSL, loads what
        # some variables name.
        self._is_harness = is_harness
        self._hidden = _OF_PYTEST if is_harness else _OF_PYTEST + _OF_INTERPRETER
        self._refused = _OF_PYTEST + _OF_INTERPRETER if is_harness else ()

    def changes(self) -> dict[str, str | None] | None:
        """Return the new values of the variables that this side has changed; None if removed."""
        if self._data == self._known:
            return None
        now, known = dict(self._data), self._known
        self._known = now
        names = [name for name in {**known, **now} if now.get(name) != known.get(name)]
        changed = {
            os.fsdecode(name): os.fsdecode(now[name]) if name in now else None for name in names
        }
        sent = {
            name: value
            for name, value in changed.items()
            if _is_variable(name, value) and not name.startswith(self._hidden)
        }
        return sent or None

    def apply(self, changes: Any) -> None:  # noqa: ANN401  (from the other side)
        """Set the variables that the other side has changed. Raises ValueError."""
        if type(changes) is not dict or len(changes) + len(self._data) > _VARIABLES_MAX:
            raise ValueError("not the changes of an environment, or too many")
        for name, value in changes.items():
            if not _is_variable(name, value) or name.startswith(self._refused):
                raise ValueError("a variable of the environment that may not be set")
        for name, value in changes.items():
            key = os.fsencode(name)
            if not self._is_harness:
                self._environ.pop(name, None)
                if value is not None:
                    self._environ[name] = value
            elif value is None:
                self._data.pop(key, None)
            else:
                self._data[key] = os.fsencode(value)
            if value is None:
                self._known.pop(key, None)
            else:
                self._known[key] = self._data[key]


def _is_variable(name: str, value: object) -> bool:
    is_value = value is None or _is_text(value, _VALUE_CHARACTERS_MAX)
    return is_value and _is_text(name, _NAME_CHARACTERS_MAX) and name != "" and "=" not in name


def _is_text(value: Any, characters_max: int) -> bool:  # noqa: ANN401  (narrowed by type)
    if type(value) is not str or len(value) > characters_max or "\0" in value:
        return False
    try:
        os.fsencode(value)
    except UnicodeEncodeError:
        return False
    return True


class Directory(Part):
    """The current directory."""

    def __init__(self, *, is_harness: bool) -> None:
        """Follow the other side; in a harness, only below where this side is, and to `/tmp`."""
        self._change = os.chdir
        self._trees: tuple[str, ...] = ("/",)
        if is_harness:
            scratch = os.path.realpath(os.environ.get("TMPDIR", _SCRATCH[0]))
            self._trees = tuple(f"{tree}/" for tree in (os.getcwd(), scratch, *_SCRATCH))  # noqa: PTH109
        self._is_changed = False
        self._noticed = {name: self._noticing(getattr(os, name)) for name in ("chdir", "fchdir")}

    def install(self) -> None:
        """Notice changes in this process."""
        for name, change in self._noticed.items():
            setattr(os, name, change)

    def _noticing(self, function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def change(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (passed on)
            function(*args, **kwargs)
            self._is_changed = True

        change.__module__ = "os"  # so that `pickle` finds it
        return change

    def changes(self) -> str | None:
        """Return the new current directory, or None if it no longer exists."""
        if not self._is_changed:
            return None
        self._is_changed = False
        try:
            path = os.getcwd()  # noqa: PTH109  (shows the name that the guest gave)
        except OSError:
            return None
        return path if _is_text(path, _PATH_CHARACTERS_MAX) else None

    def apply(self, path: object) -> None:
        """Follow the other side. Raises ValueError."""
        if not _is_text(path, _PATH_CHARACTERS_MAX) or not os.path.isabs(str(path)):  # noqa: PTH117
            raise ValueError("not a directory")
        real = os.path.realpath(str(path)) + "/"
        if not real.startswith(self._trees):
            return
        with contextlib.suppress(OSError):  # removed by now, or refused
            self._change(str(path))


def _texts(found: Any) -> list[str]:  # noqa: ANN401  (from the other side)
    """Return a list of texts. Raises ValueError."""
    if type(found) is not list or len(found) > _TEXTS_MAX:
        raise ValueError("not a list, or too long")
    if not all(_is_text(text, _VALUE_CHARACTERS_MAX) for text in found):
        raise ValueError("not a text that the system can use")
    return found


class _State(NamedTuple):
    key: Any  # bytes, or 624 numbers
    position: int
    gauss: float | None


class Generator:
    """The random numbers of `random` or of `numpy.random`: a Mersenne Twister.

    The harness sends its state. A candidate sends only how it has seeded the generator and how many
    numbers it has drawn: it must not be able to choose the random inputs of its tests one by one.
    """

    def __init__(self, module: Any, *, is_known: bool = True) -> None:  # noqa: ANN401  (numpy may not be installed)
        """Take the present state as known to the other side, if it *is_known*."""
        self._module = module
        self._is_numpy = module is not random
        self._set_seed: Callable[..., None] = module.seed
        self._known: _State | None = self._read() if is_known else None
        self._seed: object = None
        module.seed = self._noticing(module.seed)

    def _noticing(self, function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def seed(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (passed on)
            function(*args, **kwargs)
            value = args[0] if len(args) == 1 and not kwargs else None
            self._seed = value if _is_seed(value) else None
            self._known = self._read() if self._seed is not None else None

        return seed

    def _read(self) -> _State:
        if self._is_numpy:
            _, key, position, has_gauss, gauss = self._module.get_state()
            return _State(key.tobytes(), int(position), float(gauss) if has_gauss else None)
        _, numbers, gauss = random.getstate()
        return _State(numbers[:-1], numbers[-1], gauss)

    # -- the harness's side ----------------------------------------------------------

    def changes(self) -> list[object] | None:
        """Return the state if it has changed or was seeded since the last message."""
        state = self._read()
        if state == self._known and self._seed is None:
            return None
        self._known, self._seed = state, None
        return [_key_bytes(state).hex(), state.position, state.gauss]

    def move_on(self, moves: Any) -> None:  # noqa: ANN401  (from a candidate)
        """Seed, and draw numbers, as the candidate has done. Raises ValueError."""
        match moves:
            case [None | int() | float() | str() as seed, int(drawn), bool(has_gauss)]:
                pass
            case _:
                raise ValueError("not the moves of a random generator")
        if not 0 <= drawn <= (_BLOCKS_MAX + 1) * _BLOCK or not (seed is None or _is_seed(seed)):
            raise ValueError("moves of a random generator that are too large")
        if seed is not None:
            self._set_seed(abs(int(seed)) % 2**32 if self._is_numpy else seed)
        if self._is_numpy:
            if drawn:
                self._module.bytes(4 * drawn)
        else:
            is_drawn_by_gauss = has_gauss and drawn >= 4  # noqa: PLR2004  (two numbers of 53 bits)
            if rest := drawn - 4 * is_drawn_by_gauss:
                random.getrandbits(32 * rest)
            if not has_gauss or is_drawn_by_gauss:
                random._inst.gauss_next = None  # type: ignore[attr-defined]  # noqa: SLF001
            if is_drawn_by_gauss:
                random.gauss()
        self._known = self._read()

    # -- the candidate's side --------------------------------------------------------

    def apply(self, state: Any) -> None:  # noqa: ANN401  (from the harness)
        """Continue with random numbers where the tests stopped."""
        text, position, gauss = state
        key = bytes.fromhex(text)
        if self._is_numpy:
            numbers = memoryview(key).cast("I").tolist()
            self._module.set_state(("MT19937", numbers, position, gauss is not None, gauss or 0.0))
        else:
            random.setstate((3, (*_KEY.unpack(key), position), gauss))
        self._known, self._seed = self._read(), None

    def moves(self) -> list[object] | None:
        """Return how the candidate has seeded, and how many numbers it has drawn since."""
        state, known, seed = self._read(), self._known, self._seed
        if state == known and seed is None:
            return None
        self._known, self._seed = state, None
        drawn = None if known is None else _count_drawn(known, state)
        return None if drawn is None else [seed, drawn, state.gauss is not None]


def _is_seed(value: object) -> bool:
    match value:
        case bool():
            return False
        case int():
            return abs(value) < 2**64
        case str():
            return len(value) <= _NAME_CHARACTERS_MAX
    return type(value) is float


def _key_bytes(state: _State) -> bytes:
    return state.key if type(state.key) is bytes else _KEY.pack(*state.key)


def _key_numbers(state: _State) -> tuple[int, ...]:
    return _KEY.unpack(state.key) if type(state.key) is bytes else state.key


def _count_drawn(known: _State, state: _State) -> int | None:
    """Return how many numbers lead from one state to another; None if it is not that way."""
    drawn = state.position - known.position
    if known.key == state.key:
        return drawn if drawn >= 0 else None
    key = _key_numbers(state)
    twin = random.Random()  # noqa: S311  (as in `random` itself)
    twin.setstate((3, (*_key_numbers(known), known.position), None))
    for block in range(1, _BLOCKS_MAX + 1):
        twin.getrandbits(32 * (_BLOCK + 1 - (known.position if block == 1 else 1)))
        numbers = twin.getstate()[1]
        if numbers[:-1] == key:
            return drawn + block * _BLOCK
    return None


class RandomNumbers(Part):
    """The generators that are loaded: of `random`, and of `numpy.random`."""

    def __init__(self, *, is_harness: bool) -> None:
        """Begin, in a harness, to send the states; else, wait for them."""
        self._is_harness = self._is_changed = is_harness
        self._is_first = True
        self._is_numpy_known = "numpy" in sys.modules or not is_harness
        self._generators: dict[str, Generator] = {}
        self._find_generators()

    def _find_generators(self) -> None:
        if "random" not in self._generators:
            self._generators["random"] = Generator(random)
        numpy: Any = sys.modules.get("numpy")
        if "numpy" not in self._generators and hasattr(numpy, "random"):
            self._generators["numpy"] = Generator(numpy.random, is_known=self._is_numpy_known)

    def changes(self) -> dict[str, list[object]] | None:
        """Return the states, or the moves of a candidate. The first message says that it draws."""
        if not self._is_changed:
            return None
        self._find_generators()
        found = {
            name: generator.changes() if self._is_harness else generator.moves()
            for name, generator in self._generators.items()
        }
        changed = {name: changes for name, changes in found.items() if changes is not None}
        if self._is_first:
            # The next states are sent only if the candidate's program draws, too.
            self._is_first, self._is_changed = False, not self._is_harness
            return changed
        return changed or None

    def apply(self, received: Any) -> None:  # noqa: ANN401  (from the other side)
        """Follow the other side."""
        self._is_changed = True
        self._find_generators()
        for name, changes in received.items():
            generator = self._generators.get(name)
            if generator is not None and changes is not None:
                (generator.move_on if self._is_harness else generator.apply)(changes)


class SearchPath(Part):
    """What one side has added to `sys.path`, which the other side sees, too."""

    def __init__(self, *, is_harness: bool) -> None:
        """Note the entries that each side has for itself. A harness imports from no others."""
        self._is_harness = is_harness
        self._own = list(sys.path)
        self._known = list(sys.path)

    def changes(self) -> list[list[str]] | None:
        """Return the entries before our own, and the others that are not our own."""
        if sys.path == self._known:
            return None
        self._known = list(sys.path)
        added = [str(entry) for entry in self._known if entry not in self._own]
        count = next((n for n, entry in enumerate(self._known) if entry in self._own), len(added))
        return [added[:count], added[count:]]

    def apply(self, added: Any) -> None:  # noqa: ANN401  (from the other side)
        """Make the additions of the other side. Raises TypeError or ValueError."""
        before, after = added
        known = set(sys.path)
        own = [entry for entry in sys.path if entry in self._own]
        sys.path[:] = [*_texts(before), *own, *_texts(after)]
        if self._is_harness:  # nothing is even looked for there
            sys.path_importer_cache.update(dict.fromkeys(set(sys.path) - known))
        self._known = list(sys.path)
