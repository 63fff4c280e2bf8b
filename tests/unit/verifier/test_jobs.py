"""Tests of building a job from a candidate and a test plan."""

from collections.abc import Callable
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.sandbox.protocol.encoding import decode, encode
from nova_code_verifier.sandbox.types import Call, ExactCall, Job, Limits, Run
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.jobs import ARGUMENT_DEPTH_MAX, job_for
from nova_code_verifier.verifier.types import (
    CallCase,
    Candidate,
    ExtractionMethod,
    StdioCase,
    TestCase,
    TestPlan,
)

CANDIDATE = Candidate(program="print(3)\n", method=ExtractionMethod.TAGGED_FENCE)
SECRET = "s3cret"


def job_of(*cases: TestCase, limits: Limits | None = None) -> Job:
    """Return the job for these cases."""
    return job_for(CANDIDATE, TestPlan(cases=cases, limits=limits or Limits()))


def test_the_program_is_not_changed() -> None:
    """The job has the candidate's program, unchanged."""
    assert job_of(StdioCase(stdin="", expected_stdout="")).program == CANDIDATE.program


def test_a_job_has_the_limits_of_the_plan() -> None:
    """The job has the limits of the test plan."""
    limits = Limits(cpu_seconds=1.5, wall_seconds=2.5, memory_bytes=2**26, output_bytes=7)

    assert job_of(StdioCase(stdin="", expected_stdout=""), limits=limits).limits == limits


def test_a_stdio_case_becomes_a_run() -> None:
    """The question of a stdio case is its stdin, as bytes."""
    assert job_of(StdioCase(stdin="1 2\n", expected_stdout="3\n")).questions == (
        Run(stdin=b"1 2\n"),
    )


def test_a_call_case_becomes_a_call() -> None:
    """The question of a call case is its entry point and its arguments."""
    case = CallCase(entry_point="Solution().add", arguments=(1, [2]), expected_value=3)

    assert job_of(case).questions == (Call(entry_point="Solution().add", arguments=(1, [2])),)


def test_questions_are_in_the_order_of_the_cases() -> None:
    """There is one question for each case, with the same index."""
    cases = [StdioCase(stdin=str(number), expected_stdout="") for number in range(5)]

    stdins = [question.stdin for question in job_of(*cases).questions if isinstance(question, Run)]

    assert stdins == [b"0", b"1", b"2", b"3", b"4"]


@pytest.mark.parametrize(
    ("stdin", "encoded"),
    [
        ("\u3042\n", b"\xe3\x81\x82\n"),
        ("\ud800", b"\xed\xa0\x80"),
        ("\x00\r\n", b"\x00\r\n"),
        ("", b""),
    ],
)
def test_stdin_is_encoded_as_utf_8(stdin: str, encoded: bytes) -> None:
    """Text is encoded as UTF-8; lone surrogates and line breaks are kept."""
    assert job_of(StdioCase(stdin=stdin, expected_stdout="")).questions == (Run(stdin=encoded),)


def nested(wrap: Callable[[object], object], depth: int) -> object:
    """Return a number wrapped in so many containers."""
    value: object = 7
    for _ in range(depth):
        value = wrap(value)
    return value


@pytest.mark.parametrize("depth", [ARGUMENT_DEPTH_MAX + 1, 100_000])
@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"k": inner}])
def test_arguments_nested_too_deeply_are_refused(
    wrap: Callable[[object], object], depth: int
) -> None:
    """The error names the case with arguments that cannot be sent to a guest."""
    shallow = CallCase(entry_point="f", arguments=(1,), expected_value=1)
    deep = CallCase(entry_point="f", arguments=(1, nested(wrap, depth)), expected_value=1)

    with pytest.raises(VerifierError, match=r"^test case 2: .* levels deep$"):
        job_of(shallow, deep)


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"k": inner}])
def test_arguments_within_the_limit_can_be_sent(wrap: Callable[[object], object]) -> None:
    """Arguments that are not refused survive encoding and decoding."""
    case = CallCase(
        entry_point="f", arguments=(nested(wrap, ARGUMENT_DEPTH_MAX - 1),), expected_value=1
    )
    (call,) = job_of(case).questions
    assert isinstance(call, Call)
    sent: list[object] = [call.entry_point, list(call.arguments)]

    assert decode(encode(sent)) == sent


@given(value=st.sampled_from([SECRET, [SECRET], {SECRET: SECRET}]), also=st.booleans())
def test_no_expected_value_is_in_a_job(value: object, *, also: bool) -> None:
    """No expected value of a call is in the job."""
    accepted = (SECRET,) if also else ()
    case = CallCase(entry_point="f", arguments=(1,), expected_value=value, also_accepted=accepted)

    assert SECRET not in repr(job_of(case))


def test_no_expected_output_is_in_a_job() -> None:
    """The expected output of a program is not in the job."""
    assert SECRET not in repr(job_of(StdioCase(stdin="1", expected_stdout=SECRET)))


@pytest.mark.parametrize("kind", [Job, Run, Call, ExactCall])
def test_a_job_has_no_field_for_an_expected_answer(
    kind: type[Job | Run | Call | ExactCall],
) -> None:
    """A job and its questions have no other fields than these."""
    names = {field.name for field in fields(kind)}

    assert names <= {
        "program", "questions", "limits", "give_up_after", "stdin", "argv", "entry_point",
        "arguments", "prelude", "needs_all", "keywords", "keeps_object", "substitute",
    }  # fmt: skip
