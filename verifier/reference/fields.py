"""Read single fields of a reference, with errors that name the field.

In: JSON as a trainer sent it, and its path in the reference (`tests.cases[3].stdin`).
Out: a plain value, or a `VerifierError` with the path, what was found and what was expected.

References are secret. Error messages show the type and size of a value; they quote only
settings, names and keys, and never a question or an expected answer.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from math import isnan
from typing import Any, Generic, TypeVar

from nova_code_verifier.verifier.errors import VerifierError, nearest_key

MAX_CASES = 100_000
_QUOTED_CHARACTERS = 40
_QUOTED_KEYS = 8
_QUOTED_NUMBER = 10**15
_MAX_STRING_DEPTH = 2
_MAX_ARRAY_DEPTH = 100
_OF_A_NEW_OBJECT = "()."
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
    """The value of a setting, and the path where the reference sets it."""

    field: str
    value: Value


def mismatch(field: str, value: object, expected: str) -> VerifierError:
    """Return the error for a *value* at *field* that is not what was *expected*."""
    return VerifierError(field, f"found {_describe(value)}, expected {expected}")


def bad_value(field: str, value: object, expected: str) -> VerifierError:
    """Return the error for a setting that is not what was *expected*; it quotes the *value*."""
    return VerifierError(field, f"found {quote(value)}, expected {expected}")


def quote(value: object) -> str:
    """Show a setting, a name or a key in a message. Never pass a question or an expected answer."""
    if isinstance(value, str):
        clipped = value[:_QUOTED_CHARACTERS]
        return repr(clipped) + ("..." if clipped != value else "")
    # Python refuses to print an int of more than 4300 digits.
    if isinstance(value, int) and abs(value) > _QUOTED_NUMBER:
        return "a huge number"
    return repr(value) if isinstance(value, int | float) else _describe(value)


def quote_keys(keys: Iterable[str]) -> str:
    """Show the first few *keys* in a message."""
    shown = [quote(key) for key in keys]
    more = ", ..." if len(shown) > _QUOTED_KEYS else ""
    return (", ".join(shown[:_QUOTED_KEYS]) or "nothing") + more


def did_you_mean(key: str, known: Iterable[str]) -> str:
    """Return "; did you mean …?" with the *known* key closest to *key*, or an empty string."""
    near = nearest_key(key, known)
    return f"; did you mean {near!r}?" if near else ""


def read_json(field: str, text: str, expected: str = "JSON") -> object:
    """Decode *text* as Python's `json` does (NaN and Infinity are allowed). Raise VerifierError."""
    try:
        return _decode(text)
    except json.JSONDecodeError as error:
        problem = f"found {_describe(text)} that is not JSON ({error.msg}), expected {expected}"
    except RecursionError:
        problem = "found JSON that is nested too deeply, expected fewer levels"
    except ValueError:
        problem = "found JSON with a number of too many digits, expected at most 4300"
    raise VerifierError(field, problem)


def plain(value: object) -> object:
    """Return *value* with the arrays of numpy and pandas in it as lists, and their numbers as ours.

    A table row has arrays where JSON has lists. numpy is not imported. Tuples stay: as an argument
    of a call, a tuple is not a list. Raise VerifierError for an array at a great depth.
    """
    return _without_arrays(value, 0) if _has_arrays(value) else value


def _has_arrays(value: object) -> bool:
    """Look for arrays, level by level: a sample from JSON has none, and is not copied."""
    level = [value]
    for _ in range(_MAX_ARRAY_DEPTH):
        types = set(map(type, level))
        if any(hasattr(kind, "tolist") for kind in types):
            return True
        if types.isdisjoint((dict, list, tuple)):
            return False
        containers = (item for item in level if isinstance(item, dict | list | tuple))
        contents = (item.values() if isinstance(item, dict) else item for item in containers)
        level = [item for items in contents for item in items]
    return False


def _without_arrays(value: Any, depth: int) -> object:  # noqa: ANN401  (it may be an array)
    if depth > _MAX_ARRAY_DEPTH:
        raise VerifierError("reference", "found arrays that are nested too deeply")
    if hasattr(type(value), "tolist"):
        value = value.tolist()
    match value:
        case dict():
            return {key: _without_arrays(item, depth + 1) for key, item in value.items()}
        case list():
            return [_without_arrays(item, depth + 1) for item in value]
        case tuple():
            return tuple(_without_arrays(item, depth + 1) for item in value)
    return value


def unpack(
    field: str, value: object, expected: str, read: Callable[[str, str, str], object] = read_json
) -> object:
    """Decode *value* while it is a JSON string, at most twice. *read* decodes one string.

    Return a tuple as a list. Raise VerifierError if a string is not JSON, or if the result is still
    a string.
    """
    for _ in range(_MAX_STRING_DEPTH):
        if not isinstance(value, str):
            return list(value) if isinstance(value, tuple) else value
        value = read(field, value, expected)
    if isinstance(value, str):
        problem = f"found JSON strings nested more than {_MAX_STRING_DEPTH} deep"
        raise VerifierError(field, f"{problem}, expected {expected}")
    return value


def read_dict(field: str, value: object, expected: str = "a dict") -> dict[str, object]:
    """Read a dict, or a JSON string of one, and drop its nulls (null means absent)."""
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
    """Read a string, unchanged."""
    if not isinstance(value, str):
        raise mismatch(field, value, expected)
    return value


def read_number(
    field: str, value: object, highest: float, *, lowest: float | None = None, unit: str = ""
) -> float:
    """Read a number from *lowest* to *highest*; without *lowest*, it must be above 0.

    *unit* is added to the error message only (" seconds").
    """
    least = "above 0" if lowest is None else f"from {lowest}"
    error = bad_value(field, value, f"a number {least} up to {highest}{unit}")
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise error
    # Compare before float(): an int of 400 digits does not fit into a float.
    if not (lowest or 0) <= value <= highest or (lowest is None and value == 0):
        raise error
    return float(value)


def read_entry_point(field: str, value: object) -> str:
    """Read the name of the function that the tests call: `f`, `Solution().f` or `Name().f`."""
    name = read_text(field, value, "the name of a function")
    class_name, _, function = name.rpartition(_OF_A_NEW_OBJECT)
    if not is_name(function) or (_OF_A_NEW_OBJECT in name and not is_name(class_name)):
        raise bad_value(field, name, "f or Solution().f")
    return name


def is_name(text: str) -> bool:
    """Return whether *text* can be the name of a function or of a class."""
    return text.isidentifier() and not iskeyword(text)


def read_setting(
    scopes: Iterable[Scope], key: str, read: Callable[[str, object], Value]
) -> Setting[Value] | None:
    """Read *key* from all *scopes* that have it. Raise VerifierError if two values differ."""
    first: Setting[Value] | None = None
    for scope in scopes:
        value = scope.values.get(key)
        # Many datasets write "unknown" as an empty string, and tables as NaN.
        if value is None or value == "" or is_nan(value):
            continue
        setting = Setting(field=scope.at(key), value=read(scope.at(key), value))
        first = first or setting
        if setting.value != first.value:
            raise contradiction(setting.field, first.field)
    return first


def is_nan(value: object) -> bool:
    """Return whether *value* is NaN, which tables write for "no value"."""
    return isinstance(value, float) and isnan(value)


def contradiction(field: str, other: str) -> VerifierError:
    """Return the error for a setting at *field* that differs from the one at *other*."""
    return VerifierError(field, f"contradicts {other}; remove one of them, or make them equal")


def refuse_unknown_keys(field: str, values: dict[str, object], known: Sequence[str]) -> None:
    """Raise VerifierError for a key that is not *known*, unless its value is null."""
    for key, value in values.items():
        if key not in known and value is not None:
            problem = f"unknown key, expected {', '.join(known)}{did_you_mean(key, known)}"
            raise VerifierError(f"{field}.{key[:_QUOTED_CHARACTERS]}", problem)


def check_count(field: str, count: int) -> None:
    """Raise VerifierError unless *count* test cases are at least 1 and at most `MAX_CASES`."""
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
