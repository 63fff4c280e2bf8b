r"""Sentiment: a label, or opinions with their targets, as chABSA has them.

In: a completion and a reference. Out: what was answered, and how much of it is right. Nothing is
run. Must not know: weights, rewards.

A reference is a label (`"positive"`, `{"answer": "negative"}`, also in Japanese), or opinions:

    {"opinions": [{"target": "売上高", "category": "company#sales", "polarity": "positive"}]}

A label is looked for in the last `\boxed{…}` of the solution, then of the whole answer, then in
the last line, which earns half of the format. Where different labels stand in one place, there is
no answer: nobody picks the one that fits.

Opinions are looked for as JSON, else as lines `- target | category | polarity`, which earn half of
the format; `verifier.opinions` compares them.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from verifier.boxes import last_box
from verifier.errors import VerifierError
from verifier.labels import LINE_CHARACTERS_MAX, boxed_label, label_of, lone_label
from verifier.opinions import Opinion, pair_up, soft_f1
from verifier.rubric import Polarity
from verifier.sections import find_sections
from verifier.types import Miss

Expected = Polarity | tuple[Opinion, ...]
"""What a reference asks for: one label, or opinions (perhaps none)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """How much of an answer is right, in [0, 1], and what it misses of its form.

    `answer` tells what was found; None is no answer. `is_said` is False where it says that there
    is nothing to say, and there is.
    """

    answer: str | None
    correctness: float = 0.0
    misses: tuple[Miss, ...] = ()
    is_said: bool = True


_LABEL_KEYS = ("answer", "label", "polarity")
OPINIONS_MAX = 100
_TRIED_CHARACTERS_MAX = 20_000_000
_TRIES_MAX = 2_000
_TARGET_CHARACTERS_MAX = 300

_NOTHING = re.compile(r"\s*(?:```\w*\s*)?\[\s*\]\s*(?:```)?\s*")
_SEPARATOR = re.compile("[|:\uff1a,、]")
_BULLET = re.compile(r"\s*(?:[-*・•]|\d{1,3}[.)])\s*+(.+)")


# -- references ------------------------------------------------------------------------


def read_expected(reference: object) -> Expected | None:
    """Read a reference, if it asks for sentiment. Raises VerifierError if it cannot be used."""
    if isinstance(reference, str):
        return label_of(reference)
    if not isinstance(reference, Mapping):
        return None
    if reference.get("tests") is not None:
        return None
    if reference.get("opinions") is not None:
        return _expected_opinions(reference["opinions"])
    return _expected_label(reference)


def _expected_label(reference: Mapping[str, Any]) -> Expected | None:
    for key in _LABEL_KEYS:
        if isinstance(reference.get(key), str):
            label = label_of(reference[key])
            if label is not None:
                return label
    return None


def _expected_opinions(found: object) -> tuple[Opinion, ...]:
    if not isinstance(found, list) or len(found) > OPINIONS_MAX:
        raise VerifierError("opinions", f"expected a list of {OPINIONS_MAX} at most")
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


def mark(completion: str, expected: Expected) -> Marked:
    """Find the answer of a completion, and compare it with what was expected."""
    if isinstance(expected, Polarity):
        return _mark_label(completion, expected)
    return _mark_opinions(completion, expected)


def _mark_label(completion: str, expected: Polarity) -> Marked:
    answered, misses = _find_label(completion)
    if answered is None:
        return Marked(answer=None)
    return Marked(answer=answered, correctness=float(answered is expected), misses=misses)


def _find_label(completion: str) -> tuple[Polarity | None, tuple[Miss, ...]]:
    places = _places(completion)
    for text in places:
        box = last_box(text)
        if box is not None:
            return boxed_label(box), ()
    for text in places:
        line = text.rstrip().rpartition("\n")[2]
        if line:
            return lone_label(line[-LINE_CHARACTERS_MAX:]), (Miss.NOT_BOXED,)
    return None, ()


def _places(completion: str) -> list[str]:
    """Say where an answer may stand: in the solution, if there is one, then anywhere visible."""
    sections = find_sections(completion)
    solution = [] if sections.solution is None else ["".join(sections.solution)]
    return [*solution, "".join(sections.visible)]


# -- opinions --------------------------------------------------------------------------


def _mark_opinions(completion: str, expected: tuple[Opinion, ...]) -> Marked:
    answered, count, misses = _find_opinions(completion)
    if answered is None:
        return Marked(answer=None)
    return Marked(
        answer=f"{count} opinions",
        correctness=soft_f1(pair_up(expected, answered), len(expected), count),
        misses=misses,
        is_said=bool(count or not expected),
    )


def _find_opinions(completion: str) -> tuple[list[Opinion] | None, int, tuple[Miss, ...]]:
    """Find opinions: those that are understood, how many there are, and what their form misses."""
    tries = _Tries()
    for text in _places(completion):
        for place in (last_box(text), text):
            found = None if place is None else _last_json(place, tries)
            if found is not None:
                read = map(_opinion, found[:OPINIONS_MAX])
                return [opinion for opinion in read if opinion], len(found), ()
    for text in _places(completion):
        bullets = list(_bulleted(text))
        if bullets:
            return bullets[:OPINIONS_MAX], len(bullets), (Miss.NOT_JSON,)
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
    """Read `- target | category | polarity`, or `- target: polarity`, line by line."""
    for line in text.splitlines():
        bullet = _BULLET.fullmatch(line) if len(line) <= LINE_CHARACTERS_MAX else None
        parts = [part.strip() for part in _SEPARATOR.split(bullet[1])] if bullet else []
        label = lone_label(parts[-1]) if len(parts) > 1 else None
        if label is not None:
            category = parts[1] if len(parts) > 2 else ""  # noqa: PLR2004  (a target and a label)
            yield Opinion(target=parts[0].strip('「」*`" '), polarity=label, category=category)
