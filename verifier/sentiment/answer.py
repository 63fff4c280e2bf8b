r"""Sentiment: a label, or opinions with their targets, as chABSA has them.

In: a completion and a reference. Out: what was answered, and how much of it is right. Nothing is
run. Must not know: weights, rewards.

A reference is a label (`"positive"`, `{"answer": "negative"}`, also in Japanese), or opinions, and
never both:

    {"opinions": [{"target": "売上高", "category": "company#sales", "polarity": "positive"}]}

A label is looked for in the last `\boxed{…}` of the solution, then of the whole answer, then in
the last line (or in an object of JSON that stands there, in a block or not), which earns half of
the format. Where different labels stand in one place, there is no answer: nobody picks the one that
fits.

Opinions are looked for as JSON, else as lines `- target | category | polarity`, which earn half of
the format; `verifier.sentiment.opinions` compares them. Where not one of them is understood, there
is no
answer.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from nova_code_verifier.verifier.completion.boxes import last_box
from nova_code_verifier.verifier.completion.sections import find_sections
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.fields import read_list
from nova_code_verifier.verifier.rubric import Polarity
from nova_code_verifier.verifier.sentiment.labels import (
    LINE_CHARACTERS_MAX,
    boxed_label,
    label_of,
    labels_in,
    lone_label,
)
from nova_code_verifier.verifier.sentiment.opinions import Opinion, Pair, pair_up, soft_f1
from nova_code_verifier.verifier.types import FormatIssue

Expected = Polarity | tuple[Opinion, ...]
"""What a reference asks for: one label, or opinions (perhaps none)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentResult:
    """How much of an answer is right, in [0, 1], and what it misses of its form.

    `answer` tells what was found; None is no answer, and `why` says why. `is_answered` is False
    where
    it says that there is nothing to say, and there is. Of `count` opinions, `opinions` were
    understood, and `pairs` are how they belong to those that were expected.
    """

    answer: str | None
    correctness: float = 0.0
    misses: tuple[FormatIssue, ...] = ()
    is_answered: bool = True
    why: str = ""
    count: int = 0
    opinions: tuple[Opinion, ...] = ()
    pairs: tuple[Pair, ...] = ()


_LABEL_KEYS = ("answer", "label", "polarity")
_ANSWER_KEYS = (*_LABEL_KEYS, "sentiment")
OPINIONS_MAX = 100
_TRIED_CHARACTERS_MAX = 20_000_000
_TRIES_MAX = 2_000
_TARGET_CHARACTERS_MAX = 300

_NOTHING = re.compile(r"\s*(?:```\w*\s*)?\[\s*\]\s*(?:```)?\s*")
_FENCE_AT_END = re.compile(r"\n?[ \t]*(?:`{3,}|~{3,})[ \t]*\Z")
_SEPARATOR = re.compile("[|:,、\uff5c\uff1a\uff0c\uff64]")
_BULLET = re.compile(r"\s*(?:[-*・•]|\d{1,3}[.)])\s*+(.+)")
_WITH_CATEGORY = re.compile(r"(.+?)\s*[(\uff08]([^()\uff08\uff09#]+#[^()\uff08\uff09#]+)[)\uff09]")


# -- references ------------------------------------------------------------------------


def read_expected(reference: object) -> Expected | None:
    """Read a reference, if it asks for sentiment. Raises VerifierError if it cannot be used."""
    if isinstance(reference, str):
        return _label_in(reference)
    if not isinstance(reference, Mapping):
        return None
    if reference.get("tests") is not None:
        return None
    label = _expected_label(reference)
    if reference.get("opinions") is None:
        return label
    if label is not None:
        raise VerifierError("opinions", "found beside a label, expected one of them")
    return _expected_opinions(reference["opinions"])


def _label_in(text: str) -> Polarity | None:
    """Read a label, or JSON of one."""
    if text.lstrip()[:1] == '"' and len(text) <= LINE_CHARACTERS_MAX:
        with suppress(ValueError):
            text = str(json.loads(text))
    return label_of(text)


def _expected_label(reference: Mapping[str, Any]) -> Polarity | None:
    texts = {key: reference.get(key) for key in _LABEL_KEYS}
    labels = {
        key: label
        for key, text in texts.items()
        if isinstance(text, str) and (label := _label_in(text)) is not None
    }
    for key, label in labels.items():
        if label is not next(iter(labels.values())):
            raise VerifierError(key, f"contradicts {next(iter(labels))}")
    return next(iter(labels.values()), None)


def _expected_opinions(value: object) -> tuple[Opinion, ...]:
    found = read_list("opinions", value)
    if len(found) > OPINIONS_MAX:
        raise VerifierError("opinions", f"found {len(found)}, expected {OPINIONS_MAX} at most")
    opinions = []
    for place, item in enumerate(found):
        opinion = _opinion(item)
        if opinion is None:
            raise VerifierError(
                f"opinions[{place}]",
                f"expected a target and a polarity, one of {', '.join(Polarity)}",
            )
        opinions.append(opinion)
    return tuple(opinions)


def _opinion(item: object) -> Opinion | None:
    match item:
        case {"target": str() as target, "polarity": str() as polarity, **rest}:
            category = rest.get("category")
            label = label_of(polarity)
            if label is None:
                return None
            known = category if isinstance(category, str) else ""
            kept = target[:_TARGET_CHARACTERS_MAX]
            return Opinion(target=kept, polarity=label, category=known[:_TARGET_CHARACTERS_MAX])
    return None


# -- answers ---------------------------------------------------------------------------


def mark(completion: str, expected: Expected) -> SentimentResult:
    """Find the answer of a completion, and compare it with what was expected."""
    if isinstance(expected, Polarity):
        return _mark_label(completion, expected)
    return _mark_opinions(completion, expected)


def _mark_label(completion: str, expected: Polarity) -> SentimentResult:
    places = find_sections(completion).texts
    for text in places:
        box = last_box(text)
        if box is not None:
            label = boxed_label(box)
            why = "" if label else "the last box holds something else than a label alone"
            return _marked_label(label, expected, why)
    for text in places:
        end = _end_of(text)
        if end:
            line = end.rpartition("\n")[2]
            label = _label_in_json(end) or lone_label(line)
            why = "" if label else _why_no_label(line)
            return _marked_label(label, expected, why, FormatIssue.NOT_BOXED)
    return SentimentResult(answer=None, why="it is empty, or nothing but reasoning")


def _marked_label(
    label: Polarity | None, expected: Polarity, why: str, *misses: FormatIssue
) -> SentimentResult:
    if label is None:
        return SentimentResult(answer=None, why=why)
    return SentimentResult(answer=label, correctness=float(label is expected), misses=misses)


def _end_of(text: str) -> str:
    """Return the last of a text, without the fence of a block that ends there."""
    end = text.rstrip()[-2 * LINE_CHARACTERS_MAX :]
    return _FENCE_AT_END.sub("", end).rstrip()[-LINE_CHARACTERS_MAX:]


def _label_in_json(end: str) -> Polarity | None:
    """Read the label that an object of JSON gives, if a text ends with one."""
    start = end.rfind("{") if end.endswith("}") else -1
    if start < 0:
        return None
    try:
        said = json.loads(end[start:])
    except (ValueError, RecursionError):
        return None
    texts = [said[key] for key in _ANSWER_KEYS if isinstance(said.get(key), str)]
    labels = {lone_label(text[:LINE_CHARACTERS_MAX]) for text in texts}
    return labels.pop() if len(labels) == 1 else None


def _why_no_label(line: str) -> str:
    named, meant = labels_in(line)
    if len(meant) > 1:
        return f"the last line means {' and '.join(sorted(meant))}"
    return (
        f"the last line denies {' and '.join(sorted(named))}"
        if named
        else ("the last line names no label")
    )


# -- opinions --------------------------------------------------------------------------


def _mark_opinions(completion: str, expected: tuple[Opinion, ...]) -> SentimentResult:
    answered, count, misses = _find_opinions(completion)
    if answered is None:
        return SentimentResult(answer=None, why="there is no list of opinions, as JSON or as lines")
    if count and not answered:
        names = ", ".join(Polarity)
        return SentimentResult(
            answer=None, why=f"none of {count} opinions has a target and a polarity, one of {names}"
        )
    pairs = pair_up(expected, answered)
    return SentimentResult(
        answer=f"{count} opinions",
        correctness=soft_f1(pairs, len(expected), count),
        misses=misses,
        is_answered=bool(count or not expected),
        count=count,
        opinions=tuple(answered),
        pairs=pairs,
    )


def _find_opinions(completion: str) -> tuple[list[Opinion] | None, int, tuple[FormatIssue, ...]]:
    """Find opinions: those that are understood, how many there are, and what their form misses."""
    tries = _Tries()
    places = find_sections(completion).texts
    for text in places:
        for place in (last_box(text), text):
            found = None if place is None else _last_json(place, tries)
            if found is not None:
                read = map(_opinion, found[:OPINIONS_MAX])
                return [opinion for opinion in read if opinion], len(found), ()
    for text in places:
        bullets = list(_bulleted(text))
        if bullets:
            return bullets[:OPINIONS_MAX], len(bullets), (FormatIssue.NOT_JSON,)
    return None, 0, ()


@dataclass(slots=True)
class _Tries:
    """How much of a completion has been tried to be read as JSON: hostile text must end."""

    count: int = 0
    characters: int = 0

    def are_used_up(self, characters: int) -> bool:
        self.count += 1
        self.characters += characters
        return self.count > _TRIES_MAX or self.characters > _TRIED_CHARACTERS_MAX


def _last_json(text: str, tries: _Tries) -> list[Any] | None:
    """Return the last list of opinions: a list, an object with one, or objects in a row.

    An empty list is an answer only as `opinions` of an object, or with nothing beside it.
    """
    decoder = json.JSONDecoder()
    found: list[Any] | None = [] if _NOTHING.fullmatch(text) else None
    loose: list[Any] = []
    end = 0
    for brace in re.finditer(r"[\[{]", text):
        start = brace.start()
        if start < end:
            continue
        if tries.are_used_up(len(text) - start):
            break
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and "opinions" not in value and "polarity" in value:
            loose.append(value)
            found = loose
            continue
        listed = value.get("opinions") if isinstance(value, dict) else value or None
        if isinstance(listed, list) and all(isinstance(item, dict) for item in listed):
            found, loose = listed, []
    return found


def _bulleted(text: str) -> Iterator[Opinion]:
    """Read `- target | category | polarity`, or `- target (a#b): polarity`, line by line."""
    for line in text.splitlines():
        bullet = _BULLET.fullmatch(line) if len(line) <= LINE_CHARACTERS_MAX else None
        parts = [part.strip() for part in _SEPARATOR.split(bullet[1])] if bullet else []
        label = lone_label(parts[-1]) if len(parts) > 1 else None
        if label is not None:
            target, *between, _ = parts
            with_category = None if between else _WITH_CATEGORY.fullmatch(target)
            if with_category:  # other brackets may be the target's own
                target, *between = with_category.groups()
            category = between[0].strip() if between else ""
            yield Opinion(target=target.strip('「」*`" '), polarity=label, category=category)
