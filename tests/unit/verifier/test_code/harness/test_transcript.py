"""Which question is which, what was answered to it, and when a unit has to wait."""

import io
import json
from contextlib import redirect_stdout
from typing import Any

import pytest

from nova_code_verifier.verifier.test_code.harness import transcript as transcripts
from nova_code_verifier.verifier.test_code.harness.transcript import (
    Answer,
    CandidateLostError,
    ExhaustedError,
    Question,
    Transcript,
)


def question(operation: str, *on: Any, value: Any = None, unit: str = "", **more: Any) -> Question:
    """Make a question; with a *value*, one that has been answered."""
    answer = None if value is None else answered(value)
    return Question(unit=unit, operation=operation, on=list(on), answer=answer, **more)


def answered(value: Any, ending: str = "finished", printed: str = "", **body: Any) -> Answer:
    """Make the answer that came to a value."""
    return Answer.read(ending, json.dumps({"is": value} | body), printed)


def value_at(transcript: Transcript, place: int) -> Any:
    """Return what was answered to the question at that place, if anything."""
    answer = transcript.asked[place].answer
    return None if answer is None else answer.body["is"]


# Matching


def test_a_question_is_recognised_by_what_it_says() -> None:
    """The same operation on the same operands has the answer of the last run."""
    transcript = Transcript([question("len", [1, 2], value=2)])

    assert value_at(transcript, transcript.ask(question("len", [1, 2]))) == 2
    assert transcript.unit.is_open is False


@pytest.mark.parametrize(
    "other",
    [
        question("len", [1, 3]),
        question("str", [1, 2]),
        question("len", [1, 2], keywords={"a": 1}),
        question("len", [1, 2], nodes=[["Node", {}]]),
        question("len", {"t": [1, 2]}),
        question("len", [True, 2]),
        question("len", [1.0, 2]),
    ],
)
def test_a_question_that_says_something_else_has_no_answer(other: Question) -> None:
    """Operation, operands, keywords and nodes all count; then the unit waits."""
    transcript = Transcript([question("len", [1, 2], value=2)])

    assert value_at(transcript, transcript.ask(other)) is None
    assert transcript.unit.is_open is True


def test_equal_questions_are_answered_in_order() -> None:
    """What is asked twice may be answered in two ways, first things first."""
    known = [question("next", "g", value=1), question("next", "g", value=2)]
    transcript = Transcript(known)

    values = [value_at(transcript, transcript.ask(question("next", "g"))) for _ in range(3)]

    assert values == [1, 2, None]


def test_each_unit_has_its_own_questions() -> None:
    """What one unit asked is no answer for another."""
    transcript = Transcript([question("f", value=1, unit="1")])
    transcript.unit = transcript.find_unit("2")

    assert value_at(transcript, transcript.ask(question("f", unit="2"))) is None


def test_a_unit_is_found_wherever_its_questions_are() -> None:
    """A unit that is run later than in the last run has its answers still."""
    known = [question("f", value=1, unit="1"), question("g", value=2, unit="2")]
    transcript = Transcript(known)
    transcript.unit = transcript.find_unit("2")

    assert value_at(transcript, transcript.ask(question("g", unit="2"))) == 2


def test_a_set_is_the_same_in_any_order() -> None:
    """Sets have no order, so how they were written does not count."""
    transcript = Transcript([question("f", {"s": [1, 2]}, value=3)])

    assert value_at(transcript, transcript.ask(question("f", {"s": [2, 1]}))) == 3


def test_a_reference_says_what_it_leads_to() -> None:
    """An operand that was unknown and is known now is the same operand."""
    known = [question("f", value=[5]), question("len", {"at": [0]}, value=1)]
    transcript = Transcript(known)
    transcript.ask(question("f"))

    assert value_at(transcript, transcript.ask(question("len", [5]))) == 1


def test_an_object_is_the_same_however_it_is_referred_to() -> None:
    """References by different ways to one number are one."""
    known = [
        question("f", value={"h": 7}),
        question("g", value=[{"h": 7}]),
        question("str", {"at": [0]}, value="x"),
    ]
    transcript = Transcript(known)
    transcript.ask(question("f"))
    transcript.ask(question("g"))

    assert value_at(transcript, transcript.ask(question("str", {"at": [1, 0]}))) == "x"


def test_another_object_is_another() -> None:
    """References to different numbers are different."""
    known = [question("f", value=[{"h": 7}, {"h": 8}]), question("str", {"at": [0, 0]}, value="x")]
    transcript = Transcript(known)
    transcript.ask(question("f"))

    assert value_at(transcript, transcript.ask(question("str", {"at": [0, 1]}))) is None


# Forks


def test_what_comes_before_a_fork_keeps_its_answers() -> None:
    """A run that goes another way than the last loses the answers behind the fork alone."""
    known = [question("f", 1, value=1), question("f", 2, value=2), question("f", 3, value=3)]
    transcript = Transcript(known)

    values = [value_at(transcript, transcript.ask(question("f", n))) for n in (1, 9)]

    assert values == [1, None]


def test_a_guess_that_was_idle_may_be_skipped() -> None:
    """What was asked in vain of plain data has changed nothing."""
    idle = question("getitem", [1], 0, is_guess=True)
    idle.answer = answered(1, on_plain=True)
    transcript = Transcript([question("f", value=[1]), idle, question("g", value=2)])
    transcript.ask(question("f"))

    assert value_at(transcript, transcript.ask(question("g"))) == 2
    assert transcript.unit.is_open is False


def test_a_question_without_an_answer_may_be_skipped() -> None:
    """What was never asked has changed nothing."""
    transcript = Transcript([question("f"), question("g", value=2)])

    transcript.ask(question("g"))

    assert transcript.unit.is_open is False


def test_skipping_what_may_have_changed_something_makes_a_unit_wait() -> None:
    """A question that was asked in vain may have changed the answers behind it: ask again."""
    transcript = Transcript([question("f", value=1), question("g", value=2)])

    transcript.ask(question("g"))

    assert transcript.unit.is_open is True


# What is lost


@pytest.mark.parametrize("ending", ["out_of_time", "crashed", "unreadable"])
def test_a_question_that_was_not_survived_ends_its_unit(ending: str) -> None:
    """The unit is given up, by what happened."""
    lost = question("f", 1)
    lost.answer = Answer.read(ending, "", "")
    transcript = Transcript([lost])

    with pytest.raises(CandidateLostError):
        transcript.ask(question("f", 1))
    assert transcript.unit.ending == ending


def test_the_first_loss_of_a_unit_counts() -> None:
    """What is lost after that is a consequence."""
    transcript = Transcript([])
    for ending in ("crashed", "unreadable"):
        with pytest.raises(CandidateLostError):
            transcript.lose(ending)

    assert transcript.unit.ending == "crashed"


@pytest.mark.parametrize(
    "text",
    ["", "x", "[]", "null", "5", "{}", '{"raised": 5}', '{"raised": null}', "[" * 100_000],
)
def test_an_answer_that_makes_no_sense_is_unreadable(text: str) -> None:
    """An answer has a result, or an exception."""
    assert Answer.read("finished", text, "").ending == "unreadable"


@pytest.mark.parametrize("raised", [5, [], "x", True])
def test_an_answer_with_a_result_and_a_nonsense_exception_is_unreadable(raised: Any) -> None:
    """What is neither a result nor an exception is not both."""
    text = json.dumps({"is": 1, "raised": raised})

    assert Answer.read("finished", text, "").ending == "unreadable"


def test_numbers_are_found_in_the_order_in_which_they_were_written() -> None:
    """References into an answer count its objects: of an exception first, then the rest."""
    body = {
        "raised": {"h": 1, "args": [{"h": 2}, {"sub": [3, [{"h": 4}]]}]},
        "after": [[0, {"d": [["k", {"h": 5}], [{"h": 6}, 0]]}]],
        "nodes": [["Node", {"a": {"h": 7}}]],
    }

    assert Answer.read("finished", json.dumps(body), "").numbers == [1, 2, 3, 4, 5, 6, 7]


# The rest


def test_what_was_printed_is_printed_when_it_is_asked() -> None:
    """Tests that capture output see what the candidate printed, where they asked."""
    printing = question("f")
    printing.answer = answered(1, printed="hello")
    transcript = Transcript([printing])
    out = io.StringIO()

    with redirect_stdout(out):
        transcript.ask(question("f"))

    assert out.getvalue() == "hello"


def test_questions_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that ask without end are stopped: for this run, and in the end for good."""
    monkeypatch.setattr(transcripts, "_NEW_QUESTIONS_MAX", 3)
    transcript = Transcript([])
    for _ in range(3):
        transcript.ask(question("f"))

    with pytest.raises(ExhaustedError):
        transcript.ask(question("f"))
    monkeypatch.setattr(transcripts, "_QUESTIONS_MAX", 3)
    with pytest.raises(CandidateLostError):
        transcript.ask(question("f"))


def test_a_question_refers_to_its_place() -> None:
    """Questions are numbered in the order in which they are asked."""
    transcript = Transcript([])

    assert [transcript.ask(question("f", n)) for n in range(3)] == [0, 1, 2]
