r"""What a short text says: a label, none, or too many."""

import pytest

from nova_code_verifier.verifier.rubric import Polarity
from nova_code_verifier.verifier.sentiment.labels import (
    boxed_label,
    label_of,
    labels_in,
    lone_label,
)

POSITIVE, NEGATIVE, NEUTRAL = Polarity.POSITIVE, Polarity.NEGATIVE, Polarity.NEUTRAL


@pytest.mark.parametrize(
    "box",
    [
        r"\text{{positive}}",
        r"\textsf{positive}",
        r"\mathrm{\text{{Positive}}}",
        r"\boldsymbol{\emph{positive}}",
        r"{{{{{positive}}}}}",
        r"\operatorname{positive}",
        r" $\textbf{「ポジティブ」}$ ",
    ],
)
def test_looks_do_not_matter_in_a_box(box: str) -> None:
    """Whatever changes only the type, and braces as deep as anybody writes them."""
    assert boxed_label(box) is POSITIVE


@pytest.mark.parametrize(
    "box",
    [
        r"\cancel{positive}",
        r"\sout{{positive}}",
        r"\text{not positive}",
        r"\textcolor{red}{positive}",
        "非ポジティブ",
        "positive or neutral",
    ],
)
def test_what_changes_the_meaning_is_no_label(box: str) -> None:
    """What is struck out is not said; what is not known is not guessed."""
    assert boxed_label(box) is None


@pytest.mark.parametrize(
    "text",
    [
        "It is unlikely to be positive",
        "the opposite of positive",
        "非ポジティブ",
        "Positive? No.",
        "**Positive**? No, not at all.",
        "ポジティブ\uff1f いいえ",
    ],
)
def test_a_denied_label_is_not_meant(text: str) -> None:
    """Whatever word denies it, before it or behind it."""
    assert labels_in(text) == (frozenset({POSITIVE}), frozenset())
    assert lone_label(text) is None


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Positive? No, negative.", NEGATIVE),
        ("Positive? No doubt.", POSITIVE),
        ("Is it positive? Yes.", POSITIVE),
        ("是非ポジティブと言いたい", POSITIVE),
        ("The opposite of positive: negative", NEGATIVE),
    ],
)
def test_a_denial_denies_no_more_than_its_own(text: str, label: Polarity) -> None:
    """What is said instead is meant."""
    assert lone_label(text) is label


@pytest.mark.parametrize("text", ["Neutral", " \uff2eeutral\n", "中立", r"\text{neutral}"])
def test_a_text_is_a_label(text: str) -> None:
    """In either language, full width or not."""
    assert label_of(text) is NEUTRAL
