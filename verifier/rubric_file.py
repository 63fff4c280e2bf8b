"""Read a rubric from a mapping of sections, as in TOML or JSON.

In: a mapping. Out: a `Rubric`. A misspelt key is an error that names the nearest right one.
"""

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from nova_code_verifier.verifier.errors import nearest_key
from nova_code_verifier.verifier.rubric import (
    DEFAULT_RUBRIC,
    DIMENSIONS,
    Grouping,
    OutagePolicy,
    Polarity,
    Policy,
    Rubric,
    RubricError,
    Shape,
)
from nova_code_verifier.verifier.types import Checker, CheckerKind

_REWARD_MAX = 1e9
_PRIORS_TOLERANCE = 0.01  # priors are often written with two digits


def read_rubric(source: Mapping[str, Any], base: Rubric = DEFAULT_RUBRIC) -> Rubric:
    """Return *base* with the keys that *source* sets. null means that a key is not set.

    Raise RubricError for an unknown key or a value out of range.

    >>> read_rubric({"weights": {"correctness": 1.0, "compile": 0.0, "format": 0.0}}).compile
    0.0
    """
    values: dict[str, Any] = {}
    for section, content in source.items():
        _known(section, SECTIONS, "")
        if content is None:  # tables of a database store null for a key that is not set
            continue
        if section == "checker":
            values[section] = read_checker(content)
        elif isinstance(content, Mapping):
            values |= _read_section(section, content)
        else:
            raise RubricError(f"{section}: expected a table of keys, found {content!r}")
    return replace(base, **values)


def read_checker(content: object) -> Checker:
    """Read a checker: its kind, or a table as in a reference. Raise RubricError.

    >>> read_checker({"kind": "numeric", "abs_tol": 0.001}).abs_tol
    0.001
    """
    table: Mapping[Any, object] = content if isinstance(content, Mapping) else {"kind": content}
    values = _read_section("checker", table)
    if "kind" not in values:
        raise RubricError(f"checker.kind: expected one of {', '.join(CheckerKind)}, found nothing")
    if len(values) > 1 and values["kind"] is not CheckerKind.NUMERIC:
        raise RubricError(f"checker: expected tolerances only for numeric, found {content!r}")
    return Checker(**values)


def _read_section(section: str, content: Mapping[Any, object]) -> dict[str, Any]:
    readers = SECTIONS[section]
    values: dict[str, Any] = {}
    for key, value in content.items():
        reader = readers[_known(key, readers, f"{section}.")]
        try:
            values |= {} if value is None else reader(key, value)
        except ValueError as error:
            raise RubricError(f"{section}.{key}: {error}, found {value!r}") from None
    return values


def _known(key: object, known: Mapping[str, object], where: str) -> str:
    """Return *key* if it is known. Raise RubricError otherwise."""
    if isinstance(key, str) and key in known:
        return key
    near = nearest_key(key, known)
    hint = f"did you mean {where}{near}?" if near else f"known: {', '.join(known)}"
    raise RubricError(f"{where}{key}: no such key; {hint}")


_Reader = Callable[[str, object], dict[str, Any]]


def _number(least: float, most: float) -> _Reader:
    def read(key: str, value: object) -> dict[str, Any]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("expected a number")  # noqa: TRY004  (`read_rubric` catches it)
        if not least <= value <= most:
            raise ValueError(f"expected {least:g} to {most:g}")
        return {key: float(value)}

    return read


def _one_of(kind: type[StrEnum]) -> _Reader:
    def read(key: str, value: object) -> dict[str, Any]:
        for member in kind:
            if value == member:
                return {key: member}
        raise ValueError(f"expected one of {', '.join(kind)}")

    return read


def _boolean(key: str, value: object) -> dict[str, Any]:
    if not isinstance(value, bool):
        raise ValueError("expected true or false")  # noqa: TRY004  (`read_rubric` catches it)
    return {key: value}


def _range(_key: str, value: object) -> dict[str, Any]:
    if not isinstance(value, list | tuple) or len(value) != 2:  # noqa: PLR2004  (a pair)
        raise ValueError("expected two numbers, the lower end first")
    read = _number(-_REWARD_MAX, _REWARD_MAX)
    return read("lowest", value[0]) | read("highest", value[1])


def _priors(key: str, value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping) or (value and value.keys() != set(Polarity)):
        raise ValueError(f"expected shares of {', '.join(Polarity)} that add up to 1, or {{}}")
    shares = [_number(0.001, 1)(key, share)[key] for share in value.values()]
    if shares and not math.isclose(sum(shares), 1.0, abs_tol=_PRIORS_TOLERANCE):
        raise ValueError("expected shares that add up to 1")
    return {key: tuple(zip(value, shares, strict=True))}


SECTIONS: dict[str, dict[str, _Reader]] = {
    "weights": dict.fromkeys(DIMENSIONS, _number(0, 1)),
    "correctness": {
        "shape": _one_of(Shape),
        "exponent": _number(0.01, 100),
        "threshold": _number(0, 1),
        "guess_correction": _boolean,
        "pay_self_compared": _boolean,
        "groups": _one_of(Grouping),
    },
    "format": {"solution_marks": _boolean, "boxed": _boolean},
    "safety": {"policy": _one_of(Policy), "enforce": _boolean},
    "sentiment": {"priors": _priors},
    "conciseness": {"budget": _number(1, 1e9)},
    "reward": {
        "range": _range,
        "violation_penalty": _number(0, 1),
        "ungraded_reward": _number(-_REWARD_MAX, _REWARD_MAX),
        "on_outage": _one_of(OutagePolicy),
    },
    "checker": {
        "kind": _one_of(CheckerKind),
        "abs_tol": _number(0, sys.float_info.max),
        "rel_tol": _number(0, 1),
    },
}
