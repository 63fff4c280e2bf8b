"""What a row, a log line and the details tell, and what they never tell."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from nova_code_verifier.handlers.report import (
    FAILURES,
    ISOLATION_LEVELS,
    details_of,
    log_fields,
    metrics_of,
)
from nova_code_verifier.handlers.scored.remark import remark_on
from nova_code_verifier.handlers.wire import MetricType, response_row
from nova_code_verifier.sandbox.types import Ending, Execution, IsolationLevel, RaisedError
from nova_code_verifier.verifier.pipeline import (
    GradedSample,
    case_results,
    conclude,
    prepare,
    ungraded,
)
from nova_code_verifier.verifier.semantics import SEMANTICS_VERSION
from nova_code_verifier.verifier.types import (
    CaseResult,
    ExtractionMethod,
    FailureClass,
    FormatIssue,
    Sample,
    Score,
    Verdict,
)

SECRET = "s3cret"
OWN_WORDS = "candidate's own words"

ACCEPTED = CaseResult(
    verdict=Verdict.ACCEPTED, execution=Execution(ending=Ending.FINISHED, exit_status=0)
)
CRASHED = CaseResult(
    verdict=Verdict.RUNTIME_ERROR,
    execution=Execution(
        ending=Ending.FINISHED,
        exit_status=1,
        stdout=b"out",
        stderr=b"err",
        error=RaisedError(type_name="ValueError", message="no"),
        cpu_seconds=0.123456,
        wall_seconds=1.5,
        memory_bytes=3 * 2**20,
        detail="a detail",
    ),
)
HALF = Score(
    verdict=Verdict.RUNTIME_ERROR,
    reward=0.5,
    correctness=0.25,
    compile=0.75,
    format=1.0,
    safety=0.5,
    conciseness=1.0,
    guess_baseline=0.5,
    method=ExtractionMethod.TAGGED_FENCE,
    format_issues=(FormatIssue.SEVERAL_BLOCKS,),
    cases=(ACCEPTED, CRASHED),
    tests_total=2,
)
SCORES = [
    HALF,
    Score(verdict=Verdict.NO_CANDIDATE),
    Score(verdict=Verdict.NO_CANDIDATE, tests_total=3),
    ungraded("tests: missing"),
    ungraded("the deadline came first", failure=FailureClass.TIME),
    *(Score(verdict=verdict, cases=(ACCEPTED,), tests_total=1) for verdict in Verdict),
]


def metrics(
    score: Score, level: IsolationLevel = IsolationLevel.KERNEL, *, raw: bool = False
) -> dict[str, float]:
    """Return the metrics of a score by name."""
    found = metrics_of(score, level=level, duration_ms=1.23456, no_completion=raw)
    return {metric.name: metric.value for metric in found}


def fields_of(score: Score) -> dict[str, object]:
    """Return the fields of the log line of a score."""
    found = metrics_of(score, level=IsolationLevel.KERNEL, duration_ms=1.0, no_completion=False)
    graded = GradedSample(index=0, score=score)
    return log_fields(response_row("s-1", 0.5, found), graded, IsolationLevel.KERNEL)


def cases_of(score: Score) -> list[dict[str, Any]]:
    """Return the details of a score's cases."""
    cases: Any = details_of(score)["cases"]
    return list(cases)


# Metrics


@pytest.mark.parametrize("level", IsolationLevel)
@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.verdict)
def test_every_row_has_the_same_metrics(score: Score, level: IsolationLevel) -> None:
    """Names and order of the metrics do not depend on the outcome."""
    found = metrics_of(score, level=level, duration_ms=0.0, no_completion=False)

    assert [(metric.name, metric.type) for metric in found] == [
        ("correctness", MetricType.REWARD),
        ("compile", MetricType.REWARD),
        ("format", MetricType.REWARD),
        ("safety", MetricType.METRIC),
        ("conciseness", MetricType.METRIC),
        ("similarity", MetricType.METRIC),
        ("tests_passed", MetricType.METRIC),
        ("tests_total", MetricType.METRIC),
        ("guess_baseline", MetricType.METRIC),
        ("isolation_level", MetricType.METRIC),
        ("ungraded", MetricType.METRIC),
        ("failure", MetricType.METRIC),
        ("no_completion", MetricType.METRIC),
        ("timeout", MetricType.METRIC),
        ("runtime_error", MetricType.METRIC),
        ("security_violation", MetricType.METRIC),
        ("self_compared", MetricType.METRIC),
        ("reruns", MetricType.METRIC),
        ("shared_process", MetricType.METRIC),
        ("semantics_version", MetricType.METRIC),
        ("duration_ms", MetricType.METRIC),
    ]


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.verdict)
def test_every_metric_is_a_finite_float(score: Score) -> None:
    """A metric never changes its type between rows."""
    values = metrics(score, raw=True).values()

    assert all(type(value) is float and math.isfinite(value) for value in values)


def test_metrics_report_the_score() -> None:
    """Rewards, passed tests and all tests are metrics."""
    assert metrics(HALF) == {
        "correctness": 0.25,
        "compile": 0.75,
        "format": 1.0,
        "safety": 0.5,
        "conciseness": 1.0,
        "similarity": 0.0,
        "tests_passed": 1.0,
        "tests_total": 2.0,
        "guess_baseline": 0.5,
        "isolation_level": 3.0,
        "ungraded": 0.0,
        "failure": 0.0,
        "no_completion": 0.0,
        "timeout": 0.0,
        "runtime_error": 1.0,
        "security_violation": 0.0,
        "self_compared": 0.0,
        "reruns": 0.0,
        "shared_process": 0.0,
        "semantics_version": float(SEMANTICS_VERSION),
        "duration_ms": 1.235,
    }


@pytest.mark.parametrize(
    ("level", "number"),
    [(IsolationLevel.KERNEL, 3), (IsolationLevel.INTERPRETER, 2), (IsolationLevel.NONE, 0)],
)
def test_the_isolation_level_is_a_number(level: IsolationLevel, number: int) -> None:
    """A stronger level has a higher number."""
    assert metrics(HALF, level)["isolation_level"] == number


def test_every_isolation_level_has_a_number() -> None:
    """No level is missing in the table."""
    assert ISOLATION_LEVELS.keys() == set(IsolationLevel)


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.verdict)
def test_ungraded_rows_are_flagged(score: Score) -> None:
    """Exactly the ungraded rows have metric `ungraded` 1."""
    assert metrics(score)["ungraded"] == (score.verdict is Verdict.UNGRADED)


@pytest.mark.parametrize(
    ("score", "number"),
    [
        (HALF, 0),
        (ungraded("tests: missing"), 1),
        (ungraded("throttled", failure=FailureClass.INFRASTRUCTURE), 2),
        (ungraded("the deadline came first", failure=FailureClass.TIME), 3),
    ],
)
def test_the_failure_class_is_a_number(score: Score, number: int) -> None:
    """A trainer can tell a graded row, a broken reference, an outage and a lack of time apart."""
    assert metrics(score)["failure"] == number


def test_every_failure_class_has_a_number_of_its_own() -> None:
    """No class is missing in the table, and no two share a number."""
    assert FAILURES.keys() == set(FailureClass)
    assert len(set(FAILURES.values())) == len(FAILURES)


@pytest.mark.parametrize("raw", [True, False])
def test_rows_without_a_completion_are_flagged(*, raw: bool) -> None:
    """A raw row differs from a response without a program."""
    assert metrics(Score(verdict=Verdict.NO_CANDIDATE), raw=raw)["no_completion"] == raw


# Details


def test_details_hold_the_facts_behind_a_verdict() -> None:
    """Each case has its ending, cost and output."""
    assert cases_of(HALF)[1] == {
        "name": "",
        "verdict": "runtime_error",
        "ending": "finished",
        "detail": "a detail",
        "parts": 1,
        "share": 0.0,
        "exit_status": 1,
        "signal": None,
        "error": "ValueError: no",
        "cpu_seconds": 0.1235,
        "wall_seconds": 1.5,
        "memory_mb": 3.0,
        "stdout": "out",
        "stderr": "err",
    }


def test_details_hold_the_start_of_the_prelude() -> None:
    """The details show what ran before the program, as much as of any text."""
    details = details_of(replace(HALF, prelude="from math import inf\n" * 100))

    assert str(details["prelude"]).startswith("from math import inf\n")
    assert len(str(details["prelude"])) <= 500


def test_details_hold_the_extraction_method() -> None:
    """The extraction method and the verdict are above the cases."""
    details = details_of(HALF)

    assert (details["verdict"], details["extraction_method"], details["problem"]) == (
        "runtime_error",
        "tagged_fence",
        "",
    )


def test_details_name_the_language_of_a_block_that_is_not_judged() -> None:
    """A program in another language differs from no program; the log has no text of a candidate."""
    score = Score(verdict=Verdict.NO_CANDIDATE, other_language="cpp")

    detail = details_of(score)["extraction_detail"]
    assert detail == "found a block tagged cpp; only Python is judged"
    assert details_of(HALF)["extraction_detail"] == ""
    assert "cpp" not in json.dumps(fields_of(score))


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.verdict)
def test_details_are_json(score: Score) -> None:
    """Details are written to a file, one line for each row."""
    assert json.loads(json.dumps(details_of(score), allow_nan=False))


REFERENCES: dict[str, object] = {
    "stdio": {"tests": {"kind": "stdio", "cases": [{"stdin": "1", "stdout": SECRET}]}},
    "call": {
        "tests": {
            "kind": "call",
            "entry_point": "f",
            "cases": [{"args": [1], "expected": {"k": [SECRET]}}],
        }
    },
    "also accepted": {"inputs": [[1]], "outputs": [[SECRET]], "fn_name": "f"},
}


@pytest.mark.parametrize("reference", REFERENCES.values(), ids=REFERENCES.keys())
@pytest.mark.parametrize("ending", Ending)
def test_no_report_shows_what_was_expected(ending: Ending, reference: object) -> None:
    """Rows, log fields and details never show the right answer."""
    completion = "```python\nprint(1)\n```"
    prepared = prepare(Sample(completion=completion, reference=reference))
    execution = Execution(ending=ending, exit_status=0, stdout=b"1", value=1, detail="why")

    score = conclude(prepared, case_results(prepared, (execution,)))

    assert len(score.cases) == 1
    assert SECRET not in repr([metrics(score), details_of(score), fields_of(score)])


def test_no_report_shows_the_message_of_a_test() -> None:
    """The message of an assertion is for `explain` only."""
    execution = Execution(ending=Ending.FINISHED, value=SECRET.encode(), value_bytes=len(SECRET))
    case = CaseResult(verdict=Verdict.WRONG_ANSWER, execution=execution, message=SECRET)
    score = Score(verdict=Verdict.WRONG_ANSWER, cases=(case,))

    remark = remark_on(score, has_completion=True)
    assert SECRET not in repr([metrics(score), details_of(score), fields_of(score), remark])


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("letter", ["x", "\u3042", "\U0001f600"])
def test_only_the_end_of_an_output_is_in_the_details(stream: str, letter: str) -> None:
    """A megabyte of output becomes its last part."""
    output = (letter * 10**6 + " the end").encode()
    execution = Execution(ending=Ending.FINISHED, **{stream: output})  # type: ignore[arg-type]
    case = CaseResult(verdict=Verdict.WRONG_ANSWER, execution=execution)

    (details,) = cases_of(Score(verdict=Verdict.WRONG_ANSWER, cases=(case,)))

    assert details[stream].endswith(letter + " the end")
    assert len(details[stream]) <= 501


def test_output_that_is_not_utf8_is_shown_with_replacements() -> None:
    """Bytes that are not UTF-8 are replaced."""
    execution = Execution(ending=Ending.FINISHED, stdout=b"\xff\x00\xed\xa0\x80")
    case = CaseResult(verdict=Verdict.WRONG_ANSWER, execution=execution)

    (details,) = cases_of(Score(verdict=Verdict.WRONG_ANSWER, cases=(case,)))

    assert details["stdout"] == "\ufffd\x00\ufffd\ufffd\ufffd"


def test_the_details_of_many_cases_are_bounded() -> None:
    """A hundred thousand cases have the details of the first ones only."""
    score = Score(verdict=Verdict.ACCEPTED, cases=(ACCEPTED,) * 5000, tests_total=5000)

    assert len(cases_of(score)) == 1000


# Logs


def test_log_fields_are_flat() -> None:
    """The id, the reward and each metric are top-level fields."""
    assert fields_of(HALF) == {
        "id": "s-1",
        "aggregate_reward_score": 0.5,
        **metrics(HALF),
        "duration_ms": 1.0,
        "verdict": "runtime_error",
        "level": "kernel",
        "reused": False,
        "source": "none",
        "problem": "",
        "notes": [],
        "format_issues": ["several_blocks"],
    }


def test_log_fields_hold_the_problem() -> None:
    """The reason of an ungraded row is in its log line."""
    assert fields_of(ungraded("tests: missing"))["problem"] == "tests: missing"


OURS = (Ending.NOT_RUN, Ending.UNSENDABLE)
"""Their details are our own words."""


@pytest.mark.parametrize("ending", [ending for ending in Ending if ending not in OURS])
def test_log_fields_hold_no_text_of_the_candidate(ending: Ending) -> None:
    """Output, errors and details of a guest stay out of the log."""
    words = RaisedError(type_name=OWN_WORDS, message=OWN_WORDS)
    execution = Execution(
        ending=ending,
        value=OWN_WORDS,
        stdout=OWN_WORDS.encode(),
        stderr=OWN_WORDS.encode(),
        error=words,
        detail=OWN_WORDS,
    )
    reference = {"tests": {"kind": "stdio", "cases": [{"stdin": "1", "stdout": "2"}]}}
    completion = f"```python\nprint({OWN_WORDS!r})\n```"
    prepared = prepare(Sample(completion=completion, reference=reference))

    assert OWN_WORDS not in repr(
        fields_of(conclude(prepared, case_results(prepared, (execution,))))
    )
