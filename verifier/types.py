"""The values that the verifier's stages exchange: sample, candidate, test plan, verdict, score.

A `Candidate` holds no tests and a `TestPlan` no candidate, so that neither can leak to the other.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from nova_code_verifier.sandbox.types import Cause, Ending, Execution, Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A completion and its reference, as a trainer sent them.

    `completion` is None if there is no assistant turn (a raw dataset row). `reference` is any JSON
    value; None means absent. `tasks` are the sample's own names for its task (`chabsa`, `code`);
    the names that we know choose how it is graded.
    """

    completion: str | None
    reference: object
    tasks: tuple[str, ...] = ()


class ExtractionMethod(StrEnum):
    """How the program was found in the completion."""

    TAGGED_FENCE = "tagged_fence"
    PREFILLED_FENCE = "prefilled_fence"
    UNTAGGED_FENCE = "untagged_fence"
    UNCLOSED_FENCE = "unclosed_fence"
    BARE_TEXT = "bare_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """The program in a completion. Never trusted."""

    program: str
    method: ExtractionMethod


class CheckerKind(StrEnum):
    """How expected and observed output are compared (see `checking/checkers.py`)."""

    NUMERIC = "numeric"
    TOKENS = "tokens"
    EXACT = "exact"
    CASE_INSENSITIVE = "case_insensitive"
    UNORDERED_LINES = "unordered_lines"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """A comparison. Only `numeric` uses the fields below `kind`; its tolerances are for numbers."""

    kind: CheckerKind = CheckerKind.NUMERIC
    abs_tol: float = 1e-6
    rel_tol: float = 1e-6
    case_sensitive: bool = True


class CheckerContract(StrEnum):
    """How a dataset's checker program is asked (see `checking/program.py`)."""

    ARGV = "argv"
    FUNCTION = "function"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckerProgram:
    """A Python program of the dataset that compares outputs. `path` is where it was found."""

    source: str
    contract: CheckerContract
    path: str = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StdioCase:
    """A test case: standard input, and the output that is expected. Secret."""

    stdin: str
    expected_stdout: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCase:
    """A test case: the arguments of one call, and the value that is expected. Secret.

    `also_accepted` holds values that are as right as `expected_value`, if the dataset leaves open
    which of them it means.
    """

    entry_point: str
    arguments: tuple[object, ...]
    expected_value: object
    also_accepted: tuple[object, ...] = ()


TestCase = StdioCase | CallCase


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The group of each test case (an index into `points`), and the points of each group."""

    points: tuple[float, ...]
    of_case: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramSetup:
    """What a row puts before and around the program of a candidate.

    `prelude` is Python that runs before the program; None stands for what judge sites run
    (`program/prelude.py`). `starter_code` is the head of the class or function to complete.
    """

    prelude: str | None = ""
    starter_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestPlan:
    """The tests of a reference: cases of one kind, how to compare, and limits for each case.

    If there is a `checker_program`, it compares instead of the `checker`, and all cases are stdio.
    `notes` say what was read otherwise than the reference writes it.
    """

    cases: tuple[TestCase, ...]
    checker: Checker = Checker()
    checker_program: CheckerProgram | None = None
    limits: Limits = Limits()
    groups: Groups | None = None
    setup: ProgramSetup = ProgramSetup()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCode:
    """Test code, as a dataset wrote it. Secret.

    `prompt` comes before the candidate's own code: imports, helpers, classes that tests and
    candidate share. `style` is `script`, `pytest` or `unittest`; "" means: see the source.
    `modules` are the names under which the tests import the candidate. `shared_process` runs tests
    and candidate in one process, where the candidate could read the tests. `libraries` are modules
    that the row names as needed.
    """

    source: str
    prompt: str = ""
    entry_point: str = ""
    style: str = ""
    modules: tuple[str, ...] = ("solution",)
    shared_process: bool = False
    libraries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePlan:
    """The test code of a reference, and the candidate's limits for each test item.

    `notes` say what was read otherwise than the reference writes it.
    """

    test_code: TestCode
    limits: Limits = Limits()
    setup: ProgramSetup = ProgramSetup()
    notes: tuple[str, ...] = ()


class Verdict(StrEnum):
    """The judgement of an execution, or of a sample."""

    ACCEPTED = "accepted"
    WRONG_ANSWER = "wrong_answer"
    RUNTIME_ERROR = "runtime_error"
    TIME_LIMIT_EXCEEDED = "time_limit_exceeded"
    MEMORY_LIMIT_EXCEEDED = "memory_limit_exceeded"
    OUTPUT_LIMIT_EXCEEDED = "output_limit_exceeded"
    COMPILE_ERROR = "compile_error"
    NO_ENTRY_POINT = "no_entry_point"
    SECURITY_VIOLATION = "security_violation"
    NO_CANDIDATE = "no_candidate"
    UNGRADED = "ungraded"


class FailureClass(StrEnum):
    """Whose fault it is that a sample is ungraded; `NONE` for one that is graded."""

    NONE = "none"
    DATA = "data"  # the dataset's: another try ends in the same way
    INFRASTRUCTURE = "infrastructure"  # ours
    TIME = "time"  # ours: the time of the invocation ended first

    @classmethod
    def of(cls, execution: Execution) -> "FailureClass":
        """Return whose fault it is that an *execution* has no verdict."""
        if Ending.NOT_RUN not in (execution.ending, execution.harness_ending):
            return cls.DATA
        return cls.TIME if execution.cause is Cause.DEADLINE else cls.INFRASTRUCTURE

    @property
    def is_outage(self) -> bool:
        """Whether it is our fault, so that the sample should be sent again."""
        return self in (FailureClass.INFRASTRUCTURE, FailureClass.TIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """The verdict of one test case, and the facts behind it.

    Items of test code have a `name`. Their execution's `value` is the candidate's last answer, not
    decoded (JSON bytes, as `ItemReport.shown` of `test_code/protocol.py`), and `message` is that of
    the tests. That message may contain what was expected: secret. `test_line` is the line of the
    tests that failed, from 1. An item that is a loop over asserts has `parts`, its iterations, of
    which `parts_passed` held. In one that `is_self_compared`, the candidate itself compared two of
    its objects.
    `stdout_bytes` is the size of the whole output, of which the execution keeps the ends only.
    """

    verdict: Verdict
    execution: Execution
    name: str = ""
    message: str = ""
    test_line: int = 0
    stdout_bytes: int = 0
    parts: int = 1
    parts_passed: int = 0
    is_self_compared: bool = False

    @property
    def share(self) -> Fraction:
        """What the case earns: 1 if it was accepted, otherwise the share of its parts that held.

        A case that was not accepted never earns 1, even if the loop failed behind its last part.
        """
        if self.verdict is Verdict.ACCEPTED:
            return Fraction(1)
        return Fraction(min(self.parts_passed, self.parts - 1), self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResults:
    """The results of a sample's test cases.

    `guessed` is the share of the cases that the best constant answer passes, in [0, 1].
    `reruns` counts runs of test code that were repeated after a time-out; a case that was asked
    again says so itself. `shared_process` says that candidate and tests ran in one process.
    `seconds` is the wall time in the sandbox: none, if the results are *reused* from equal work.
    `cpu_seconds` is the CPU time of the case, or of the session, that needed most.
    They are *repeatable* if no limit was near and no guest was lost. If there is a `problem`, the
    sample is ungraded; `failure` says whose fault that is.
    """

    cases: tuple[CaseResult, ...] = ()
    guessed: Fraction = Fraction(0)
    reruns: int = 0
    shared_process: bool = False
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    is_reused: bool = False
    is_repeatable: bool = False
    problem: str = ""
    failure: FailureClass = FailureClass.DATA


class FormatIssue(StrEnum):
    """A departure from the format that the rubric asks for (see `completion/format.py`)."""

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
    """A risk in the text of a program. `line` counts from 1; 0 means the program as a whole."""

    name: str
    line: int
    reason: str
    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two texts that a language model compares: a response and its reference."""

    response: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Similarity:
    """The similarity that a language model found, in [0, 1]; or None and a `problem`.

    `failure` says whose fault a problem is.
    """

    value: float | None = None
    problem: str = ""
    failure: FailureClass = FailureClass.DATA


class Source(StrEnum):
    """What a reward comes from: tests of some kind, a label, a text, or nothing."""

    STDIO = "stdio"
    CALL = "call"
    CODE = "code"
    SENTIMENT = "sentiment"
    SIMILARITY = "similarity"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The reward of a completion, and how it came about.

    `reward` is the weighted sum of the dimensions `correctness`, `compile`, `format`, `safety`,
    `conciseness` and `similarity` (each in [0, 1]), mapped to the rubric's range. `weights` are
    those of the dimensions that apply. `findings` explain `safety`, `format_issues` explain
    `format`.
    `share` is the share of the test cases that passed, weighted by the points of their groups; a
    case of several parts that did not pass adds the share of its parts that did. `guess_baseline`
    is the share that the best constant answer would pass.

    If `verdict` is `UNGRADED`, `reward` is None and the other numbers mean nothing: `problem` is
    the reason, and `failure` says whose fault it is. `self_compared` counts test cases in which the
    candidate itself compared two of its objects. `reruns` counts what was run again because a
    time-out may have been noise. `shared_process` says that candidate and tests ran in one process.
    `prelude` is what was imported for the program, or the row's own. `notes` say what of the
    reference was read otherwise than it is written. `other_language` is the tag of a block of
    another language, where no program was found.
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
    format_issues: tuple[FormatIssue, ...] = ()
    weights: tuple[tuple[str, float], ...] = ()
    cases: tuple[CaseResult, ...] = ()
    tests_total: int = 0
    self_compared: int = 0
    reruns: int = 0
    shared_process: bool = False
    prelude: str = ""
    problem: str = ""
    failure: FailureClass = FailureClass.NONE
    notes: tuple[str, ...] = ()
    other_language: str = ""

    @property
    def is_outage(self) -> bool:
        """Whether the sample is ungraded through our fault, and should be sent again."""
        return self.failure.is_outage

    @property
    def tests_passed(self) -> int:
        """The number of test cases that were accepted as a whole."""
        return sum(case.verdict is Verdict.ACCEPTED for case in self.cases)

    @property
    def pass_rate(self) -> float:
        """The share of test cases that were accepted, in [0, 1]."""
        return self.tests_passed / self.tests_total if self.tests_total else 0.0
