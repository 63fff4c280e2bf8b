"""Read the limits of a test case.

In: the scopes of a reference, and the default limits. Out: `Limits`.
A limit may be given in two forms, as long as both give the same value.

| key | means | examples |
|---|---|---|
| `limits.cpu_seconds` | CPU time in seconds, above 0, at most 3600 | `2`, `0.5` |
| `limits.wall_seconds` | wall time in seconds, at most 10800; default: 3 x the CPU time | `6` |
| `limits.memory_mb` | resident memory in MiB, 16 to 65536 | `256` |
| `limits.output_bytes` | size of each output; for calls and test code also of all answers | |
| | of a guest together; 1 to 2**30, default: 16 MiB | `1048576` |
| `time_limit` | `limits.cpu_seconds` | `2`, `"2 s"`, `"500 ms"`, `{"seconds": 2, "nanos": 0}` |
| `memory_limit` | `limits.memory_mb` | `256`, `"256 megabytes"`, `"268435456 bytes"` |
| `memory_limit_bytes` | the same in bytes; 0 means unknown | `268435456` |
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from nova_code_verifier.sandbox.types import Limits
from nova_code_verifier.verifier.reference.fields import (
    Scope,
    Setting,
    bad_value,
    contradiction,
    read_dict,
    read_number,
    read_setting,
    refuse_unknown_keys,
)

_MAX_CPU_SECONDS = 3600
_WALL_SECONDS_PER_CPU_SECOND = 3
_MEBIBYTE = 2**20
_MIN_MEMORY_MB = 16
_MAX_MEMORY_MB = 65536
_MAX_OUTPUT_BYTES = 2**30
_NANOS_PER_SECOND = 10**9

# No contest allows more seconds than this: a bare 2000 means milliseconds.
_MAX_BARE_TIME_LIMIT = 120
_MAX_AMOUNT_CHARACTERS = 40
_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([a-z]*)")
_SECONDS_PER_UNIT = dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1.0) | (
    dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), 1e-3)
)
# Judge systems write "megabytes" and mean mebibytes.
_MEBIBYTES_PER_UNIT = (
    dict.fromkeys(("b", "byte", "bytes"), 2.0**-20)
    | dict.fromkeys(("kb", "kib", "kilobyte", "kilobytes"), 2.0**-10)
    | dict.fromkeys(("", "m", "mb", "mib", "megabyte", "megabytes"), 1.0)
    | dict.fromkeys(("g", "gb", "gib", "gigabyte", "gigabytes"), 2.0**10)
)

# The lowest value of each key of `limits` (None: above 0), and the highest.
_RANGES = {
    "cpu_seconds": (None, _MAX_CPU_SECONDS),
    "wall_seconds": (None, _MAX_CPU_SECONDS * _WALL_SECONDS_PER_CPU_SECOND),
    "memory_mb": (_MIN_MEMORY_MB, _MAX_MEMORY_MB),
    "output_bytes": (1, _MAX_OUTPUT_BYTES),
}

Number = TypeVar("Number", int, float)


def read_limits(scopes: Sequence[Scope], *, default: Limits) -> Limits:
    """Read the limits that *scopes* set; *default* holds for the others.

    Raise VerifierError for a limit out of range, or for two forms that differ.
    """
    setting = read_setting(scopes, "limits", _read_own_limits)
    own = setting.value if setting else {}
    time_limit = read_setting(scopes, "time_limit", _read_time_limit)
    cpu_seconds = _agree(time_limit, "limits.cpu_seconds", own.get("cpu_seconds", 0))
    memory_limit = read_setting(scopes, "memory_limit", _read_memory_limit)
    own_memory_bytes = int(own.get("memory_mb", 0) * _MEBIBYTE)
    memory_bytes = _agree(memory_limit, "limits.memory_mb", own_memory_bytes)
    in_bytes = read_setting(scopes, "memory_limit_bytes", _read_memory_limit_bytes)
    memory_bytes = _agree(in_bytes, "the other memory limit", memory_bytes)
    wall_seconds = own.get("wall_seconds") or _WALL_SECONDS_PER_CPU_SECOND * cpu_seconds
    return Limits(
        cpu_seconds=cpu_seconds or default.cpu_seconds,
        wall_seconds=wall_seconds or default.wall_seconds,
        memory_bytes=memory_bytes or default.memory_bytes,
        output_bytes=int(own.get("output_bytes", default.output_bytes)),
    )


def _agree(setting: Setting[Number] | None, other: str, value: Number) -> Number:
    """Return the limit that *setting* or *value* sets. 0 means that it is not set."""
    if setting is None or not setting.value:
        return value
    if value not in (0, setting.value):
        raise contradiction(setting.field, other)
    return setting.value


def _read_own_limits(field: str, value: object) -> dict[str, float]:
    values = read_dict(field, value)
    refuse_unknown_keys(field, values, tuple(_RANGES))
    return {
        key: read_number(f"{field}.{key}", values[key], highest, lowest=lowest)
        for key, (lowest, highest) in _RANGES.items()
        if key in values
    }


def _read_time_limit(field: str, value: object) -> float:
    if isinstance(value, dict):
        return read_number(field, _duration(field, value), _MAX_CPU_SECONDS, unit=" seconds")
    seconds, unit = _amount(field, value, _SECONDS_PER_UNIT)
    if unit:
        return read_number(field, seconds, _MAX_CPU_SECONDS, unit=" seconds")
    hint = ' seconds (if it is milliseconds, write "2000 ms")'
    return read_number(field, seconds, _MAX_BARE_TIME_LIMIT, unit=hint)


def _duration(field: str, value: object) -> float:
    parts = read_dict(field, value)
    refuse_unknown_keys(field, parts, ("seconds", "nanos"))
    seconds = read_number(f"{field}.seconds", parts.get("seconds", 0), _MAX_CPU_SECONDS, lowest=0)
    nanos = read_number(f"{field}.nanos", parts.get("nanos", 0), _NANOS_PER_SECOND, lowest=0)
    return seconds + nanos / _NANOS_PER_SECOND


def _read_memory_limit(field: str, value: object) -> int:
    amount, _ = _amount(field, value, _MEBIBYTES_PER_UNIT)
    hint = " megabytes (if it is bytes, use memory_limit_bytes)"
    megabytes = read_number(field, amount, _MAX_MEMORY_MB, lowest=_MIN_MEMORY_MB, unit=hint)
    return int(megabytes * _MEBIBYTE)


def _read_memory_limit_bytes(field: str, value: object) -> int:
    # code_contests has many unset protocol buffer fields: these are read as 0.
    if value == 0 and not isinstance(value, bool):
        return 0
    lowest, highest = _MIN_MEMORY_MB * _MEBIBYTE, _MAX_MEMORY_MB * _MEBIBYTE
    return int(read_number(field, value, highest, lowest=lowest, unit=" bytes"))


def _amount(field: str, value: object, units: Mapping[str, float]) -> tuple[object, str]:
    """Return the number, in the unit with the factor 1, and the unit in *value* ("" if none)."""
    if not isinstance(value, str):
        return value, ""
    short = value[:_MAX_AMOUNT_CHARACTERS]
    match = _AMOUNT.fullmatch(short.strip().lower())
    if short != value or match is None or match[2] not in units:
        known = ", ".join(sorted(unit for unit in units if unit))
        raise bad_value(field, value, f"a number and one of: {known}")
    return float(match[1]) * units[match[2]], match[2]
