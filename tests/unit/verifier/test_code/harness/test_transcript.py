"""The transcript: which answer belongs to a question, and when an item lacks answers."""

import io
import json
from contextlib import redirect_stdout
from typing import Any

import pytest

from nova_code_verifier.verifier.test_code.harness import transcript as transcripts
from nova_code_verifier.verifier.test_code.harness.transcript import (
    Answer,
    AskedQuestion,
    CandidateLostError,
    ExhaustedError,
    Transcript,
)
from nova_code_verifier.verifier.test_code.protocol import Question


def question(operation: str, *operands: Any, item: str = "", **more: Any) -> Question:
    """Make a question."""
    return Question(item, operation, list(operands), **more)


def known(operation: str, *operands: Any, value: Any = None, **more: Any) -> AskedQuestion:
    """Make a question of the last run; with a *value*, one that has an answer."""
    answer = None if value is None else answered(value)
    return AskedQuestion(question(operation, *operands, **more), answer)


def answered(value: Any, ending: str = "finished", printed: str = "", **body: Any) -> Answer:
    """Make the answer with this value."""
    return Answer.read(ending, json.dumps({"is": value} | body), printed)


def ask(transcript: Transcript, operation: str, *operands: Any, **more: Any) -> Any:
    """Ask a question; return the value of its answer, or None if there is none."""
    index = transcript.ask(question(operation, *operands, **more))
    answer = transcript.asked[index].answer
    return None if answer is None else answer.body["is"]


# Matching


def test_a_question_with_the_same_content_has_the_answer_of_the_last_run() -> None:
    """The same operation on the same operands is the same question."""
    transcript = Transcript([known("len", [1, 2], value=2)])

    assert ask(transcript, "len", [1, 2]) == 2
    assert transcript.item.is_open is False


@pytest.mark.parametrize(
    "other",
    [
        question("len", [1, 3]),
        question("str", [1, 2]),
        question("len", [1, 2], keywords=[["a", 1]]),
        question("len", [1, 2], nodes=[["Node", []]]),
        question("len", {"t": [1, 2]}),
        question("len", [True, 2]),
        question("len", [1.0, 2]),
    ],
)
def test_a_question_with_other_content_has_no_answer(other: Question) -> None:
    """Operation, operands, keywords and nodes must be equal; otherwise the item is open."""
    transcript = Transcript([known("len", [1, 2], value=2)])

    index = transcript.ask(other)

    assert transcript.asked[index].answer is None
    assert transcript.item.is_open is True


def test_equal_questions_are_answered_in_order() -> None:
    """Answers to equal questions are used in the order in which they were given."""
    transcript = Transcript([known("next", "g", value=1), known("next", "g", value=2)])

    assert [ask(transcript, "next", "g") for _ in range(3)] == [1, 2, None]


def test_an_answer_belongs_to_one_item() -> None:
    """The answer to one item's question does not answer another item's."""
    transcript = Transcript([known("f", value=1, item="1")])
    transcript.item = transcript.find_item("2")

    assert ask(transcript, "f", item="2") is None


def test_items_may_run_in_another_order_than_in_the_last_run() -> None:
    """An item finds its answers although an earlier item has not asked its questions."""
    transcript = Transcript([known("f", value=1, item="1"), known("g", value=2, item="2")])
    transcript.item = transcript.find_item("2")

    assert ask(transcript, "g", item="2") == 2


def test_the_order_of_a_set_does_not_matter() -> None:
    """A set is the same operand in whatever order it was written."""
    transcript = Transcript([known("f", {"s": [1, 2]}, value=3)])

    assert ask(transcript, "f", {"s": [2, 1]}) == 3


def test_a_reference_equals_the_value_that_it_refers_to() -> None:
    """An operand that was unknown in the last run is the same operand when its value is known."""
    transcript = Transcript([known("f", value=[5]), known("len", {"at": [0]}, value=1)])
    ask(transcript, "f")

    assert ask(transcript, "len", [5]) == 1


def test_two_references_to_one_object_are_equal() -> None:
    """References through different questions to one number are the same operand."""
    last_run = [
        known("f", value={"h": 7}),
        known("g", value=[{"h": 7}]),
        known("str", {"at": [0]}, value="x"),
    ]
    transcript = Transcript(last_run)
    ask(transcript, "f")
    ask(transcript, "g")

    assert ask(transcript, "str", {"at": [1, 0]}) == "x"


def test_references_to_different_objects_are_different() -> None:
    """References to different numbers are different operands."""
    last_run = [known("f", value=[{"h": 7}, {"h": 8}]), known("str", {"at": [0, 0]}, value="x")]
    transcript = Transcript(last_run)
    ask(transcript, "f")

    assert ask(transcript, "str", {"at": [0, 1]}) is None


# Branches


def test_answers_before_a_branch_are_kept() -> None:
    """A run that branches off from the last one loses only the answers behind the branch."""
    transcript = Transcript([known("f", n, value=n) for n in (1, 2, 3)])

    assert [ask(transcript, "f", n) for n in (1, 9)] == [1, None]


def test_a_guess_about_plain_data_may_be_left_out() -> None:
    """A question about plain data had no effect, so the answers behind it still hold."""
    guess = AskedQuestion(question("getitem", [1], 0, is_guess=True), answered(1, on_plain=True))
    transcript = Transcript([known("f", value=[1]), guess, known("g", value=2)])
    ask(transcript, "f")

    assert ask(transcript, "g") == 2
    assert transcript.item.is_open is False


def test_a_question_without_an_answer_may_be_left_out() -> None:
    """A question that the candidate never got had no effect."""
    transcript = Transcript([known("f"), known("g", value=2)])

    ask(transcript, "g")

    assert transcript.item.is_open is False


def test_to_leave_out_a_question_with_an_effect_opens_the_item() -> None:
    """A question that is left out may have changed the answers behind it: ask them again."""
    transcript = Transcript([known("f", value=1), known("g", value=2)])

    ask(transcript, "g")

    assert transcript.item.is_open is True


# Lost candidates and malformed answers


@pytest.mark.parametrize("ending", ["out_of_time", "crashed", "unreadable"])
def test_a_lost_candidate_ends_the_item(ending: str) -> None:
    """The item gets the ending of the question that the candidate did not survive."""
    lost = AskedQuestion(question("f", 1), Answer.read(ending, "", ""))
    transcript = Transcript([lost])

    with pytest.raises(CandidateLostError):
        ask(transcript, "f", 1)
    assert transcript.item.ending == ending


def test_the_first_ending_of_an_item_counts() -> None:
    """A second ending of an item does not replace the first."""
    transcript = Transcript()
    for ending in ("crashed", "unreadable"):
        with pytest.raises(CandidateLostError):
            transcript.abort_item(ending)

    assert transcript.item.ending == "crashed"


@pytest.mark.parametrize(
    "text",
    ["", "x", "[]", "null", "5", "{}", '{"raised": 5}', '{"raised": null}', "[" * 100_000],
)
def test_a_malformed_answer_is_unreadable(text: str) -> None:
    """An answer must have a result or an exception."""
    assert Answer.read("finished", text, "").ending == "unreadable"


@pytest.mark.parametrize("raised", [5, [], "x", True])
def test_an_answer_with_a_result_and_a_malformed_exception_is_unreadable(raised: Any) -> None:
    """A result does not make up for a malformed exception."""
    text = json.dumps({"is": 1, "raised": raised})

    assert Answer.read("finished", text, "").ending == "unreadable"


def test_numbers_are_found_in_the_order_in_which_the_guest_wrote_them() -> None:
    """Objects of an answer are counted from the exception on, as the guest counts them."""
    body = {
        "raised": {"h": 1, "args": [{"h": 2}, {"sub": [3, [{"h": 4}]]}]},
        "after": [[0, {"d": [["k", {"h": 5}], [{"h": 6}, 0]]}]],
        "nodes": [["Node", {"a": {"h": 7}}]],
    }

    assert Answer.read("finished", json.dumps(body), "").numbers == [1, 2, 3, 4, 5, 6, 7]


# Output, limits, indexes


def test_output_of_the_candidate_is_printed_where_the_tests_ask() -> None:
    """Tests that capture output see what the candidate printed."""
    printing = AskedQuestion(question("f"), answered(1, printed="hello"))
    transcript = Transcript([printing])
    out = io.StringIO()

    with redirect_stdout(out):
        ask(transcript, "f")

    assert out.getvalue() == "hello"


def test_the_number_of_new_questions_of_a_run_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that asks without end is ended, and continues in the next round."""
    monkeypatch.setattr(transcripts, "_NEW_QUESTIONS_MAX", 3)
    transcript = Transcript()
    for _ in range(3):
        ask(transcript, "f")

    with pytest.raises(ExhaustedError):
        ask(transcript, "f")


def test_the_number_of_all_questions_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A candidate that leads to too many questions is lost."""
    monkeypatch.setattr(transcripts, "_QUESTIONS_MAX", 3)
    transcript = Transcript()
    for _ in range(3):
        ask(transcript, "f")

    with pytest.raises(CandidateLostError):
        ask(transcript, "f")


def test_questions_are_numbered_in_order() -> None:
    """`ask` returns the index of the question."""
    transcript = Transcript()

    assert [transcript.ask(question("f", n)) for n in range(3)] == [0, 1, 2]
