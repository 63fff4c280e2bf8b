"""Tests of reading limits."""

import math

import pytest

from nova_code_verifier.sandbox.types import Limits
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.plan import plan_tests

TESTS = {"inputs": ["1"], "outputs": ["1"]}
MEBIBYTE = 2**20


def limits_of(reference: dict[str, object]) -> Limits:
    """Return the limits of a reference that has tests."""
    return plan_tests(TESTS | reference).limits


def error_of(reference: dict[str, object]) -> VerifierError:
    """Return the error that a reference with tests is refused with."""
    with pytest.raises(VerifierError) as caught:
        plan_tests(TESTS | reference)
    return caught.value


def test_default_limits_hold_without_own_limits() -> None:
    """A reference without limits gets the caller's."""
    default = Limits(cpu_seconds=1.0, wall_seconds=2.0, memory_bytes=3, output_bytes=4)

    assert plan_tests(TESTS, default_limits=default).limits == default


def test_all_four_limits_are_read() -> None:
    """Each key of `limits` sets its own limit; memory is in MiB."""
    limits = {"cpu_seconds": 2, "wall_seconds": 5.5, "memory_mb": 64, "output_bytes": 1000}

    assert limits_of({"limits": limits}) == Limits(
        cpu_seconds=2.0, wall_seconds=5.5, memory_bytes=64 * MEBIBYTE, output_bytes=1000
    )


@pytest.mark.parametrize("reference", [{"limits": {"cpu_seconds": 2}}, {"time_limit": 2}])
def test_the_wall_limit_follows_the_cpu_limit(reference: dict[str, object]) -> None:
    """If only CPU time is limited, the wall limit is three times as long."""
    assert limits_of(reference).wall_seconds == 6.0


def test_a_wall_limit_does_not_change_the_cpu_limit() -> None:
    """A wall limit does not change the CPU limit."""
    assert limits_of({"limits": {"wall_seconds": 7}}) == Limits(wall_seconds=7.0)


@pytest.mark.parametrize(
    ("time_limit", "seconds"),
    [
        (2, 2.0),
        (0.5, 0.5),
        ("2", 2.0),
        ("2.0", 2.0),
        ("2 seconds", 2.0),
        ("1 second", 1.0),
        (" 2.5 Sec ", 2.5),
        ("2s", 2.0),
        ("2 s", 2.0),
        ("1500 ms", 1.5),
        ("2000 milliseconds", 2.0),
        ("120 seconds", 120.0),
        ("2000 s", 2.0),
        ("None", 10.0),
        ({"seconds": 2, "nanos": 500_000_000}, 2.5),
        ({"seconds": 0, "nanos": 500_000_000}, 0.5),
        ({"seconds": 3, "nanos": None}, 3.0),
    ],
)
def test_time_limits_are_read_as_datasets_write_them(time_limit: object, seconds: float) -> None:
    """`time_limit` is a number of seconds, a number with a unit, or a duration."""
    assert limits_of({"time_limit": time_limit}).cpu_seconds == seconds


@pytest.mark.parametrize(
    ("memory_limit", "memory_bytes"),
    [
        (256, 256 * MEBIBYTE),
        (62.5, 65_536_000),
        ("256", 256 * MEBIBYTE),
        ("256 megabytes", 256 * MEBIBYTE),
        ("256.0 megabytes", 256 * MEBIBYTE),
        ("256MB", 256 * MEBIBYTE),
        ("1 GB", 1024 * MEBIBYTE),
        ("65536 KB", 64 * MEBIBYTE),
        ("268435456 bytes", 256 * MEBIBYTE),
    ],
)
def test_memory_limits_are_read_as_datasets_write_them(
    memory_limit: object, memory_bytes: int
) -> None:
    """`memory_limit` is a number of megabytes, or a number with a unit."""
    assert limits_of({"memory_limit": memory_limit}).memory_bytes == memory_bytes


def test_memory_limits_in_bytes_are_exact() -> None:
    """`memory_limit_bytes` is not rounded to megabytes."""
    assert limits_of({"memory_limit_bytes": 256_000_000}).memory_bytes == 256_000_000


def test_zero_memory_limit_bytes_means_unknown() -> None:
    """`memory_limit_bytes: 0` is an unset field of a protocol buffer, and is ignored."""
    assert limits_of({"memory_limit_bytes": 0}) == Limits()


def test_limits_are_found_in_all_outer_dicts() -> None:
    """A limit may be in any of the dicts that contain the tests."""
    reference = {
        "time_limit": 2,
        "input_output": TESTS | {"memory_limit": "64 MB"},
    }

    limits = plan_tests(reference).limits

    assert (limits.cpu_seconds, limits.memory_bytes) == (2.0, 64 * MEBIBYTE)


@pytest.mark.parametrize(
    ("reference", "limits"),
    [
        (
            {"limits": {"cpu_seconds": 2}, "time_limit": "2 seconds"},
            Limits(cpu_seconds=2.0, wall_seconds=6.0),
        ),
        (
            {"limits": {"memory_mb": 64}, "memory_limit": 64, "memory_limit_bytes": 64 * MEBIBYTE},
            Limits(memory_bytes=64 * MEBIBYTE),
        ),
    ],
)
def test_equal_limits_in_two_forms_are_allowed(
    reference: dict[str, object], limits: Limits
) -> None:
    """A limit may be given in two forms with the same value."""
    assert limits_of(reference) == limits


@pytest.mark.parametrize(
    ("reference", "field", "word"),
    [
        ({"limits": {"cpu_seconds": 2}, "time_limit": 3}, "time_limit", "limits.cpu_seconds"),
        ({"limits": {"memory_mb": 64}, "memory_limit": 65}, "memory_limit", "limits.memory_mb"),
        ({"memory_limit": 256, "memory_limit_bytes": 2**28 + 1}, "memory_limit_bytes", "memory"),
        ({"time_limit": 2, "time_limit_ms": 3000}, "time_limit_ms", "time_limit"),
    ],
)
def test_contradicting_limits_are_refused(
    reference: dict[str, object], field: str, word: str
) -> None:
    """The error for a limit in two forms that differ names both."""
    error = error_of(reference)

    assert error.field == field
    assert "contradicts" in error.problem
    assert word in error.problem


def test_contradicting_limits_in_nested_dicts_are_refused() -> None:
    """An inner dict does not silently override an outer one."""
    reference = {"time_limit": 2, "input_output": TESTS | {"time_limit": 3}}

    with pytest.raises(VerifierError, match=r"input_output\.time_limit: contradicts time_limit"):
        plan_tests(reference)


def test_a_null_limit_is_ignored() -> None:
    """A limit that is null is not set."""
    assert limits_of({"limits": {"cpu_seconds": None}, "time_limit": None}) == Limits()


@pytest.mark.parametrize(
    "value",
    [0, -1, 3600.5, math.nan, math.inf, True, "2", [2], {}, pytest.param(10**5000, id="huge")],
)
def test_cpu_seconds_out_of_range_are_refused(value: object) -> None:
    """`cpu_seconds` must be a number above 0 and at most 3600."""
    assert error_of({"limits": {"cpu_seconds": value}}).field == "limits.cpu_seconds"


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"wall_seconds": 0}, "limits.wall_seconds"),
        ({"wall_seconds": 10_801}, "limits.wall_seconds"),
        ({"memory_mb": 15}, "limits.memory_mb"),
        ({"memory_mb": 65_537}, "limits.memory_mb"),
        ({"output_bytes": 0.5}, "limits.output_bytes"),
        ({"output_bytes": 2**30 + 1}, "limits.output_bytes"),
        ({"cpu_second": 2}, "limits.cpu_second"),
        ({"total_cpu_seconds": 0}, "limits.total_cpu_seconds"),
        ({"total_wall_seconds": 86_401}, "limits.total_wall_seconds"),
        ({"memory_bytes": 2**30}, "limits.memory_bytes"),
        ([], "limits"),
        (5, "limits"),
    ],
)
def test_wrong_limits_are_refused(limits: object, field: str) -> None:
    """A limit out of range and an unknown key are errors."""
    assert error_of({"limits": limits}).field == field


@pytest.mark.parametrize(
    ("own", "limits"),
    [
        ({"memory_mb": 16}, Limits(memory_bytes=16 * MEBIBYTE)),
        ({"memory_mb": 65_536}, Limits(memory_bytes=65_536 * MEBIBYTE)),
        ({"total_cpu_seconds": 86_400}, Limits(total_cpu_seconds=86_400.0)),
        ({"total_wall_seconds": 0.5}, Limits(total_wall_seconds=0.5)),
        ({"output_bytes": 1}, Limits(output_bytes=1)),
        ({"output_bytes": 2**30}, Limits(output_bytes=2**30)),
    ],
)
def test_limits_include_the_ends_of_their_ranges(own: dict[str, object], limits: Limits) -> None:
    """The lowest and the highest value of a range are allowed."""
    assert limits_of({"limits": own}) == limits


def test_the_totals_grow_with_the_limits_of_a_case() -> None:
    """Cases that may take six times as long may do so together; short ones shrink no total."""
    long = limits_of({"limits": {"cpu_seconds": 60}})
    short = limits_of({"time_limit": 1})

    assert long == Limits(
        cpu_seconds=60.0, wall_seconds=180.0, total_cpu_seconds=720.0, total_wall_seconds=1080.0
    )
    assert short == Limits(cpu_seconds=1.0, wall_seconds=3.0)


@pytest.mark.parametrize(
    ("time_limit", "word"),
    [
        (0, "above 0"),
        (-1, "-1"),
        (True, "True"),
        (2000, "2000 ms"),
        ("2000", "2000 ms"),
        ("500 seconds", "2000 ms"),
        ("130000 ms", "2000 ms"),
        ("2 minutes", "expected a number and one of"),
        ("two seconds", "'two seconds'"),
        ("1.0 - 2.0 seconds", "expected a number"),
        ("-2 s", "expected a number"),
        pytest.param("1" * 5000, "...", id="long"),
        ({"seconds": 0}, "above 0"),
        ([2], "a list"),
    ],
)
def test_wrong_time_limits_are_refused(time_limit: object, word: str) -> None:
    """A time limit that is no time, or that may be in another unit, is an error."""
    error = error_of({"time_limit": time_limit})

    assert error.field == "time_limit"
    assert word in error.problem


@pytest.mark.parametrize(
    ("time_limit", "field"),
    [
        ({"seconds": -1}, "time_limit.seconds"),
        ({"seconds": "2"}, "time_limit.seconds"),
        ({"seconds": 1, "nanos": 10**10}, "time_limit.nanos"),
        ({"minutes": 1}, "time_limit.minutes"),
    ],
)
def test_wrong_durations_are_refused(time_limit: object, field: str) -> None:
    """Each part of a duration is checked."""
    assert error_of({"time_limit": time_limit}).field == field


@pytest.mark.parametrize("memory_limit", [268_435_456, "268435456", 65_537])
def test_bytes_in_memory_limit_are_refused(memory_limit: object) -> None:
    """For a number that can only be bytes, the error names `memory_limit_bytes`."""
    error = error_of({"memory_limit": memory_limit})

    assert error.field == "memory_limit"
    assert "memory_limit_bytes" in error.problem


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("memory_limit", -2),
        ("memory_limit", True),
        ("memory_limit", "256 apples"),
        ("memory_limit_bytes", False),
        ("memory_limit_kb", "much"),
        pytest.param("memory_limit_bytes", 10**5000, id="huge"),
    ],
)
def test_wrong_memory_limits_are_refused(key: str, value: object) -> None:
    """A memory limit that is no amount of memory, or too little for Python, is an error."""
    assert error_of({key: value}).field == key


@pytest.mark.parametrize(
    ("reference", "seconds"),
    [
        ({"time_limit_ms": 2000}, 2.0),
        ({"time_limit_ms": "1500"}, 1.5),
        ({"timeLimitMs": 1500}, 1.5),
        ({"timeLimit": 3}, 3.0),
        ({"time_limit_seconds": 3}, 3.0),
        ({"time_limit_per_test": "2 seconds"}, 2.0),
        ({"timeout": 6}, 6.0),
        ({"timeout": "30s"}, 30.0),
        ({"timeout_s": 4}, 4.0),
        ({"cpu_time_limit": 4}, 4.0),
        ({"time_limit": 2, "time_limit_ms": 2000}, 2.0),
        ({"timeout": 0}, 10.0),
        ({"timeout": -1}, 10.0),
        ({"timeout": True}, 10.0),
        ({"timeout": "no"}, 10.0),
        ({"time_limit_ms": "unlimited"}, 10.0),
    ],
)
def test_time_limits_have_several_names(reference: dict[str, object], seconds: float) -> None:
    """A time limit is read under each name, in the unit of its key; 0 and -1 are no limit."""
    assert limits_of(reference).cpu_seconds == seconds


@pytest.mark.parametrize(
    ("reference", "megabytes"),
    [
        ({"memory_limit_mb": 256}, 256),
        ({"memory_limit_MB": 256.0}, 256),
        ({"memoryLimitKB": 262_144}, 256),
        ({"memory_limit_bytes": "256 MB"}, 256),
        ({"mem_limit": "1 GB"}, 1024),
        ({"memory": 128}, 128),
        ({"memory": "what was said before"}, 512),
        ({"memory": 0}, 512),
        ({"memory_limit_MB": -1}, 512),
        ({"memory_limit": 0}, 512),
    ],
)
def test_memory_limits_have_several_names(reference: dict[str, object], megabytes: int) -> None:
    """A memory limit is read under each name, in the unit of its key; 0 and -1 are no limit."""
    assert limits_of(reference).memory_bytes == megabytes * MEBIBYTE


@pytest.mark.parametrize(
    ("reference", "limits", "note"),
    [
        ({"time_limit": "2000 s"}, Limits(cpu_seconds=2.0, wall_seconds=6.0), "as milliseconds"),
        ({"memory_limit": "50000 bytes"}, Limits(), "the default holds"),
        ({"memory_limit_bytes": 256}, Limits(), "the default holds"),
        ({"memory_limit": 8}, Limits(memory_bytes=16 * MEBIBYTE), "raised to 16"),
        ({"memory_limit": "8 MB"}, Limits(memory_bytes=16 * MEBIBYTE), "raised to 16"),
    ],
)
def test_a_limit_that_cannot_be_meant_is_noted(
    reference: dict[str, object], limits: Limits, note: str
) -> None:
    """A limit in a wrong unit, or too low for Python, is read otherwise, and a note says so."""
    plan = plan_tests(TESTS | reference)

    assert plan.limits == limits
    (found,) = plan.notes
    assert found.startswith(f"{next(iter(reference))}: found ")
    assert note in found


def test_a_limit_that_is_read_as_it_is_written_has_no_note() -> None:
    """Notes are only for surprises."""
    assert plan_tests(TESTS | {"time_limit": "2 s", "memory_limit": "256 MB"}).notes == ()


@pytest.mark.parametrize("reference", [{"time_limit_ms": 5}, {"timeout_ms": 2}])
def test_a_few_milliseconds_are_refused(reference: dict[str, object]) -> None:
    """A limit that no program can keep is rather one in seconds."""
    assert "if it is seconds" in error_of(reference).problem
