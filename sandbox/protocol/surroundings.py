"""What tests and candidate would share in one process: environment, directory, random numbers.

Both sides of a session use this module. Each side notes what has changed since the last message,
and applies what the other side sends. A candidate can send anything: `apply` raises ValueError for
what no honest side sends.
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

OF_PYTEST = ("PYTEST",)
"""Variables that pytest sets itself; one names the test that runs."""
OF_INTERPRETER = ("PYTHON", "_PYTHON", "LD_", "MPL")
"""Variables that may name what to import."""

_NAME_CHARACTERS_MAX, _VALUE_CHARACTERS_MAX, _VARIABLES_MAX = 256, 2**15, 1000
_PATH_CHARACTERS_MAX = 2**12
_SCRATCH = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108  (names of one directory in a guest)
_ARGUMENTS_MAX = 256
_KEY = struct.Struct("=624I")
_BLOCK = 624
# To find out how many numbers were drawn takes less time than to draw them.
_BLOCKS_MAX = 1000


class Environment:
    """The variables of `os.environ`."""

    def __init__(self, *, hidden: tuple[str, ...], refused: tuple[str, ...]) -> None:
        """Do not send names that start with one of *hidden*, nor accept those of *refused*."""
        self._environ = os.environ
        self._data: dict[bytes, bytes] = os.environ._data  # type: ignore[attr-defined]  # noqa: SLF001  (compares ten times faster)
        self._known = dict(self._data)
        self._hidden = hidden
        self._refused = refused

    def is_changed(self) -> bool:
        """Return whether this side has changed a variable since the last message."""
        return self._data != self._known

    def changes(self) -> dict[str, str | None]:
        """Return the new values of the variables that this side has changed; None if removed."""
        now, known = dict(self._data), self._known
        self._known = now
        names = [name for name in {**known, **now} if now.get(name) != known.get(name)]
        changed = {
            os.fsdecode(name): os.fsdecode(now[name]) if name in now else None for name in names
        }
        return {
            name: value
            for name, value in changed.items()
            if _is_variable(name, value) and not name.startswith(self._hidden)
        }

    def apply(self, changes: Any, *, for_this_interpreter: bool) -> None:  # noqa: ANN401  (from the other side)
        """Set the variables that the other side has changed. Raises ValueError.

        If not *for_this_interpreter*, only code in Python sees them: native code, such as OpenSSL,
        loads what some variables name.
        """
        if type(changes) is not dict or len(changes) + len(self._data) > _VARIABLES_MAX:
            raise ValueError("not the changes of an environment, or too many")
        for name, value in changes.items():
            if not _is_variable(name, value) or name.startswith(self._refused):
                raise ValueError("a variable of the environment that may not be set")
        for name, value in changes.items():
            key = os.fsencode(name)
            if for_this_interpreter:
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


class Directory:
    """The current directory."""

    def __init__(self, *, follows_everywhere: bool) -> None:
        """Follow the other side everywhere, or only below where this side is, and to `/tmp`."""
        self._change = os.chdir
        self._trees: tuple[str, ...] = ("/",)
        if not follows_everywhere:
            scratch = os.path.realpath(os.environ.get("TMPDIR", _SCRATCH[0]))
            self._trees = tuple(f"{tree}/" for tree in (os.getcwd(), scratch, *_SCRATCH))  # noqa: PTH109
        self.is_changed = False
        for name in ("chdir", "fchdir"):
            setattr(os, name, self._noticing(getattr(os, name)))

    def _noticing(self, function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def change(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (passed on)
            function(*args, **kwargs)
            self.is_changed = True

        change.__module__ = "os"  # so that `pickle` finds it
        return change

    def changes(self) -> str | None:
        """Return the current directory, or None if it no longer exists."""
        self.is_changed = False
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


def read_arguments(arguments: Any) -> list[str]:  # noqa: ANN401  (from the other side)
    """Return a new value for `sys.argv`. Raises ValueError."""
    if type(arguments) is not list or len(arguments) > _ARGUMENTS_MAX:
        raise ValueError("not the arguments of a program")
    if not all(_is_text(argument, _VALUE_CHARACTERS_MAX) for argument in arguments):
        raise ValueError("not an argument of a program")
    return arguments


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


class SearchPath:
    """What one side has added to `sys.path`, which the other side sees, too."""

    def __init__(self) -> None:
        """Note the entries that each side has for itself."""
        self._own = list(sys.path)
        self._known = list(sys.path)

    @property
    def is_changed(self) -> bool:
        """Whether the path has changed since the last look."""
        return sys.path != self._known

    def changes(self) -> list[list[str]]:
        """Return the entries before our own, and the others that are not our own."""
        self._known = list(sys.path)
        added = [str(entry) for entry in self._known if entry not in self._own]
        count = next((n for n, entry in enumerate(self._known) if entry in self._own), len(added))
        return [added[:count], added[count:]]

    def apply(self, added: Any) -> None:  # noqa: ANN401  (from the other side)
        """Make the additions of the other side. Raises TypeError or ValueError."""
        before, after = added
        own = [entry for entry in sys.path if entry in self._own]
        sys.path[:] = [*read_arguments(before), *own, *read_arguments(after)]
        self._known = list(sys.path)
