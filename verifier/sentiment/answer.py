r"""Grade a sentiment answer: a label, or opinions with their targets (as in chABSA).

In: the texts of a completion, a reference. Out: the answer, and how much of it is right. No program
runs here.

A reference is a label (`"positive"`, `{"answer": "negative"}`, also in Japanese) or opinions, never
both:

    {"opinions": [{"target": "売上高", "category": "company#sales", "polarity": "positive"}]}

The label is read from the last `\boxed{…}` of the solution, then of the whole visible text, then
from the last line (or from a JSON object at the end, in a block or not), which earns half of the
format. If one place holds different labels, there is no answer: we never choose the one that fits.

Opinions are read as JSON, else as lines `- target | category | polarity`, which earn half of the
format; `sentiment/opinions.py` compares them. If none of them can be read, there is no answer.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from nova_code_verifier.verifier.completion.boxes import last_box
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
from nova_code_verifier.verifier.sentiment.lines import opinions_in_lines
from nova_code_verifier.verifier.sentiment.opinions import Opinion, Pair, pair_up, soft_f1
from nova_code_verifier.verifier.types import FormatIssue

Expected = Polarity | tuple[Opinion, ...]
"""The expected answer of a reference: one label, or opinions (possibly none)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentResult:
    """How much of an answer is right (`correctness`, in [0, 1]), and its format issues.

    `answer` describes the answer; if it is None there is no answer, and `reason` says why.
    `is_answered` is False for an empty list of opinions where some were expected. `count` opinions
    were given; `opinions` are those that could be read, `pairs` match them with the expected ones.
    """

    answer: str | None
    correctness: float = 0.0
    format_issues: tuple[FormatIssue, ...] = ()
    is_answered: bool = True
    reason: str = ""
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


# -- references ------------------------------------------------------------------------


def read_expected(reference: object) -> Expected | None:
    """Return the expected answer of a sentiment reference, or None. Raises VerifierError."""
    if isinstance(reference, str):
        return _label_in(reference)
    if not isinstance(reference, Mapping) or reference.get("tests") is not None:
        return None
    label = _expected_label(reference)
    if reference.get("opinions") is None:
        return label
    if label is not None:
        raise VerifierError("opinions", "found together with a label, expected one of them")
    return _expected_opinions(reference["opinions"])


def _label_in(text: str) -> Polarity | None:
    """Read a label, or a JSON string of one."""
    if text.lstrip()[:1] == '"' and len(text) <= LINE_CHARACTERS_MAX:
        with suppress(ValueError):
            text = str(json.loads(text))
    return label_of(text)


def _expected_label(reference: Mapping[str, Any]) -> Polarity | None:
    texts = {key: reference.get(key) for key in _LABEL_KEYS}
    labels = {key: _label_in(text) for key, text in texts.items() if isinstance(text, str)}
    keys = [key for key, label in labels.items() if label]
    for key in keys:
        if labels[key] is not labels[keys[0]]:
            raise VerifierError(key, f"contradicts {keys[0]}")
    return labels[keys[0]] if keys else None


def _expected_opinions(value: object) -> tuple[Opinion, ...]:
    found = read_list("opinions", value)
    if len(found) > OPINIONS_MAX:
        raise VerifierError("opinions", f"found {len(found)}, expected {OPINIONS_MAX} at most")
    opinions = []
    for index, item in enumerate(found):
        opinion = _opinion(item)
        if opinion is None:
            problem = f"expected a target and a polarity, one of {', '.join(Polarity)}"
            raise VerifierError(f"opinions[{index}]", problem)
        opinions.append(opinion)
    return tuple(opinions)


def _opinion(item: object) -> Opinion | None:
    match item:
        case {"target": str(target), "polarity": str(polarity), **rest}:
            label, category = label_of(polarity), rest.get("category")
            known = category[:_TARGET_CHARACTERS_MAX] if isinstance(category, str) else ""
            kept = target[:_TARGET_CHARACTERS_MAX]
            return Opinion(target=kept, polarity=label, category=known) if label else None
    return None


# -- answers ---------------------------------------------------------------------------


def grade_answer(texts: tuple[str, ...], expected: Expected) -> SentimentResult:
    """Find the answer in *texts* (the solution, then all visible text) and grade it."""
    if isinstance(expected, Polarity):
        return _grade_label(texts, expected)
    return _grade_opinions(texts, expected)


def _grade_label(texts: tuple[str, ...], expected: Polarity) -> SentimentResult:
    for text in texts:
        box = last_box(text)
        if box is not None:
            reason = "the last box holds something else than a label alone"
            return _label_result(boxed_label(box), expected, reason)
    for text in texts:
        end = _end_of(text)
        if end:
            line = end.rpartition("\n")[2]
            label = _label_in_json(end) or lone_label(line)
            return _label_result(label, expected, _why_no_label(line), FormatIssue.NOT_BOXED)
    return SentimentResult(answer=None, reason="it is empty, or nothing but reasoning")


def _label_result(
    label: Polarity | None, expected: Polarity, reason: str, *issues: FormatIssue
) -> SentimentResult:
    if label is None:
        return SentimentResult(answer=None, reason=reason)
    return SentimentResult(answer=label, correctness=float(label is expected), format_issues=issues)


def _end_of(text: str) -> str:
    """Return the end of a text, without the closing fence of a block that ends there."""
    end = text.rstrip()[-2 * LINE_CHARACTERS_MAX :]
    return _FENCE_AT_END.sub("", end).rstrip()[-LINE_CHARACTERS_MAX:]


def _label_in_json(end: str) -> Polarity | None:
    """Read the label of the JSON object at the end of a text, if there is one."""
    start = end.rfind("{") if end.endswith("}") else -1
    if start < 0:
        return None
    try:
        value = json.loads(end[start:])
    except (ValueError, RecursionError):
        return None
    texts = [value[key] for key in _ANSWER_KEYS if isinstance(value.get(key), str)]
    labels = {lone_label(text[:LINE_CHARACTERS_MAX]) for text in texts}
    return labels.pop() if len(labels) == 1 else None


def _why_no_label(line: str) -> str:
    named, meant = labels_in(line)
    if len(meant) > 1:
        return f"the last line means {' and '.join(sorted(meant))}"
    if named:
        return f"the last line denies {' and '.join(sorted(named))}"
    return "the last line names no label"


# -- opinions --------------------------------------------------------------------------


def _grade_opinions(texts: tuple[str, ...], expected: tuple[Opinion, ...]) -> SentimentResult:
    answered, count, issues = _find_opinions(texts, expected)
    if answered is None or (count and not answered):
        reason = "there is no list of opinions, as JSON or as lines"
        if count:
            names = ", ".join(Polarity)
            reason = f"none of {count} opinions has a target and a polarity, one of {names}"
        return SentimentResult(answer=None, reason=reason)
    pairs = pair_up(expected, answered)
    return SentimentResult(
        answer=counted_opinions(count),
        correctness=soft_f1(pairs, len(expected), count),
        format_issues=issues,
        is_answered=bool(count or not expected),
        count=count,
        opinions=tuple(answered),
        pairs=pairs,
    )


def counted_opinions(count: int) -> str:
    """Return "1 opinion", "2 opinions" and so on."""
    return f"{count} opinion{'' if count == 1 else 's'}"


def _find_opinions(
    texts: tuple[str, ...], expected: tuple[Opinion, ...]
) -> tuple[list[Opinion] | None, int, tuple[FormatIssue, ...]]:
    """Return the opinions that can be read, the number of all, and their format issues."""
    tries = _Tries()
    for text in texts:
        for source in (last_box(text), text):
            found = None if source is None else _last_json(source, tries)
            if found is not None:
                read = map(_opinion, found[:OPINIONS_MAX])
                return [opinion for opinion in read if opinion], len(found), ()
    # Whether `- a, b, positive` may have a category depends on the dataset, not on this answer.
    plain = any(opinion.category and "#" not in opinion.category for opinion in expected)
    for text in texts:
        if bullets := list(opinions_in_lines(text, plain_categories=plain)):
            return bullets[:OPINIONS_MAX], len(bullets), (FormatIssue.NOT_JSON,)
    return None, 0, ()


@dataclass(slots=True)
class _Tries:
    """How much text was parsed as JSON: this bounds the work that hostile text can cause."""

    count: int = 0
    characters: int = 0

    def are_used_up(self, characters: int) -> bool:
        self.count += 1
        self.characters += characters
        return self.count > _TRIES_MAX or self.characters > _TRIED_CHARACTERS_MAX


def _last_json(text: str, tries: _Tries) -> list[Any] | None:
    """Return the last list of opinions: a list, an object with one, or consecutive objects.

    An empty list is an answer only as `opinions` of an object, or if it is the whole text.
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
