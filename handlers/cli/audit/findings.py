"""Define what an audit finds."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters: an error makes the rewards of its row wrong."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Kind(StrEnum):
    """What is wrong with a row. Programs read these names, so they must stay."""

    OUTAGE = "outage"
    REFUSED = "refused"
    MISSING_LIBRARY = "missing_library"
    NEEDS_SHARED_PROCESS = "needs_shared_process"
    GOLD_FAILS = "gold_fails"
    FLAKY = "flaky"
    SLOW = "slow"
    TRIVIAL_PASSES = "trivial_passes"
    HIGH_GUESS_BASELINE = "high_guess_baseline"
    CONTRADICTORY_CASES = "contradictory_cases"
    DUPLICATE_CASES = "duplicate_cases"
    DUPLICATE_ID = "duplicate_id"
    DUPLICATE_TESTS = "duplicate_tests"
    READ_OTHERWISE = "read_otherwise"
    NO_TESTS = "no_tests"


GOLD_FAULTS = frozenset({Kind.GOLD_FAILS, Kind.FLAKY, Kind.SLOW, Kind.MISSING_LIBRARY})
"""As errors, these say that a gold solution fails: always, or sometimes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fault of a row: in which field, what was found, and what to do."""

    kind: Kind
    severity: Severity
    field: str
    problem: str
    fix: str
