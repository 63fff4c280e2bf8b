"""What is read from a judge's answer, and what is not."""

import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.handlers.llm_judge.answer import read_similarity
from nova_code_verifier.handlers.llm_judge.answer import text_of as _text_of
from nova_code_verifier.handlers.llm_judge.types import Extraction, Failure, JudgeFailure, kind_of

STRICT, FLEXIBLE = Extraction.STRICT, Extraction.FLEXIBLE


def kind(text: str, extraction: Extraction) -> JudgeFailure | float:
    """Read *text*: the number, or the kind of failure."""
    found = read_similarity(text, extraction)
    return found.kind if isinstance(found, Failure) else found


@pytest.mark.parametrize("extraction", Extraction)
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.85", 0.85),
        ("0", 0.0),
        ("1", 1.0),
        ("1.0", 1.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("-0.0", 0.0),
        ("+0.5", 0.5),
        ("1e-1", 0.1),
        ("  0.85 \n\n", 0.85),
        ("**0.85**", 0.85),
        ("`0.85`.", 0.85),
        ("Score: 0.85", 0.85),
        ("Final score: **0.85**", 0.85),
        ("**Similarity score**: 0.85", 0.85),
        ("The similarity is 0.85.", 0.85),
        ("Score = 0.85/1.0", 0.85),
        ("0.85 out of 1", 0.85),
        (r"\boxed{0.85}", 0.85),
        ('{"score": 0.85}', 0.85),
        ("<score>0.85</score>\nScore: 0.8", 0.8),
        ("They differ in 3 points.\n0.85", 0.85),
        ("Score: 1.0 is what it asks for.\nScore: 0.1", 0.1),
    ],
)
def test_a_score_in_the_last_line_is_read(text: str, value: float, extraction: Extraction) -> None:
    """Alone or labelled, with or without markup, in both ways of reading."""
    assert kind(text, extraction) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("I would say 0.7 here.", 0.7),
        ("類似度は0.7です", 0.7),
        ("0.2 for the first half, 0.8 for the second", 0.8),
        ("Score: 0.3\nIt names 4 of 12 points.", 0.3),
        ("0.8 on a scale of 0.0 to 1.0", 0.8),
        ("0.8 (of 0-1)", 0.8),
        ("On the scale between 0 and 1 I give it a 0.9, as nova2 would.", 0.9),
        ("1. They agree.\n2. Little is left out.\nSo 0.75 it is", 0.75),
    ],
)
def test_flexible_finds_a_score_in_a_sentence(text: str, value: float) -> None:
    """The last that is labelled, else the last; the scale and a list's marks are none."""
    assert kind(text, FLEXIBLE) == value
    assert kind(text, STRICT) is JudgeFailure.NO_NUMBER


@pytest.mark.parametrize("extraction", Extraction)
@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("", JudgeFailure.NO_NUMBER),
        (" \n ", JudgeFailure.NO_NUMBER),
        ("They say the same.", JudgeFailure.NO_NUMBER),
        ("nan", JudgeFailure.NO_NUMBER),
        ("Infinity", JudgeFailure.NO_NUMBER),
        ("0,8", JudgeFailure.NO_NUMBER),
        ("0.8.1", JudgeFailure.NO_NUMBER),
        ("1. The response is off the point.", JudgeFailure.NO_NUMBER),
        ("from 0.0 to 1.0", JudgeFailure.NO_NUMBER),
        ("I cannot help with that.", JudgeFailure.REFUSED),
        ("I’m sorry, I won’t rate this.", JudgeFailure.REFUSED),  # noqa: RUF001
        ("7", JudgeFailure.OUT_OF_RANGE),
        ("1.01", JudgeFailure.OUT_OF_RANGE),
        ("-0.2", JudgeFailure.OUT_OF_RANGE),
        ("80%", JudgeFailure.OUT_OF_RANGE),
        ("Score: 0.5 %", JudgeFailure.OUT_OF_RANGE),
        ("1e999", JudgeFailure.OUT_OF_RANGE),
        ("9" * 7000, JudgeFailure.OUT_OF_RANGE),
    ],
)
def test_what_is_no_score_is_told_apart(
    text: str, failure: JudgeFailure, extraction: Extraction
) -> None:
    """Never a guess, and never a number moved into the range."""
    assert kind(text, extraction) is failure


@pytest.mark.parametrize(
    "text",
    [
        "8/10",
        "1/10",
        "Score: 1/10",
        "Score: **1** / 10",
        "Score: 1 (out of 10)",
        "Score: 1 out of a possible 10",
        "Score: 1 out of ten",
        "Score: 1 of 10",
        "The similarity is 1/5.",
        "Rating: 0.5/10",
        "Score: 0.8 out of 10",
        "I give it 1 out of 5, which is low.",
        "Score: 1 on a scale of 1 to 10",
        "Score: 1 on a scale from 0 to 10",
        "Score: 1, on a 10-point scale",
        "On a scale from 1 to 10, it is a 1.",
        "Score: 1/10\nThe similarity is 1/10, and nothing else.",
    ],
)
def test_a_score_on_another_scale_is_not_taken_for_one(text: str) -> None:
    """Whoever marks with another scale in mind is not understood by half."""
    assert kind(text, STRICT) is JudgeFailure.NO_NUMBER
    assert kind(text, FLEXIBLE) is JudgeFailure.OUT_OF_RANGE


@pytest.mark.parametrize(
    "text",
    [
        "Score: 0.7/1 as I see it",
        "Score: 0.7 out of 1.0, I would say",
        "I give it 0.7 out of a possible 1.",
        "Score: 0.7 of 1",
        "On a scale from 0.0 (unrelated) to 1.0 (the same), it is a 0.7.",
        "Score: 0.7 on a scale of 0 to 1",
        "It has 4 of 12 points, so the score is 0.7 of course",
        "Score: 0.7 (scale: 0.0-1.0)",
    ],
)
def test_a_score_out_of_one_is_read(text: str) -> None:
    """Our own scale may be named."""
    assert kind(text, FLEXIBLE) == 0.7


@given(
    text=st.text() | st.text("0123456789.,-+e/% \nscore:is", max_size=200),
    extraction=st.sampled_from(Extraction),
)
def test_any_text_is_a_score_or_a_failure(text: str, extraction: Extraction) -> None:
    """Nothing that a model writes raises, or leaves the range."""
    found = read_similarity(text, extraction)

    assert isinstance(found, Failure) or 0.0 <= found <= 1.0


@given(value=st.floats(0, 1), extraction=st.sampled_from(Extraction))
def test_every_number_in_the_range_is_read_as_it_is(value: float, extraction: Extraction) -> None:
    """However Python writes it."""
    assert kind(str(value), extraction) == value


@given(st.text(string.printable))
def test_what_is_read_strictly_is_read_flexibly_too(text: str) -> None:
    """Flexible looks in more places, and first where strict does."""
    strict = read_similarity(text, STRICT)

    assert isinstance(strict, Failure) or read_similarity(text, FLEXIBLE) == strict


@pytest.mark.parametrize("extraction", Extraction)
@pytest.mark.parametrize(
    "piece",
    [
        "1",
        ".",
        ",",
        "-",
        " ",
        "\n",
        "e",
        "the ",
        "score: ",
        "score is ",
        "1 of ",
        "1 out of ",
        "scale of 1 to ",
        "0 to ",
        "/1",
        "1.",
        "0-",
        "\\boxed{",
        "1e",
        "()",
    ],
)
def test_hostile_answers_cost_little(piece: str, extraction: Extraction) -> None:
    """A megabyte of whatever a pattern might stumble over is read in no time."""
    started = time.process_time()
    read_similarity(piece * (2**20 // len(piece)) + "x", extraction)

    assert time.process_time() - started < 1


def test_what_is_told_holds_nothing_of_the_answer() -> None:
    """It goes to a log, and an answer may quote a reference."""
    secret = "The reference is Rosebud."

    for text in (secret, f"{secret} 7", f"I cannot say. {secret}"):
        found = read_similarity(text, FLEXIBLE)
        assert isinstance(found, Failure)
        assert "Rosebud" not in found.detail


@pytest.mark.parametrize("failure", JudgeFailure)
def test_a_problem_tells_its_kind(failure: JudgeFailure) -> None:
    """From the words that travel on, the kind can be told again."""
    similarity = Failure(kind=failure, detail="for: a reason").similarity

    assert kind_of(similarity) is failure
    assert similarity.is_outage is failure.is_outage


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["output", "message", "content", "text", "stopReason"]), inner
        )
    ),
)


@given(st.dictionaries(st.sampled_from(["output", "stopReason"]), JSON))
def test_any_answer_has_a_text_or_a_failure(reply: dict[str, object]) -> None:
    """Whatever comes for an answer, it is understood or said not to be."""
    assert isinstance(_text_of(reply), str | Failure)
