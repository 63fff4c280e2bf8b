"""What an execution means."""

import pytest

from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.checking.verdict import judge_case, overall
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.types import CallCase, Checker, CheckerKind, StdioCase, Verdict

STDIO = StdioCase(stdin="1 2\n", expected_stdout="3\n")
CALL = CallCase(entry_point="add", arguments=(1, 2), expected_value=3)
TOKENS = Checker()

MEANINGS = {
    Ending.RAISED: Verdict.RUNTIME_ERROR,
    Ending.UNREADABLE: Verdict.WRONG_ANSWER,
    Ending.CRASHED: Verdict.RUNTIME_ERROR,
    Ending.OUT_OF_TIME: Verdict.TIME_LIMIT_EXCEEDED,
    Ending.OUT_OF_MEMORY: Verdict.MEMORY_LIMIT_EXCEEDED,
    Ending.TOO_MUCH_OUTPUT: Verdict.OUTPUT_LIMIT_EXCEEDED,
    Ending.FORBIDDEN: Verdict.SECURITY_VIOLATION,
    Ending.NOT_COMPILED: Verdict.COMPILE_ERROR,
    Ending.NOT_LOADED: Verdict.RUNTIME_ERROR,
    Ending.NO_ENTRY_POINT: Verdict.COMPILE_ERROR,
    Ending.SKIPPED: Verdict.TIME_LIMIT_EXCEEDED,
    Ending.UNSENDABLE: Verdict.UNGRADED,
    Ending.NOT_RUN: Verdict.UNGRADED,
}


def printed(stdout: bytes, *, exit_status: int = 0) -> Execution:
    """Describe a program that printed this, and left."""
    return Execution(ending=Ending.FINISHED, exit_status=exit_status, stdout=stdout)


def returned(value: object) -> Execution:
    """Describe a call that returned this."""
    return Execution(ending=Ending.FINISHED, value=value)


@pytest.mark.parametrize("case", [STDIO, CALL], ids=["stdio", "call"])
@pytest.mark.parametrize("ending", [ending for ending in Ending if ending is not Ending.FINISHED])
def test_every_other_ending_has_its_meaning(ending: Ending, case: StdioCase | CallCase) -> None:
    """However a question ended, if not by itself, a right answer does not change the verdict."""
    execution = Execution(ending=ending, exit_status=0, stdout=b"3\n", value=3)

    assert judge_case(case, TOKENS, execution) is MEANINGS[ending]


def test_the_right_output_is_accepted() -> None:
    """A program that printed the expected, and ended well, has passed."""
    assert judge_case(STDIO, TOKENS, printed(b"3")) is Verdict.ACCEPTED


def test_another_output_is_a_wrong_answer() -> None:
    """A program that printed anything else has not."""
    assert judge_case(STDIO, TOKENS, printed(b"4")) is Verdict.WRONG_ANSWER


@pytest.mark.parametrize("exit_status", [1, 2, 120, 255])
@pytest.mark.parametrize("stdout", [b"3\n", b"4\n"])
def test_a_program_that_fails_has_failed(exit_status: int, stdout: bytes) -> None:
    """A bad exit status is a runtime error, whatever was printed before."""
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
def test_to_print_nothing_takes_a_good_end(execution: Execution, verdict: Verdict) -> None:
    """Where nothing is expected, a crash at the start is no right answer."""
    silent = StdioCase(stdin="", expected_stdout="")

    assert judge_case(silent, TOKENS, execution) is verdict


def test_the_right_value_is_accepted() -> None:
    """A call that returned the expected value has passed."""
    assert judge_case(CALL, TOKENS, returned(3)) is Verdict.ACCEPTED


@pytest.mark.parametrize("value", [4, "3", None, [3], True])
def test_another_value_is_a_wrong_answer(value: object) -> None:
    """A call that returned anything else has not; no value at all is a value, too."""
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
def test_any_accepted_value_will_do(value: object, verdict: Verdict) -> None:
    """Where a dataset leaves open which value it means, each reading counts, and no other."""
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
def test_the_checker_decides(kind: CheckerKind, verdict: Verdict) -> None:
    """The same output is right by one checker and wrong by another."""
    case = StdioCase(stdin="", expected_stdout="Yes")

    assert judge_case(case, Checker(kind=kind), printed(b"YES")) is verdict


def test_what_cannot_be_compared_is_the_datasets_fault() -> None:
    """An expected output that its checker cannot read is no wrong answer."""
    case = StdioCase(stdin="", expected_stdout="{not JSON")

    with pytest.raises(VerifierError, match="checker: json"):
        judge_case(case, Checker(kind=CheckerKind.JSON), printed(b"{}"))


# Summing up

ALL_BUT_WEIGHTY = [
    verdict
    for verdict in Verdict
    if verdict not in (Verdict.ACCEPTED, Verdict.UNGRADED, Verdict.SECURITY_VIOLATION)
]


def test_all_accepted_is_accepted() -> None:
    """A sample is accepted where every case is."""
    assert overall((Verdict.ACCEPTED,) * 3) is Verdict.ACCEPTED


@pytest.mark.parametrize("failure", ALL_BUT_WEIGHTY)
def test_the_first_failure_sums_a_sample_up(failure: Verdict) -> None:
    """Of several failures the first is named, wherever it stands."""
    verdicts = (Verdict.ACCEPTED, failure, Verdict.ACCEPTED, *ALL_BUT_WEIGHTY)

    assert overall(verdicts) is failure


@pytest.mark.parametrize("other", Verdict)
def test_what_was_not_graded_outweighs_all(other: Verdict) -> None:
    """A sample with a case that we could not judge has no verdict of its own."""
    assert overall((other, Verdict.UNGRADED, other)) is Verdict.UNGRADED


@pytest.mark.parametrize("other", [Verdict.ACCEPTED, *ALL_BUT_WEIGHTY])
def test_a_violation_outweighs_failures(other: Verdict) -> None:
    """One forbidden attempt is what a sample is known for."""
    assert overall((other, Verdict.SECURITY_VIOLATION, other)) is Verdict.SECURITY_VIOLATION
