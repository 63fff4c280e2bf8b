"""Real sentences of chABSA: the rewards of right answers and of constant answers."""

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
    """Return the mean correctness of the same answer to all sentences."""
    return sum(correctness(rf"\boxed{{{answer}}}", label, **rubric) for label in LABELS) / len(
        LABELS
    )


def test_the_sample_has_the_polarities_of_its_source() -> None:
    """The numbers of opinions, and of sentences with one polarity, are those of the attribution."""
    polarities = Counter(opinion["polarity"] for opinions in SENTENCES for opinion in opinions)

    assert polarities == {"positive": 306, "negative": 242, "neutral": 16}
    assert COUNTS == {"positive": 101, "negative": 72, "neutral": 5}


def test_with_priors_all_constant_answers_earn_the_same() -> None:
    """They earn the share of the rarest label; without priors, `positive` earns its own share."""
    priors = tuple((str(label), COUNTS[label] / len(LABELS)) for label in Polarity)

    assert [mean_of(label, priors=priors) for label in Polarity] == pytest.approx([5 / 178] * 3)
    assert mean_of(Polarity.POSITIVE) == pytest.approx(101 / 178)


@pytest.mark.parametrize("separator", [" | ", "\uff5c", "\uff0c", "\uff1a"])
def test_right_opinions_earn_everything(separator: str) -> None:
    """As JSON and as lines, except for lines whose target contains a separator."""
    for opinions in SENTENCES:
        reference = {"opinions": opinions}
        rows = [[o["target"], o["category"], o["polarity"]] for o in opinions]
        lines = "\n".join(f"- {separator.join(row)}" for row in rows)

        assert correctness(json.dumps(reference), reference) == pytest.approx(1.0)
        if not any(set("|:,、\uff5c\uff1a\uff0c") & set(target) for target, *_ in rows):
            assert correctness(lines, reference) == pytest.approx(1.0)


def test_constant_opinions_earn_little() -> None:
    """The most frequent opinion, on sales, is in every fifth sentence, and always earns a tenth."""
    frequent = Counter(json.dumps(opinion) for opinions in SENTENCES for opinion in opinions)

    for answer in (*(f"[{text}]" for text, _ in frequent.most_common(5)), "[]"):
        earned = sum(correctness(answer, {"opinions": opinions}) for opinions in SENTENCES)
        assert earned / len(SENTENCES) < 0.11
