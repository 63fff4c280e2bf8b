r"""Sentiment: a label, or opinions with their targets, as chABSA has them.

In: a completion and a reference. Out: what was answered, and how much of it is right. Nothing is
run. Must not know: weights, rewards.

A reference is a label (`"positive"`, `{"answer": "negative"}`, also in Japanese), or opinions:

    {"opinions": [{"target": "売上高", "category": "company#sales", "polarity": "positive"}]}

A label is looked for in the last `\boxed{…}` of the solution, then of the whole answer, then in
the last line, which earns half of the format. Where different labels stand in one place, there is
no answer: nobody picks the one that fits.

Opinions are compared by a soft F1. Each expected opinion is paired with one answered, so that all
pairs together are worth most, and a pair is worth

    likeness = 0.4 target + 0.2 category + 0.4 polarity

`target` is how many pairs of neighbouring characters two targets share (Dice); below one half they
are no pair. With n expected and m answered, correctness = 2 x (sum of likenesses) / (n + m), so
answering more than there is costs. One expected, 売上高 positive; two answered, 売上高 positive and
利益 positive: 2 x 1.0 / (1 + 2) = 0.67.
"""

import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from verifier.boxes import last_box
from verifier.errors import VerifierError
from verifier.rubric import Polarity
from verifier.sections import find_sections
from verifier.types import Miss


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What is felt about what. A category that is not told is empty."""

    target: str
    polarity: Polarity
    category: str = ""


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
_TARGET, _CATEGORY, _POLARITY = 0.4, 0.2, 0.4
_ALIKE = 0.5
_TRIED_CHARACTERS_MAX = 20_000_000
_TRIES_MAX = 2_000
_TARGET_CHARACTERS_MAX = 300
_LINE_CHARACTERS_MAX = 300
_SPARE = 10
_LOOK_BACK = 100
_WRAPPINGS_MAX = 4

_WORDS = {
    Polarity.POSITIVE: "positive ポジティブ 肯定的 肯定",
    Polarity.NEGATIVE: "negative ネガティブ 否定的 否定",
    Polarity.NEUTRAL: "neutral ニュートラル 中立的 中立",
}
_POLARITY_OF = {word: polarity for polarity, words in _WORDS.items() for word in words.split()}
_ENGLISH = "|".join(Polarity)
_JAPANESE = "|".join(  # the longest first
    sorted((word for word in _POLARITY_OF if not word.isascii()), key=len, reverse=True)
)
_LABEL = re.compile(rf"(?<![a-z])(?:{_ENGLISH})(?![a-z])|{_JAPANESE}")
_BOXED_LABEL = re.compile(
    rf"[\s{{}}*_`\"'.!$「」『』]*({_ENGLISH}|{_JAPANESE})(?:です|だ|である)?[\s{{}}*_`\"'.!$。「」『』]*"
)
_DENIED = re.compile(
    r"(?:\bnot|\bno|\bnon|\bnever|n't|\bcannot|\bneither|\bnor|\bwithout|\bhardly|\brather than"
    r"|\binstead of|\bfar from|\banything but)[^\w.,:;!?]{0,3}(?:\w+[^\w.,:;!?]+){0,4}\Z"
)
_DENIED_BEHIND = re.compile(
    r"\A\s*(?:な(?:もの|内容|評価|意見))?(?:であ?る?とは|とは|では|じゃ|で)?"
    r"(?:言え|いえ|限ら|あり|思え)?(?:ない|な[くか]|ません)"
)
_WRAPPED = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|mbox)\s*\{([^{}]*)\}")
_NOTHING = re.compile(r"\s*(?:```\w*\s*)?\[\s*\]\s*(?:```)?\s*")
_SEPARATOR = re.compile("[|:\uff1a,、]")
_BULLET = re.compile(r"\s*(?:[-*・•]|\d{1,3}[.)])\s*+(.+)")


# -- references ------------------------------------------------------------------------


def read_expected(reference: object) -> Expected | None:
    """Read a reference, if it asks for sentiment. Raises VerifierError if it cannot be used."""
    if isinstance(reference, str):
        return _polarity(reference)
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
            label = _polarity(reference[key])
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
            label = _polarity(polarity)
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
            return _boxed_label(box), ()
    for text in places:
        line = text.rstrip().rpartition("\n")[2]
        if line:
            return lone_label(line[-_LINE_CHARACTERS_MAX:]), (Miss.NOT_BOXED,)
    return None, ()


def _places(completion: str) -> list[str]:
    """Say where an answer may stand: in the solution, if there is one, then anywhere visible."""
    sections = find_sections(completion)
    solution = [] if sections.solution is None else ["".join(sections.solution)]
    return [*solution, "".join(sections.visible)]


def _boxed_label(box: str) -> Polarity | None:
    """Return the label that a box holds, and nothing else but its wrapping."""
    if len(box) > _LINE_CHARACTERS_MAX:
        return None
    found = _BOXED_LABEL.fullmatch(_plain(box))
    return _POLARITY_OF[found[1]] if found else None


def lone_label(text: str) -> Polarity | None:
    """Return the one label that a short text means; None if it means none, or several.

    A label that is denied is not meant, nor is any other then, unless it is named.
    """
    plain = _plain(text)
    meant = {
        _POLARITY_OF[label[0]]
        for label in _LABEL.finditer(plain)
        if not _DENIED.search(plain[max(0, label.start() - _LOOK_BACK) : label.start()])
        and not _DENIED_BEHIND.match(plain[label.end() :])
    }
    return meant.pop() if len(meant) == 1 else None


def _plain(text: str) -> str:
    r"""Undo full width, capitals, and wrappings like `\text{…}`. For short texts only."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
    plain = plain[-_LINE_CHARACTERS_MAX:]  # there are characters that become eighteen
    for _ in range(_WRAPPINGS_MAX):
        plain = _WRAPPED.sub(r"\1", plain)
    return plain


def _polarity(text: str) -> Polarity | None:
    return _POLARITY_OF.get(_plain(text[:_LINE_CHARACTERS_MAX]).strip())


# -- opinions --------------------------------------------------------------------------


def _mark_opinions(completion: str, expected: tuple[Opinion, ...]) -> Marked:
    answered, count, misses = _find_opinions(completion)
    if answered is None:
        return Marked(answer=None)
    return Marked(
        answer=f"{count} opinions",
        correctness=_soft_f1(expected, answered, count),
        misses=misses,
        is_said=bool(count or not expected),
    )


def _soft_f1(expected: tuple[Opinion, ...], answered: list[Opinion], count: int) -> float:
    if not expected and not count:
        return 1.0
    # Who answers far more than there is has lost already.
    given = [_normal(opinion) for opinion in answered[: 2 * len(expected) + _SPARE]]
    rows = [[_likeness(wanted, one) for one in given] for wanted in map(_normal, expected)]
    if len(rows) > len(given):
        rows = [list(column) for column in zip(*rows, strict=True)]
    return 2 * _best_pairing(rows) / (len(expected) + count)


def _best_pairing(worths: list[list[float]]) -> float:
    """Pair every row with a column of its own, so that they are worth most together.

    The Hungarian method with potentials, in rows^2 x columns steps; there are at least as many
    columns as rows. (A library for it would be bigger than all the rest of this package.)
    """
    columns = len(worths[0]) if worths else 0
    of_row, of_column = [0.0] * (len(worths) + 1), [0.0] * (columns + 1)
    row_at = [0] * (columns + 1)  # which row, from 1 on, has a column; 0 is none
    for row in range(1, len(worths) + 1):
        row_at[0], column = row, 0
        slack, came_from = [math.inf] * (columns + 1), [0] * (columns + 1)
        seen = [False] * (columns + 1)
        while row_at[column]:
            seen[column] = True
            here, step, following = row_at[column], math.inf, 0
            for one in range(1, columns + 1):
                if not seen[one]:
                    cost = -worths[here - 1][one - 1] - of_row[here] - of_column[one]
                    if cost < slack[one]:
                        slack[one], came_from[one] = cost, column
                    if slack[one] < step:
                        step, following = slack[one], one
            for one in range(columns + 1):
                if seen[one]:
                    of_row[row_at[one]] += step
                    of_column[one] -= step
                else:
                    slack[one] -= step
            column = following
        while column:
            row_at[column], column = row_at[came_from[column]], came_from[column]
    return math.fsum(
        worths[row - 1][column - 1] for column, row in enumerate(row_at) if column and row
    )


def _normal(opinion: Opinion) -> Opinion:
    target, category = _plain(opinion.target).strip(), _plain(opinion.category)
    return replace(opinion, target=target, category=category)


def _likeness(wanted: Opinion, given: Opinion) -> float:
    """Compare two opinions whose words are in normal form."""
    target = _dice(wanted.target, given.target)
    if target < _ALIKE:
        return 0.0
    # A reference without categories does not ask for them.
    same_category = wanted.category in ("", given.category)
    likeness = _TARGET * target + _CATEGORY * same_category
    return likeness + _POLARITY * (wanted.polarity is given.polarity)


def _dice(left: str, right: str) -> float:
    if left == right:
        return 1.0
    one, other = Counter(pairwise(left)), Counter(pairwise(right))
    both = (one & other).total()
    return 2 * both / (one.total() + other.total()) if both else 0.0


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
        bullet = _BULLET.fullmatch(line) if len(line) <= _LINE_CHARACTERS_MAX else None
        parts = [part.strip() for part in _SEPARATOR.split(bullet[1])] if bullet else []
        label = lone_label(parts[-1]) if len(parts) > 1 else None
        if label is not None:
            category = parts[1] if len(parts) > 2 else ""  # noqa: PLR2004  (a target and a label)
            yield Opinion(target=parts[0].strip('「」*`" '), polarity=label, category=category)
