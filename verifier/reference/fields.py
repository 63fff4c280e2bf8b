"""Read the parts of a reference, and say clearly which part is wrong.

In: JSON as a trainer sent it, and the path that leads to it (`tests.cases[3].stdin`).
Out: a plain value, or a `VerifierError` with the path, what was found and what is
expected. Must not know: which parts a reference has, and what they are for. A reference
is secret: messages tell the type and size of what was found, and quote settings only.
"""

import difflib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from typing import Generic, TypeVar

from nova_code_verifier.verifier.errors import VerifierError

MAX_CASES = 100_000
_QUOTED_CHARACTERS = 40
_QUOTED_KEYS = 8
_QUOTED_NUMBER = 10**15
_HINT = 0.75
_SOLUTION = "Solution()."
_TYPE_NAMES = {type(None): "nothing", bool: "a boolean", int: "a number", float: "a number"}
_decode = json.JSONDecoder().decode

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One dict of a reference, and its path ("" for the outermost)."""

    field: str
    values: dict[str, object]

    def at(self, key: str) -> str:
        """Return the path of *key* in this scope."""
        return f"{self.field}.{key}" if self.field else key


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(Generic[Value]):
    """What a reference says about one of its settings, and where it says so."""

    field: str
    value: Value


def mismatch(field: str, value: object, expected: str) -> VerifierError:
    """Return the error for a *value* that is not what is *expected*."""
    return VerifierError(field, f"found {_describe(value)}, expected {expected}")


def quote(value: object) -> str:
    """Show a setting, a name or a key: never a question or an expected answer."""
    if isinstance(value, str):
        clipped = value[:_QUOTED_CHARACTERS]
        return repr(clipped) + ("..." if clipped != value else "")
    # Python refuses to print an int of more than 4300 digits.
    if isinstance(value, int) and abs(value) > _QUOTED_NUMBER:
        return "a huge number"
    return repr(value) if isinstance(value, int | float) else _describe(value)


def quote_keys(keys: Iterable[str]) -> str:
    """Show the first few of *keys*."""
    shown = [quote(key) for key in keys]
    more = ", ..." if len(shown) > _QUOTED_KEYS else ""
    return (", ".join(shown[:_QUOTED_KEYS]) or "nothing") + more


def did_you_mean(key: str, known: Iterable[str]) -> str:
    """Return a half sentence that names the *known* key closest to *key*, or nothing."""
    near = nearest_key(key, known)
    return f"; did you mean {near!r}?" if near else ""


def nearest_key(key: str, known: Iterable[str], likeness: float = _HINT) -> str | None:
    """Return the *known* key that *key* probably stands for: 1.0 is the same key."""
    word = str(key)[:_QUOTED_CHARACTERS].lower()  # a library's caller may have other keys
    near = difflib.get_close_matches(word, known, n=1, cutoff=likeness)
    return near[0] if near else None


def read_json(field: str, text: str, expected: str = "JSON") -> object:
    """Decode *text*, as Python's `json` does (NaN and Infinity included)."""
    try:
        value: object = _decode(text)
    except json.JSONDecodeError as error:
        problem = f"found {_describe(text)} that is not JSON ({error.msg}), expected {expected}"
        raise VerifierError(field, problem) from None
    except RecursionError:
        raise VerifierError(field, "found JSON that is nested too deeply") from None
    except ValueError:
        raise VerifierError(field, "found JSON with a number of too many digits") from None
    return value


def unpack(field: str, value: object, expected: str) -> object:
    """Decode *value* where it is JSON in a string, or in a string in a string."""
    for _ in range(2):
        if not isinstance(value, str):
            return value
        value = read_json(field, value, expected)
    if isinstance(value, str):
        raise VerifierError(field, f"found JSON strings in one another, expected {expected}")
    return value


def read_dict(field: str, value: object, expected: str = "a dict") -> dict[str, object]:
    """Read a dict, or a JSON string of one, and leave out its nulls (they mean absent)."""
    value = unpack(field, value, expected)
    if not isinstance(value, dict):
        raise mismatch(field, value, expected)
    return {key: item for key, item in value.items() if item is not None}


def read_list(field: str, value: object) -> list[object]:
    """Read a list, or a JSON string of one."""
    value = unpack(field, value, "a list")
    if not isinstance(value, list):
        raise mismatch(field, value, "a list")
    return value


def read_text(field: str, value: object, expected: str = "a string") -> str:
    """Read a string as it stands."""
    if not isinstance(value, str):
        raise mismatch(field, value, expected)
    return value


def read_number(
    field: str, value: object, highest: float, *, lowest: float | None = None, unit: str = ""
) -> float:
    """Read a number up to *highest*, and from *lowest* or, without one, above 0."""
    least = "above 0" if lowest is None else f"from {lowest}"
    problem = f"found {quote(value)}, expected a number {least} up to {highest}{unit}"
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise VerifierError(field, problem)
    # Comparing comes before float(), which has no room for an int of 400 digits.
    if not (lowest or 0) <= value <= highest or (lowest is None and value == 0):
        raise VerifierError(field, problem)
    return float(value)


def read_entry_point(field: str, value: object) -> str:
    """Read the name of the function that is called: `f`, or `Solution().f`."""
    name = read_text(field, value, "the name of a function")
    function = name.removeprefix(_SOLUTION)
    if not function.isidentifier() or iskeyword(function):
        raise VerifierError(field, f"found {quote(name)}, expected a name: f or Solution().f")
    return name


def read_setting(
    scopes: Iterable[Scope], key: str, read: Callable[[str, object], Value]
) -> Setting[Value] | None:
    """Read *key* wherever it is given; where it is given twice, both must say the same."""
    found: Setting[Value] | None = None
    for scope in scopes:
        value = scope.values.get(key)
        if value is None or value == "":  # an empty string is how many datasets say "unknown"
            continue
        setting = Setting(field=scope.at(key), value=read(scope.at(key), value))
        found = found or setting
        if setting.value != found.value:
            raise VerifierError(setting.field, f"contradicts {found.field}")
    return found


def refuse_unknown_keys(field: str, values: dict[str, object], known: Sequence[str]) -> None:
    """Raise for a key (with a value) that is not among the *known* ones."""
    for key, value in values.items():
        if key not in known and value is not None:
            problem = f"unknown key, expected {', '.join(known)}{did_you_mean(key, known)}"
            raise VerifierError(f"{field}.{key[:_QUOTED_CHARACTERS]}", problem)


def check_count(field: str, count: int) -> None:
    """Raise unless *count* is a number of test cases that we judge."""
    if not count:
        raise VerifierError(field, "found no test cases, expected at least one")
    if count > MAX_CASES:
        raise VerifierError(field, f"found {count} test cases, expected at most {MAX_CASES}")


def _describe(value: object) -> str:
    match value:
        case str():
            return f"a string of {len(value)} characters"
        case list():
            return f"a list of {len(value)} items"
        case dict():
            return f"a dict of {len(value)} keys"
    return _TYPE_NAMES.get(type(value), type(value).__name__)
