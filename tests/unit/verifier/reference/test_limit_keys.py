"""Tests of recognizing the keys of limits."""

import pytest

from nova_code_verifier.verifier.reference.limit_keys import Limited, LimitKey, limit_key, words_of


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("time_limit", {"time", "limit"}),
        ("timeLimit_MS", {"time", "limit", "ms"}),
        ("CPULimit", {"cpu", "limit"}),
        ("Expected Time Complexity", {"expected", "time", "complexity"}),
        ("avg@8_qwen3", {"avg", "8", "qwen", "3"}),
        ("", set()),
    ],
)
def test_a_key_has_words(key: str, words: set[str]) -> None:
    """Words end at underscores, spaces, digits and capitals."""
    assert words_of(key) == words


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("time_limit", LimitKey(limited=Limited.TIME, unit="")),
        ("timelimit_sec", LimitKey(limited=Limited.TIME, unit="sec")),
        ("memory_limit_bytes", LimitKey(limited=Limited.MEMORY, unit="bytes")),
        ("time", None),
        ("time_limit_mb", None),
        ("run_time_ms", None),
        ("Expected Time Complexity", None),
        ("stack_limit", None),
    ],
)
def test_a_limit_has_a_name_and_a_unit(key: str, expected: LimitKey | None) -> None:
    """Only the names of limits count, with a unit of their own kind."""
    assert limit_key(key) == expected
