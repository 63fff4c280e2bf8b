"""Reading the score from a judge's answer."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.handlers.llm_judge.answer import read_similarity, text_of
from nova_code_verifier.handlers.llm_judge.types import Extraction, Failure, JudgeFailure

STRICT, FLEXIBLE = Extraction.STRICT, Extraction.FLEXIBLE


def kind(text: str, extraction: Extraction) -> JudgeFailure | float:
    """Return the score in *text*, or the kind of failure."""
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
    """Both modes read a score alone or labelled in the last line, with or without markup."""
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
def test_flexible_mode_reads_a_score_in_a_sentence(text: str, value: float) -> None:
    """Flexible mode reads the last labelled number, or the last one; strict mode reads neither."""
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
def test_an_answer_without_a_score_is_a_failure(
    text: str, failure: JudgeFailure, extraction: Extraction
) -> None:
    """An answer without a number from 0 to 1 gives a failure, and never a clamped number."""
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
def test_a_score_on_another_scale_is_a_failure(text: str) -> None:
    """A number on a scale other than 0 to 1 is never a score."""
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
    """An answer may name the scale from 0 to 1."""
    assert kind(text, FLEXIBLE) == 0.7


@given(
    text=st.text() | st.text("0123456789.,-+e/% \nscore:is", max_size=200),
    extraction=st.sampled_from(Extraction),
)
def test_any_text_is_a_score_or_a_failure(text: str, extraction: Extraction) -> None:
    """Any text gives a failure or a number in [0, 1], and raises nothing."""
    found = read_similarity(text, extraction)

    assert isinstance(found, Failure) or 0.0 <= found <= 1.0


@given(value=st.floats(0, 1), extraction=st.sampled_from(Extraction))
def test_every_number_in_the_range_is_read_exactly(value: float, extraction: Extraction) -> None:
    """Python's text of any float in [0, 1] is read as that float."""
    assert kind(str(value), extraction) == value


@given(st.text(string.printable))
def test_flexible_mode_reads_all_that_strict_mode_reads(text: str) -> None:
    """A score that strict mode reads is the same in flexible mode."""
    strict = read_similarity(text, STRICT)

    assert isinstance(strict, Failure) or read_similarity(text, FLEXIBLE) == strict


@pytest.mark.timeout(30)
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
def test_no_answer_makes_a_pattern_backtrack(piece: str, extraction: Extraction) -> None:
    """Reading a megabyte of any repeated piece ends within the time limit of this test."""
    read_similarity(piece * (2**20 // len(piece)) + "x", extraction)


def test_a_failure_quotes_nothing_of_the_answer() -> None:
    """The detail of a failure, which is logged, contains no text of the answer."""
    secret = "The reference is Rosebud."

    for text in (secret, f"{secret} 7", f"I cannot say. {secret}"):
        found = read_similarity(text, FLEXIBLE)
        assert isinstance(found, Failure)
        assert "Rosebud" not in found.detail


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
def test_any_reply_gives_a_text_or_a_failure(reply: dict[str, object]) -> None:
    """Any JSON object in place of a reply of Converse gives a text or a failure."""
    assert isinstance(text_of(reply), str | Failure)
