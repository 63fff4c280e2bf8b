"""Tests of judging executions."""

from collections.abc import Iterator

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Call, Ending, Execution, Job, Limits
from nova_code_verifier.verifier.checking.answers import with_value
from nova_code_verifier.verifier.checking.verdict import judge_case, overall, verdict_of_ending
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.types import CallCase, Checker, CheckerKind, StdioCase, Verdict

STDIO = StdioCase(stdin="1 2\n", expected_stdout="3\n")
CALL = CallCase(entry_point="add", arguments=(1, 2), expected_value=3)
TOKENS = Checker(kind=CheckerKind.TOKENS)

# What a program for `CALL` does, its source, and its verdict.
PROGRAMS = {
    "returns the expected value": ("def add(a, b): return a + b", Verdict.ACCEPTED),
    "returns another value": ("def add(a, b): return a - b", Verdict.WRONG_ANSWER),
    "returns a function": ("def add(a, b): return add", Verdict.WRONG_ANSWER),
    "raises": ("def add(a, b): return a / 0", Verdict.RUNTIME_ERROR),
    "leaves in the call": ("import os\ndef add(a, b): os._exit(0)", Verdict.RUNTIME_ERROR),
    "fails to load": ("1 / 0\ndef add(a, b): return a + b", Verdict.RUNTIME_ERROR),
    "never returns": ("def add(a, b):\n    while True: pass", Verdict.TIME_LIMIT_EXCEEDED),
    "allocates too much": (
        "def add(a, b): return bytearray(10**11)",
        Verdict.MEMORY_LIMIT_EXCEEDED,
    ),
    "prints too much": (
        "def add(a, b):\n    while True: print('x' * 1000)",
        Verdict.OUTPUT_LIMIT_EXCEEDED,
    ),
    "starts a process": ("import os\ndef add(a, b): return os.fork()", Verdict.SECURITY_VIOLATION),
    "does not parse": ("def add(a, b: return a + b", Verdict.COMPILE_ERROR),
    "lacks the function": ("def sub(a, b): return a - b", Verdict.NO_ENTRY_POINT),
}


@pytest.fixture(scope="module")
def executor() -> Iterator[LocalExecutor]:
    """Yield an executor with one worker."""
    with LocalExecutor(workers=1) as executor:
        yield executor


def printed(stdout: bytes, *, exit_status: int = 0) -> Execution:
    """Return the execution of a program that printed *stdout* and exited."""
    return Execution(ending=Ending.FINISHED, exit_status=exit_status, stdout=stdout)


def returned(value: object) -> Execution:
    """Return the execution of a call that returned *value*."""
    return Execution(ending=Ending.FINISHED, value=value)


@pytest.mark.parametrize("behaviour", PROGRAMS)
def test_a_program_gets_the_verdict_of_its_behaviour(
    behaviour: str, executor: LocalExecutor
) -> None:
    """The execution of a real program gets the verdict that its behaviour deserves."""
    program, verdict = PROGRAMS[behaviour]
    question = Call(entry_point="add", arguments=(1, 2))
    job = Job(program=program, questions=(question,), limits=Limits(cpu_seconds=0.5))
    [(_, (execution,))] = executor.run([job])

    assert judge_case(CALL, TOKENS, with_value(execution)) is verdict


@pytest.mark.parametrize("case", [STDIO, CALL], ids=["stdio", "call"])
@pytest.mark.parametrize("ending", [ending for ending in Ending if ending is not Ending.FINISHED])
def test_only_a_finished_execution_is_accepted(ending: Ending, case: StdioCase | CallCase) -> None:
    """Every other ending has a verdict, and it is not ACCEPTED although the answer is right."""
    execution = Execution(ending=ending, exit_status=0, stdout=b"3\n", value=3)

    verdict = judge_case(case, TOKENS, execution)

    assert verdict is not Verdict.ACCEPTED
    assert verdict is verdict_of_ending(ending)


@pytest.mark.parametrize("ending", [Ending.NOT_RUN, Ending.UNSENDABLE])
def test_a_question_that_was_not_run_is_ungraded(ending: Ending) -> None:
    """A question that the verifier did not run, or the dataset made impossible, has no grade."""
    assert verdict_of_ending(ending) is Verdict.UNGRADED


def test_a_skipped_question_counts_as_a_timeout() -> None:
    """A question that was skipped after earlier time-outs exceeds the time limit, too."""
    assert verdict_of_ending(Ending.SKIPPED) is Verdict.TIME_LIMIT_EXCEEDED


def test_the_right_output_is_accepted() -> None:
    """A program that prints the expected output and exits with 0 is accepted."""
    assert judge_case(STDIO, TOKENS, printed(b"3")) is Verdict.ACCEPTED


def test_another_output_is_a_wrong_answer() -> None:
    """A program that prints anything else is wrong."""
    assert judge_case(STDIO, TOKENS, printed(b"4")) is Verdict.WRONG_ANSWER


@pytest.mark.parametrize("exit_status", [1, 2, 120, 255])
@pytest.mark.parametrize("stdout", [b"3\n", b"4\n"])
def test_a_nonzero_exit_status_is_a_runtime_error(exit_status: int, stdout: bytes) -> None:
    """The exit status decides, whatever the program printed before."""
    execution = printed(stdout, exit_status=exit_status)

    assert judge_case(STDIO, TOKENS, execution) is Verdict.RUNTIME_ERROR


@pytest.mark.parametrize(
    ("execution", "verdict"),
    [
        (printed(b""), Verdict.ACCEPTED),
        (printed(b"0"), Verdict.WRONG_ANSWER),
        (printed(b"", exit_status=1), Verdict.RUNTIME_ERROR),
    ],
)
def test_an_empty_expected_output_requires_exit_status_0(
    execution: Execution, verdict: Verdict
) -> None:
    """A crash at the start is no right answer where no output is expected."""
    silent = StdioCase(stdin="", expected_stdout="")

    assert judge_case(silent, TOKENS, execution) is verdict


def test_the_right_value_is_accepted() -> None:
    """A call that returns the expected value is accepted."""
    assert judge_case(CALL, TOKENS, returned(3)) is Verdict.ACCEPTED


@pytest.mark.parametrize("value", [4, "3", None, [3], True])
def test_another_value_is_a_wrong_answer(value: object) -> None:
    """A call that returns anything else, None included, is wrong."""
    assert judge_case(CALL, TOKENS, returned(value)) is Verdict.WRONG_ANSWER


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ([5], Verdict.ACCEPTED),
        (5, Verdict.ACCEPTED),
        ({1: 2}, Verdict.ACCEPTED),
        (6, Verdict.WRONG_ANSWER),
        ([[5]], Verdict.WRONG_ANSWER),
    ],
)
def test_each_accepted_value_is_right(value: object, verdict: Verdict) -> None:
    """Each reading that a dataset leaves open is accepted, and no other value."""
    open_case = CallCase(
        entry_point="f", arguments=(), expected_value=[5], also_accepted=(5, {1: 2})
    )

    assert judge_case(open_case, TOKENS, returned(value)) is verdict


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        (CheckerKind.TOKENS, Verdict.WRONG_ANSWER),
        (CheckerKind.CASE_INSENSITIVE, Verdict.ACCEPTED),
    ],
)
def test_the_checker_is_applied(kind: CheckerKind, verdict: Verdict) -> None:
    """The same output is right by one checker and wrong by another."""
    case = StdioCase(stdin="", expected_stdout="Yes")

    assert judge_case(case, Checker(kind=kind), printed(b"YES")) is verdict


def test_an_expected_output_that_the_checker_cannot_read_is_refused() -> None:
    """An expected output that is not JSON raises VerifierError with the checker `json`."""
    case = StdioCase(stdin="", expected_stdout="{not JSON")

    with pytest.raises(VerifierError, match="checker: found json"):
        judge_case(case, Checker(kind=CheckerKind.JSON), printed(b"{}"))


OTHER_FAILURES = [
    verdict
    for verdict in Verdict
    if verdict not in (Verdict.ACCEPTED, Verdict.UNGRADED, Verdict.SECURITY_VIOLATION)
]


def test_a_sample_with_only_accepted_cases_is_accepted() -> None:
    """A sample is accepted if all its cases are."""
    assert overall((Verdict.ACCEPTED,) * 3) is Verdict.ACCEPTED


@pytest.mark.parametrize("failure", OTHER_FAILURES)
def test_the_first_failure_is_the_verdict_of_a_sample(failure: Verdict) -> None:
    """A sample with several failures has the verdict of the first."""
    verdicts = (Verdict.ACCEPTED, failure, Verdict.ACCEPTED, *OTHER_FAILURES)

    assert overall(verdicts) is failure


@pytest.mark.parametrize("other", Verdict)
def test_an_ungraded_case_leaves_the_sample_ungraded(other: Verdict) -> None:
    """UNGRADED outweighs every other verdict."""
    assert overall((other, Verdict.UNGRADED, other)) is Verdict.UNGRADED


@pytest.mark.parametrize("other", [Verdict.ACCEPTED, *OTHER_FAILURES])
def test_a_violation_outweighs_failures(other: Verdict) -> None:
    """A sample with a security violation has that verdict, whatever else failed."""
    assert overall((other, Verdict.SECURITY_VIOLATION, other)) is Verdict.SECURITY_VIOLATION
