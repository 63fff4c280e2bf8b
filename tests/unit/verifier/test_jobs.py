"""From a candidate and a plan to a job that knows no answer."""

from collections.abc import Callable
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.sandbox.protocol.encoding import decode, encode
from nova_code_verifier.sandbox.types import Call, Job, Limits, Run
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
    """Make a job for these cases."""
    return job_for(CANDIDATE, TestPlan(cases=cases, limits=limits or Limits()))


def test_a_program_is_passed_on_as_it_is() -> None:
    """Nothing is added to, or taken from, what the candidate wrote."""
    assert job_of(StdioCase(stdin="", expected_stdout="")).program == CANDIDATE.program


def test_limits_are_passed_on() -> None:
    """A job may cost what the plan says."""
    limits = Limits(cpu_seconds=1.5, wall_seconds=2.5, memory_bytes=2**26, output_bytes=7)

    assert job_of(StdioCase(stdin="", expected_stdout=""), limits=limits).limits == limits


def test_a_stdio_case_becomes_a_run() -> None:
    """The question is what the program reads."""
    assert job_of(StdioCase(stdin="1 2\n", expected_stdout="3\n")).questions == (
        Run(stdin=b"1 2\n"),
    )


def test_a_call_case_becomes_a_call() -> None:
    """The question is which function, and its arguments."""
    case = CallCase(entry_point="Solution().add", arguments=(1, [2]), expected_value=3)

    assert job_of(case).questions == (Call(entry_point="Solution().add", arguments=(1, [2])),)


def test_questions_are_in_the_order_of_the_cases() -> None:
    """There is one question for each case, at the same place."""
    cases = [StdioCase(stdin=str(number), expected_stdout="") for number in range(5)]

    stdins = [question.stdin for question in job_of(*cases).questions if isinstance(question, Run)]

    assert stdins == [b"0", b"1", b"2", b"3", b"4"]


@pytest.mark.parametrize(
    ("stdin", "read"),
    [
        ("\u3042\n", b"\xe3\x81\x82\n"),
        ("\ud800", b"\xed\xa0\x80"),
        ("\x00\r\n", b"\x00\r\n"),
        ("", b""),
    ],
)
def test_any_text_can_be_read(stdin: str, read: bytes) -> None:
    """Text is UTF-8; a lone surrogate in a dataset is no error, and no line end is changed."""
    assert job_of(StdioCase(stdin=stdin, expected_stdout="")).questions == (Run(stdin=read),)


def nested(wrap: Callable[[object], object], depth: int) -> object:
    """Wrap a number in so many boxes."""
    value: object = 7
    for _ in range(depth):
        value = wrap(value)
    return value


@pytest.mark.parametrize("depth", [ARGUMENT_DEPTH_MAX + 1, 100_000])
@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"k": inner}])
def test_arguments_that_cannot_be_sent_are_the_datasets_fault(
    wrap: Callable[[object], object], depth: int
) -> None:
    """What is nested too deeply is refused by name, before any guest is asked."""
    shallow = CallCase(entry_point="f", arguments=(1,), expected_value=1)
    deep = CallCase(entry_point="f", arguments=(1, nested(wrap, depth)), expected_value=1)

    with pytest.raises(VerifierError, match=r"^tests\.cases\[1\]\.args: .* levels deep$"):
        job_of(shallow, deep)


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"k": inner}])
def test_arguments_within_the_bound_arrive(wrap: Callable[[object], object]) -> None:
    """What is not refused can be sent and read, beside the name of what is called."""
    case = CallCase(
        entry_point="f", arguments=(nested(wrap, ARGUMENT_DEPTH_MAX - 1),), expected_value=1
    )
    (call,) = job_of(case).questions
    assert isinstance(call, Call)
    sent: list[object] = [call.entry_point, list(call.arguments)]

    assert decode(encode(sent)) == sent


@given(value=st.sampled_from([SECRET, [SECRET], {SECRET: SECRET}]), also=st.booleans())
def test_no_expected_value_is_in_a_job(value: object, *, also: bool) -> None:
    """Whatever is expected of a call, nothing in the job tells it."""
    accepted = (SECRET,) if also else ()
    case = CallCase(entry_point="f", arguments=(1,), expected_value=value, also_accepted=accepted)

    assert SECRET not in repr(job_of(case))


def test_no_expected_output_is_in_a_job() -> None:
    """What a program should print is not in the job either."""
    assert SECRET not in repr(job_of(StdioCase(stdin="1", expected_stdout=SECRET)))


@pytest.mark.parametrize("kind", [Job, Run, Call])
def test_there_is_no_field_for_a_secret(kind: type[Job | Run | Call]) -> None:
    """A door that does not exist cannot be left open."""
    names = {field.name for field in fields(kind)}

    assert names <= {
        "program", "questions", "limits", "give_up_after", "stdin", "argv", "entry_point",
        "arguments",
    }  # fmt: skip
