"""The verifier's words: sample, candidate, test plan, verdict, score.

Values only, and nothing but what their names say: a `Candidate` knows no tests, a
`TestPlan` knows no candidate.
"""

from dataclasses import dataclass
from enum import StrEnum

from nova_code_verifier.sandbox.types import Execution, Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A completion and its reference, as a trainer sent them.

    `completion` is None where there is no assistant turn (a raw dataset row).
    `reference` is whatever JSON the trainer put there; None means absent. `tasks` are names that
    the sample gives to what is asked (`chabsa`, `code`): those that we know route it.
    """

    completion: str | None
    reference: object
    tasks: tuple[str, ...] = ()


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
    """How expected and observed are compared (see `verifier.checking.checkers`)."""

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
    """A test case: the arguments of one call, and what it should return. Secret.

    `also_accepted` holds other values that are as right as `expected_value`, where a
    dataset leaves open which of them it means.
    """

    entry_point: str
    arguments: tuple[object, ...]
    expected_value: object
    also_accepted: tuple[object, ...] = ()


TestCase = StdioCase | CallCase


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Which group each test case belongs to (its place in `points`), and what a group is worth."""

    points: tuple[float, ...]
    of_case: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestPlan:
    """What a reference asks: test cases (all of one kind), how to compare, what it may cost."""

    cases: tuple[TestCase, ...]
    checker: Checker = Checker()
    limits: Limits = Limits()
    groups: Groups | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCode:
    """Test code, as a dataset wrote it. Secret.

    `prompt` is what stands before the candidate's own code: imports, helpers, classes that
    tests and candidate share. `style` is `script`, `pytest` or `unittest`, or "" to see from
    the source. `modules` are the names under which tests import the candidate.
    """

    source: str
    prompt: str = ""
    entry_point: str = ""
    style: str = ""
    modules: tuple[str, ...] = ("solution",)
    shared_process: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePlan:
    """What a reference with test code asks: a test code, and what each question may cost."""

    test_code: TestCode
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """The verdict of one test case, and what it rests on.

    Test code gives its units names; there, the execution's `value` is the answer on which it rests,
    as it came (JSON bytes: `{"call": …}`, the operation that was asked for, and what
    `sandbox.guest.object_session` said), and `said` is what the tests said to it. `said` may tell
    what was
    expected: secret.
    """

    verdict: Verdict
    execution: Execution
    name: str = ""
    said: str = ""


class FormatIssue(StrEnum):
    """What a response misses of the form that was asked for (see `verifier.completion.format`)."""

    NO_FENCE = "no_fence"
    UNCLOSED_FENCE = "unclosed_fence"
    NO_LANGUAGE = "no_language"
    SEVERAL_BLOCKS = "several_blocks"
    CODE_OUTSIDE = "code_outside"
    NO_SOLUTION_MARKS = "no_solution_marks"
    NOT_BOXED = "not_boxed"
    NOT_JSON = "not_json"


class Severity(StrEnum):
    """How much a finding matters."""

    MILD = "mild"
    SEVERE = "severe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that a program reaches for. `line` counts from 1; 0 is the program as a whole."""

    name: str
    line: int
    reason: str
    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a language model is asked to compare: a response, and what it is measured by."""

    response: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Similarity:
    """What the language model said, in [0, 1]; or (None) the `problem` that was in the way.

    `is_outage` tells whether asking again later may help.
    """

    value: float | None = None
    problem: str = ""
    is_outage: bool = False


class Source(StrEnum):
    """What a reward comes from: tests of some kind, a label, a text, or nothing to be read."""

    STDIO = "stdio"
    CALL = "call"
    CODE = "code"
    SENTIMENT = "sentiment"
    SIMILARITY = "similarity"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a completion earned, and why.

    `reward` is the rubric's sum of the dimensions `correctness`, `compile`, `format`, `safety`,
    `conciseness` and `similarity`, each in [0, 1], times their `weights` (those that do not apply
    are left out), put into the rubric's range. `findings` are what `safety`
    rests on, `misses` what `format` does. `share` is the share of the test cases that were passed,
    as the points of their groups go, and `guess_baseline` that which the best constant answer
    would pass.
    Where `verdict` is `UNGRADED` there is no `reward` (None), and the other numbers mean nothing:
    `problem` says what was in the way, and `is_outage` whether that was our own fault and not the
    dataset's. `self_compared` counts test cases that took the candidate's own word for whether two
    of
    its objects are equal; `shared_process` tells that candidate and tests were not kept apart.
    `source` is what the reference asked for.
    """

    verdict: Verdict
    source: Source = Source.NONE
    reward: float | None = 0.0
    correctness: float = 0.0
    compile: float = 0.0
    format: float = 0.0
    safety: float = 0.0
    conciseness: float = 0.0
    similarity: float = 0.0
    share: float = 0.0
    guess_baseline: float = 0.0
    method: ExtractionMethod | None = None
    findings: tuple[Finding, ...] = ()
    misses: tuple[FormatIssue, ...] = ()
    weights: tuple[tuple[str, float], ...] = ()
    cases: tuple[CaseResult, ...] = ()
    tests_total: int = 0
    self_compared: int = 0
    shared_process: bool = False
    problem: str = ""
    is_outage: bool = False

    @property
    def tests_passed(self) -> int:
        """How many test cases were accepted."""
        return sum(case.verdict is Verdict.ACCEPTED for case in self.cases)

    @property
    def pass_rate(self) -> float:
        """The share of test cases that were accepted, in [0, 1]."""
        return self.tests_passed / self.tests_total if self.tests_total else 0.0
