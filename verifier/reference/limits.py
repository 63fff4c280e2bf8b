"""Read the limits of a test case.

In: the scopes of a reference, and the default limits. Out: `Limits`, and notes on what was read
otherwise than it is written. A limit may be given in several forms, if all give the same value.

| key | means | examples |
|---|---|---|
| `limits.cpu_seconds` | CPU time in seconds, above 0, at most 3600 | `2`, `0.5` |
| `limits.wall_seconds` | wall time in seconds, at most 10800; default: 3 x the CPU time | `6` |
| `limits.total_cpu_seconds` | CPU time of all test cases together, at most 86400 | `60` |
| `limits.total_wall_seconds` | the same for wall time; both: see `default_totals` | `90` |
| `limits.memory_mb` | resident memory in MiB, 16 to 65536 | `256` |
| `limits.output_bytes` | size of each output; for calls and test code also of all answers | |
| | of a guest together; 1 to 2**30, default: 16 MiB | `1048576` |
| `time_limit` | `limits.cpu_seconds` | `2`, `"2 s"`, `"500 ms"`, `{"seconds": 2, "nanos": 0}` |
| `memory_limit` | `limits.memory_mb` | `256`, `"256 megabytes"`, `"268435456 bytes"` |
| `timeout`, `timelimit`, `cpu_time_limit`, … | `time_limit` | |
| `memory`, `mem_limit`, … | `memory_limit` | |
| any of these with a unit | in this unit | `time_limit_ms: 2000`, `memory_limit_kb: 262144` |

Three things that datasets write cannot be meant, and are read otherwise, with a note:

* "2000 s" in HardTests is 2000 ms: no contest allows 1000 seconds or more. From 120 to 1000
  seconds both are possible, and the limit is refused.
* A memory limit below 16 MiB is raised to 16 MiB: Python does not run in less. Below 1 MiB
  ("50000 bytes" in HardTests), the unit is wrong, and the default holds.
* 0, -1 and NaN mean that there is no such limit; the default holds. (`time_limit: 0` is refused.)
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from nova_code_verifier.sandbox.types import Limits
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.fields import (
    Scope,
    bad_value,
    contradiction,
    is_nan,
    read_dict,
    read_number,
    read_setting,
    refuse_unknown_keys,
)
from nova_code_verifier.verifier.reference.limit_keys import (
    MEBIBYTES_PER_UNIT,
    SECONDS_PER_UNIT,
    Limited,
    LimitKey,
    limit_key,
)

_MAX_CPU_SECONDS = 3600
_WALL_SECONDS_PER_CPU_SECOND = 3
_MAX_TOTAL_SECONDS = 86_400
_MEBIBYTE = 2**20
_MIN_MEMORY_MB = 16
_MIN_PLAUSIBLE_MEMORY_MB = 1
_MAX_MEMORY_MB = 65536
_MAX_OUTPUT_BYTES = 2**30
_NANOS_PER_SECOND = 10**9
_MILLISECONDS_PER_SECOND = 1000
_HUGE = 10**15

# No contest allows more seconds than this: a bare 2000 means milliseconds.
_MAX_TIME_LIMIT = 120
# From here on a number of seconds is one of milliseconds, as HardTests writes them.
_MIN_MILLISECONDS_AS_SECONDS = 1000
# A shorter limit in milliseconds is rather one in seconds.
_MIN_MILLISECONDS = 50
_MAX_AMOUNT_CHARACTERS = 40
_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([a-z]*)")
_UNKNOWN = ("none", "null", "nan", "unlimited", "unknown", "n/a")

# The lowest value of each key of `limits` (None: above 0), and the highest.
_RANGES = {
    "cpu_seconds": (None, _MAX_CPU_SECONDS),
    "wall_seconds": (None, _MAX_CPU_SECONDS * _WALL_SECONDS_PER_CPU_SECOND),
    "total_cpu_seconds": (None, _MAX_TOTAL_SECONDS),
    "total_wall_seconds": (None, _MAX_TOTAL_SECONDS),
    "memory_mb": (_MIN_MEMORY_MB, _MAX_MEMORY_MB),
    "output_bytes": (1, _MAX_OUTPUT_BYTES),
}


def read_limits(scopes: Sequence[Scope], *, default: Limits, notes: list[str]) -> Limits:
    """Read the limits that *scopes* set; *default* holds for the others.

    Add to *notes* what is read otherwise than it is written. Raise VerifierError for a limit out of
    range, or for two forms that differ.
    """
    setting = read_setting(scopes, "limits", _read_own_limits)
    own = setting.value if setting else {}
    cpu_seconds = own.get("cpu_seconds", 0)
    memory_bytes = int(own.get("memory_mb", 0) * _MEBIBYTE)
    first = {Limited.TIME: "limits.cpu_seconds", Limited.MEMORY: "limits.memory_mb"}
    for field, key, value in _limit_columns(scopes):
        if key.limited is Limited.TIME:
            found = _read_time_limit(field, value, key.unit, notes)
            cpu_seconds = _agree(field, found, first, key.limited, cpu_seconds)
        else:
            found = _read_memory_limit(field, value, key.unit, notes)
            memory_bytes = int(_agree(field, found, first, key.limited, memory_bytes))
    wall_seconds = own.get("wall_seconds") or _WALL_SECONDS_PER_CPU_SECOND * cpu_seconds
    cpu_seconds = cpu_seconds or default.cpu_seconds
    wall_seconds = wall_seconds or default.wall_seconds
    total_cpu, total_wall = default_totals(default, cpu_seconds, wall_seconds)
    return Limits(
        cpu_seconds=cpu_seconds,
        wall_seconds=wall_seconds,
        memory_bytes=memory_bytes or default.memory_bytes,
        output_bytes=int(own.get("output_bytes", default.output_bytes)),
        total_cpu_seconds=own.get("total_cpu_seconds", total_cpu),
        total_wall_seconds=own.get("total_wall_seconds", total_wall),
    )


def default_totals(default: Limits, cpu_seconds: float, wall_seconds: float) -> tuple[float, float]:
    """Return the totals of CPU time and wall time if only the limits of a test case are stated.

    They are those of *default*, and grow with limits that are longer than its own: cases that may
    take longer may do so together. They do not shrink: many short cases are no reason for that.
    """
    longer_cpu = cpu_seconds / (default.cpu_seconds or cpu_seconds or 1)
    longer_wall = wall_seconds / (default.wall_seconds or wall_seconds or 1)
    return (
        default.total_cpu_seconds * max(1.0, longer_cpu),
        default.total_wall_seconds * max(1.0, longer_wall),
    )


def _limit_columns(scopes: Sequence[Scope]) -> Iterator[tuple[str, LimitKey, object]]:
    for scope in scopes:
        for name, value in scope.values.items():
            key = limit_key(name)
            if key and not _says_nothing(name, value):
                yield scope.at(name), key, value


def _says_nothing(name: str, value: object) -> bool:
    if is_nan(value):
        return True
    if name == "time_limit":
        return value == "" or (isinstance(value, str) and value.lower() in _UNKNOWN)
    if name in ("timeout", "memory") and not isinstance(value, int | float):
        # Also the names of other things: a flag that it ran out of time, the memory of an agent.
        amount = value[:_MAX_AMOUNT_CHARACTERS].strip().lower() if isinstance(value, str) else ""
        return _AMOUNT.fullmatch(amount) is None
    if isinstance(value, str):
        return value.strip().lower() in ("", "0", "-1", *_UNKNOWN)
    if isinstance(value, bool):
        return name == "timeout"
    return value in (0, -1)


def _agree(
    field: str, found: float, first: dict[Limited, str], limited: Limited, value: float
) -> float:
    """Return the limit *found* at *field*, which must be the *value* read before (0: none)."""
    if value and found and not math.isclose(found, value):
        raise contradiction(field, first[limited])
    if found and not value:
        first[limited] = field
    return value or found


def _read_own_limits(field: str, value: object) -> dict[str, float]:
    values = read_dict(field, value)
    refuse_unknown_keys(field, values, tuple(_RANGES))
    return {
        key: read_number(f"{field}.{key}", values[key], highest, lowest=lowest)
        for key, (lowest, highest) in _RANGES.items()
        if key in values
    }


def _read_time_limit(field: str, value: object, unit: str, notes: list[str]) -> float:
    if isinstance(value, dict):
        return read_number(field, _duration(field, value), _MAX_CPU_SECONDS, unit=" seconds")
    seconds, own_unit = _amount(field, value, SECONDS_PER_UNIT, unit)
    is_in_ms = SECONDS_PER_UNIT[own_unit] < 1
    if isinstance(seconds, float) and is_in_ms and not isinstance(value, str):
        milliseconds = seconds * _MILLISECONDS_PER_SECOND
        if 0 < milliseconds < _MIN_MILLISECONDS:
            problem = f"found {milliseconds:g} milliseconds, expected {_MIN_MILLISECONDS} or more"
            raise VerifierError(field, f"{problem} (if it is seconds, use time_limit)")
    if (
        isinstance(seconds, float)
        and own_unit
        and not is_in_ms
        and seconds >= _MIN_MILLISECONDS_AS_SECONDS
    ):
        notes.append(f"{field}: found {seconds:g} seconds, read as milliseconds")
        seconds /= _MILLISECONDS_PER_SECOND
    hint = ' seconds (if it is milliseconds, write "2000 ms")'
    return read_number(field, seconds, _MAX_TIME_LIMIT, unit=hint)


def _duration(field: str, value: object) -> float:
    parts = read_dict(field, value)
    refuse_unknown_keys(field, parts, ("seconds", "nanos"))
    seconds = read_number(f"{field}.seconds", parts.get("seconds", 0), _MAX_CPU_SECONDS, lowest=0)
    nanos = read_number(f"{field}.nanos", parts.get("nanos", 0), _NANOS_PER_SECOND, lowest=0)
    return seconds + nanos / _NANOS_PER_SECOND


def _read_memory_limit(field: str, value: object, unit: str, notes: list[str]) -> int:
    amount, _ = _amount(field, value, MEBIBYTES_PER_UNIT, unit)
    hint = " megabytes (for other units use memory_limit_kb or memory_limit_bytes)"
    megabytes = read_number(field, amount, _MAX_MEMORY_MB, unit=hint)
    if megabytes < _MIN_PLAUSIBLE_MEMORY_MB:
        notes.append(f"{field}: found {megabytes:.3g} megabytes, not used; the default holds")
        return 0
    if megabytes < _MIN_MEMORY_MB:
        notes.append(f"{field}: found {megabytes:.3g} megabytes, raised to {_MIN_MEMORY_MB}")
        megabytes = _MIN_MEMORY_MB
    return int(megabytes * _MEBIBYTE)


def _amount(field: str, value: object, units: Mapping[str, float], unit: str) -> tuple[object, str]:
    """Return the number, in the unit with the factor 1, and its unit: its own, or the key's *unit*.

    A value that is no number is returned as it is.
    """
    if isinstance(value, str):
        short = value[:_MAX_AMOUNT_CHARACTERS]
        match = _AMOUNT.fullmatch(short.strip().lower())
        if short != value or match is None or match[2] not in units:
            known = ", ".join(sorted(name for name in units if name))
            raise bad_value(field, value, f"a number and one of: {known}")
        value, unit = float(match[1]), match[2] or unit
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return value, unit
    if isinstance(value, int) and abs(value) > _HUGE:
        return value, unit  # does not fit into a float
    return value * units[unit], unit
