"""The verifier's words: sample, candidate, test plan, verdict, score.

Values only, and nothing but what their names say: a `Candidate` knows no tests, a
`TestPlan` knows no candidate.
"""

from dataclasses import dataclass
from enum import StrEnum

from sandbox.types import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A completion and its reference, as a trainer sent them.

    `completion` is None where there is no assistant turn (a raw dataset row).
    `reference` is whatever JSON the trainer put there; None means absent.
    """

    completion: str | None
    reference: object


class ExtractionMethod(StrEnum):
    """How the program was found in the completion."""

    TAGGED_FENCE = "tagged_fence"
    UNTAGGED_FENCE = "untagged_fence"
    UNCLOSED_FENCE = "unclosed_fence"
    BARE_TEXT = "bare_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """The program found in a completion. Untrusted, forever."""

    program: str
    method: ExtractionMethod


class CheckerKind(StrEnum):
    """How expected and observed are compared (see `verifier.checkers`)."""

    TOKENS = "tokens"
    EXACT = "exact"
    CASE_INSENSITIVE = "case_insensitive"
    NUMERIC = "numeric"
    UNORDERED_LINES = "unordered_lines"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """A named comparison and its tolerances (used by `numeric` alone)."""

    kind: CheckerKind = CheckerKind.TOKENS
    abs_tol: float = 1e-6
    rel_tol: float = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class StdioCase:
    """A test case: what the program reads, and what it should print. Secret."""

    stdin: str
    expected_stdout: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCase:
    """A test case: the arguments of one call, and what it should return. Secret."""

    entry_point: str
    arguments: tuple[object, ...]
    expected_value: object


TestCase = StdioCase | CallCase


@dataclass(frozen=True, slots=True, kw_only=True)
class TestPlan:
    """What a reference asks: test cases (all of one kind), how to compare, what it may cost."""

    __test__ = False  # pytest: this is no test class

    cases: tuple[TestCase, ...]
    checker: Checker = Checker()
    limits: Limits = Limits()


class Verdict(StrEnum):
    """What an execution means."""

    ACCEPTED = "accepted"
    WRONG_ANSWER = "wrong_answer"
    RUNTIME_ERROR = "runtime_error"
    TIME_LIMIT_EXCEEDED = "time_limit_exceeded"
    MEMORY_LIMIT_EXCEEDED = "memory_limit_exceeded"
    OUTPUT_LIMIT_EXCEEDED = "output_limit_exceeded"
    COMPILE_ERROR = "compile_error"
    SECURITY_VIOLATION = "security_violation"
    NO_CANDIDATE = "no_candidate"
    UNGRADED = "ungraded"
