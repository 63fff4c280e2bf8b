"""Recognize the keys by which datasets name a limit: `time_limit`, `memoryLimitMB`, `timeout_ms`.

In: a key. Out: what it limits, and the unit in its name. The values are read by
`reference/limits.py`.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

_MAX_KEY_CHARACTERS = 80
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# The names of limits, without their unit.
_TIME_LIMITS = frozenset((
    "time limit", "timelimit", "cpu time limit", "cpu limit", "timeout", "time out", "run timeout",
    "execution timeout", "test timeout", "max time", "time limit per test", "max cpu time",
    "max runtime", "max execution time", "execution time limit", "runtime limit", "run time limit",
))  # fmt: skip
_MEMORY_LIMITS = frozenset((
    "memory limit", "memorylimit", "mem limit", "memory", "max memory", "memory limit per test",
))  # fmt: skip
SECONDS_PER_UNIT = dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1.0) | (
    dict.fromkeys(("ms", "msec", "msecs", "millis", "millisecond", "milliseconds"), 1e-3)
)
# Judge systems write "megabytes" and mean mebibytes.
MEBIBYTES_PER_UNIT = (
    dict.fromkeys(("b", "byte", "bytes"), 2.0**-20)
    | dict.fromkeys(("k", "kb", "kib", "kilobyte", "kilobytes"), 2.0**-10)
    | dict.fromkeys(("", "m", "mb", "mib", "megabyte", "megabytes"), 1.0)
    | dict.fromkeys(("g", "gb", "gib", "gigabyte", "gigabytes"), 2.0**10)
)


class Limited(Enum):
    """What a key of a dataset limits."""

    TIME = auto()
    MEMORY = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitKey:
    """What a key limits, and the unit in its name ("" if none)."""

    limited: Limited
    unit: str


def words_of(key: str) -> frozenset[str]:
    """Return the words of a key, in lower case: those of `timeLimit_MS` are time, limit, ms."""
    return frozenset(_words(key))


def limit_key(key: str) -> LimitKey | None:
    """Return what *key* limits, or None if it is no limit that we read."""
    words = _words(key)
    for unit in ("".join(words[-1:]), ""):
        name = " ".join(words[:-1] if unit else words)
        if name in _TIME_LIMITS and unit in SECONDS_PER_UNIT:
            return LimitKey(limited=Limited.TIME, unit=unit)
        if name in _MEMORY_LIMITS and unit in MEBIBYTES_PER_UNIT:
            return LimitKey(limited=Limited.MEMORY, unit=unit)
    return None


def _words(key: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(str(key)[:_MAX_KEY_CHARACTERS])]
