"""Tests of reading labels from short texts."""

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
def test_wrappings_in_a_box_are_removed(box: str) -> None:
    """Macros that change only the type, and nested braces, do not hide a label."""
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
def test_a_box_with_more_than_a_label_has_no_label(box: str) -> None:
    """A macro that is unknown, or that changes the meaning, is no wrapping."""
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
def test_a_negated_label_is_not_meant(text: str) -> None:
    """A label is not meant if a word before or after it negates it."""
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
def test_a_negation_applies_to_one_label(text: str, label: Polarity) -> None:
    """A label that replaces a negated one is meant."""
    assert lone_label(text) is label


@pytest.mark.parametrize("text", ["Neutral", " \uff2eeutral\n", "中立", r"\text{neutral}"])
def test_a_text_may_be_a_label(text: str) -> None:
    r"""A label is recognized in both languages, in full width and in `\text`."""
    assert label_of(text) is NEUTRAL
