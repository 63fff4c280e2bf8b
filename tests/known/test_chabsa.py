"""Real sentences of chABSA: what right answers earn there, and what constant ones do."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.verifier.pipeline import conclude, prepare
from nova_code_verifier.verifier.rubric import Polarity, Rubric
from nova_code_verifier.verifier.types import Sample

_LINES = (Path(__file__).parent / "data/sentiment/chabsa.jsonl").read_text("utf-8").splitlines()
SENTENCES: list[list[dict[str, str]]] = [json.loads(line)["opinions"] for line in _LINES]
LABELS = [
    Polarity(opinions[0]["polarity"])
    for opinions in SENTENCES
    if len({opinion["polarity"] for opinion in opinions}) == 1
]
COUNTS = Counter(LABELS)


def correctness(completion: str, reference: object, **rubric: Any) -> float:
    """Score a completion; nothing has to be run."""
    score = conclude(
        prepare(Sample(completion=completion, reference=reference), rubric=Rubric(**rubric))
    )
    return score.correctness


def mean_of(answer: Polarity, **rubric: Any) -> float:
    """Answer all sentences alike."""
    return sum(correctness(rf"\boxed{{{answer}}}", label, **rubric) for label in LABELS) / len(
        LABELS
    )


def test_the_sample_is_what_it_says() -> None:
    """Its opinions, and its sentences with one polarity, are as many as its source tells."""
    polarities = Counter(opinion["polarity"] for opinions in SENTENCES for opinion in opinions)

    assert polarities == {"positive": 306, "negative": 242, "neutral": 16}
    assert COUNTS == {"positive": 101, "negative": 72, "neutral": 5}


def test_with_its_own_priors_no_constant_is_worth_guessing() -> None:
    """Each earns what the rarest label has of all; without them, always positive pays."""
    priors = tuple((str(label), COUNTS[label] / len(LABELS)) for label in Polarity)

    assert [mean_of(label, priors=priors) for label in Polarity] == pytest.approx([5 / 178] * 3)
    assert mean_of(Polarity.POSITIVE) == pytest.approx(101 / 178)


@pytest.mark.parametrize("separator", [" | ", "\uff5c", "\uff0c", "\uff1a"])
def test_right_opinions_earn_everything(separator: str) -> None:
    """As JSON, and as lines; but for targets that hold a separator themselves."""
    for opinions in SENTENCES:
        reference = {"opinions": opinions}
        rows = [[one["target"], one["category"], one["polarity"]] for one in opinions]
        lines = "\n".join(f"- {separator.join(row)}" for row in rows)

        assert correctness(json.dumps(reference), reference) == pytest.approx(1.0)
        if not any(set("|:,、\uff5c\uff1a\uff0c") & set(target) for target, *_ in rows):
            assert correctness(lines, reference) == pytest.approx(1.0)


def test_constant_opinions_earn_little() -> None:
    """Sales are spoken of in every fifth sentence: to name them always earns a tenth."""
    frequent = Counter(json.dumps(one) for opinions in SENTENCES for one in opinions)

    for answer in (*(f"[{text}]" for text, _ in frequent.most_common(5)), "[]"):
        earned = sum(correctness(answer, {"opinions": opinions}) for opinions in SENTENCES)
        assert earned / len(SENTENCES) < 0.11
