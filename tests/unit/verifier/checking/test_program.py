"""Tests of asking a checker program, and of reading what it says."""

import pytest

from nova_code_verifier.sandbox.types import Cause, Ending, Execution, RaisedError
from nova_code_verifier.verifier.checking.program import (
    CHECKER_LIMITS,
    Check,
    CheckRequest,
    ask_checkers,
    check_job,
    is_expected,
    longest_output,
    read_opinion,
)
from nova_code_verifier.verifier.types import CheckerContract, CheckerProgram, StdioCase
from tests.fakes import ScriptedExecutor
from tests.unit.verifier.checking.checker_programs import PROGRAM, checking, printed, texts_of

CASE = StdioCase(stdin="3\r\n", expected_stdout="1\r\n\r\n2\r\n")
FUNCTION = CheckerProgram(
    source="def output_judging_function(a, b, c): return True",
    contract=CheckerContract.FUNCTION,
    path="output_judging_function",
)


@pytest.mark.parametrize("stdout", ["1", "1\n", "100", " 1.0 \n", "100.00"])
def test_a_full_score_accepts(stdout: str) -> None:
    """1 and 100 are full scores, as in the runner of open-r1."""
    assert read_opinion(printed(stdout)).accepts is True


@pytest.mark.parametrize("stdout", ["0", "0\n", "0.5", "0.99999", "50", "2"])
@pytest.mark.parametrize("exit_status", [0, 1])
def test_any_other_score_refuses(stdout: str, exit_status: int) -> None:
    """There is no partial credit within a case; a checker that refuses may exit with 1."""
    assert read_opinion(printed(stdout, exit_status=exit_status)).accepts is False


@pytest.mark.parametrize(
    "stdout",
    [
        "",
        "\n",
        "1\n1\n",
        "1 0",
        "YES",
        "True",
        "nan",
        "-1",
        "1e2",
        "101",
        "1_0",
        "\u0661",
        "1" * 9999,
    ],
)
def test_anything_else_is_no_opinion(stdout: str) -> None:
    """A checker that prints nothing, a word, or two numbers has not decided."""
    assert read_opinion(printed(stdout)).accepts is None


def test_a_number_before_a_flood_is_no_opinion() -> None:
    """The whole output counts, not its beginning."""
    assert read_opinion(printed("1" + " " * 10**6 + "0")).accepts is None


def test_an_accepting_checker_must_exit_with_0() -> None:
    """A checker that fails after it printed 1 has not decided."""
    assert read_opinion(printed("1", exit_status=1)).accepts is None


@pytest.mark.parametrize("ending", sorted({*Ending} - {Ending.FINISHED, Ending.NOT_RUN}, key=str))
def test_a_checker_that_does_not_finish_has_no_opinion(ending: Ending) -> None:
    """A score that was printed before a crash or a limit does not count."""
    opinion = read_opinion(Execution(ending=ending, stdout=b"1", cause=Cause.CPU_TIME))

    assert (opinion.accepts, opinion.failure.is_outage) == (None, False)
    assert ending in opinion.message


def test_a_check_that_was_not_made_is_an_outage() -> None:
    """Our own fault is nobody's opinion."""
    opinion = read_opinion(Execution(ending=Ending.NOT_RUN, detail="no time"))

    assert (opinion.accepts, opinion.failure.is_outage, opinion.message) == (None, True, "no time")


def test_the_message_is_bounded_and_names_the_error() -> None:
    """People see what the checker raised, wrote and printed, and no more than a few lines."""
    error = RaisedError(type_name="ValueError", message="no int")
    raised = Execution(ending=Ending.FINISHED, exit_status=1, error=error, stdout=b"x" * 10**6)

    message = read_opinion(raised).message

    assert "ValueError: no int" in message
    assert "status 1" in message
    assert len(message) < 500


def test_files_are_those_of_open_r1() -> None:
    """Files have Unix line breaks, and no empty lines in outputs, as checkers of open-r1 expect."""
    (question,) = check_job(CheckRequest(PROGRAM, [Check(CASE, b"\n\n2\r\n\n\n 1")])).questions

    assert texts_of(question) == ("3\n", "1\n2\n", "2\n 1\n")


def test_an_empty_output_is_an_empty_file() -> None:
    """Nothing but line breaks is nothing."""
    (question,) = check_job(CheckRequest(PROGRAM, [Check(CASE, b"\r\n\n")])).questions

    assert texts_of(question)[2] == ""


def test_a_function_gets_the_texts_unchanged() -> None:
    """HardTests passes the outputs as they are."""
    (question,) = check_job(CheckRequest(FUNCTION, [Check(CASE, b"2\n\n1")])).questions

    assert texts_of(question) == ("3\r\n", "1\r\n\r\n2\r\n", "2\n\n1")


def test_a_checker_may_write_its_biggest_text() -> None:
    """The limits of a check are ours, and grow with the texts."""
    job = check_job(CheckRequest(PROGRAM, [Check(CASE, b"1" * 10**7), Check(CASE, b"")]))

    assert job.limits.cpu_seconds == CHECKER_LIMITS.cpu_seconds
    assert job.limits.output_bytes > 10**7


def test_each_output_has_a_guest_of_its_own() -> None:
    """Checks of a job are divisible."""
    assert check_job(CheckRequest(PROGRAM, [Check(CASE, b"1")])).is_divisible


def test_checkers_run_where_trusted_programs_run() -> None:
    """A checker holds expected outputs: it is never a job among those of candidates."""
    executor = checking(lambda *_: True)

    opinions = dict(ask_checkers([CheckRequest(PROGRAM, [Check(CASE, b"1")])], executor))

    assert opinions[0][0].accepts
    assert executor.jobs == []


def test_no_request_needs_no_executor() -> None:
    """Nothing is started where nothing is checked."""
    assert list(ask_checkers([], ScriptedExecutor(trusted=ScriptedExecutor()))) == []


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("1 2\n", True),
        ("1 2", True),
        ("1 2\r\n", True),
        ("1 2\n\n", True),
        ("1  2\n", False),
        ("", False),
    ],
)
def test_only_line_breaks_and_the_end_may_differ(output: str, *, expected: bool) -> None:
    """An output that is otherwise different is for the checker to judge."""
    assert is_expected(StdioCase(stdin="", expected_stdout="1 2\n"), output.encode()) is expected


def test_a_long_test_case_allows_a_long_output() -> None:
    """The bound grows with input and expected output, and is generous for small ones."""
    assert longest_output(StdioCase(stdin="", expected_stdout="")) >= 2**18
    assert longest_output(StdioCase(stdin="1" * 10**6, expected_stdout="")) > 10**7
