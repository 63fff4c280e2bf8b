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


WITH_CATEGORIES = [
    "- {target} | {category} | {polarity}",
    "- {target}\uff5c{category}\uff5c{polarity}",
    "* {target}, {category}, {polarity}",
    "・{target}\uff0c{category}\uff0c{polarity}",
    "・{target}、{category}、{polarity}",
    "1. {target}: {category}: {polarity}",
    "2) {target}\uff1a{category}\uff1a{polarity}",
    "- {target} ({category}): {polarity}",
    "- **{target}**\uff08{category}\uff09\uff1a{polarity}",
    "- 「{target}」 | `{category}` | **{polarity}**",
]
WITHOUT_CATEGORIES = [
    "- {target} | {polarity}",
    "- {target}: {polarity}",
    "- {target}:{polarity}",
    "・{target}\uff1a{polarity}",
    "・{target}、{polarity}",
    "* {target}, {polarity}",
    "1. 「{target}」: {polarity}",
    "- **{target}:** {polarity}",
    '- "{target}": {polarity}',
    "- `{target}`: {polarity}",
]


def test_right_opinions_earn_everything_as_json() -> None:
    """A reference that is answered as it stands earns full correctness."""
    for opinions in SENTENCES:
        reference = {"opinions": opinions}

        assert correctness(json.dumps(reference), reference) == 1.0


@pytest.mark.parametrize("line", WITH_CATEGORIES + WITHOUT_CATEGORIES)
def test_right_opinions_earn_everything_as_lines(line: str) -> None:
    """Every form of a line that is read gives back exactly the opinion that was written."""
    keys = ["target", "polarity"] + ["category"] * (line in WITH_CATEGORIES)
    for opinions in SENTENCES:
        answer = "\n".join(line.format(**opinion) for opinion in opinions)
        reference = {"opinions": [{key: opinion[key] for key in keys} for opinion in opinions]}

        assert correctness(answer, reference) == 1.0


def test_constant_opinions_earn_little() -> None:
    """The most frequent opinion, on sales, is in every fifth sentence, and always earns a tenth."""
    frequent = Counter(json.dumps(opinion) for opinions in SENTENCES for opinion in opinions)

    for answer in (*(f"[{text}]" for text, _ in frequent.most_common(5)), "[]"):
        earned = sum(correctness(answer, {"opinions": opinions}) for opinions in SENTENCES)
        assert earned / len(SENTENCES) < 0.11
