"""Read opinions from lines: `- target | category | polarity`, or `- target (a#b): polarity`.

In: a text. Out: an opinion for each line of a list that ends with a polarity. A target may contain
what also separates the parts of a line, so a line is read from its end.
"""

import re
from collections.abc import Iterator

from nova_code_verifier.verifier.sentiment.labels import LINE_CHARACTERS_MAX, lone_label
from nova_code_verifier.verifier.sentiment.opinions import Opinion

_PIPES = "|\uff5c"
_SEPARATORS = f"{_PIPES}:,、\uff1a\uff0c\uff64"
_OPENING = {")": "(", "\uff09": "\uff08", "」": "「", "』": "『", "】": "【", "]": "["}
_OPENING |= {mark: mark for mark in '`"'}
_QUOTES = '`" '
_BOLD = "**"
_BULLET = re.compile(r"\s*(?:[-*・•]|\d{1,3}[.)])\s*+(.+)")
_WITH_CATEGORY = re.compile(
    r"(.+?)[(\uff08]([^()\uff08\uff09#]+#[^()\uff08\uff09#]+)[)\uff09]"
    rf"|(.+?)[{_SEPARATORS}]\s*([^{_SEPARATORS}\s#]+#[^{_SEPARATORS}#]+)"
)


def opinions_in_lines(text: str, *, plain_categories: bool) -> Iterator[Opinion]:
    """Yield the opinion of each line that has one.

    Without *plain_categories*, a category contains a `#`, or stands between pipes; what else is
    between separators belongs to the target.
    """
    for written in text.splitlines():
        bullet = _BULLET.fullmatch(written) if len(written) <= LINE_CHARACTERS_MAX else None
        line = bullet[1].replace(_BOLD, "") if bullet else ""
        separators = _separators(line)
        label = lone_label(line[separators[-1] + 1 :]) if separators else None
        if label is not None:
            *others, last = separators
            pipes = [index for index in others if line[index] in _PIPES]
            alike = [index for index in others if line[index] == line[last]]
            where = pipes or (alike if plain_categories else [])
            target, category = _divided(line[:last], where[-1] if where else None)
            yield Opinion(target=target, polarity=label, category=category)


def _separators(line: str) -> list[int]:
    """Return the indices of the separators in *line*. Those in brackets belong to a target."""
    everywhere = [index for index, character in enumerate(line) if character in _SEPARATORS]
    outside: list[int] = []
    opened: list[tuple[str, int]] = []  # a bracket, and how many separators are before it
    for index, character in enumerate(line):
        if character in _SEPARATORS:
            outside.append(index)
        elif opened and opened[-1][0] == _OPENING.get(character):
            del outside[opened.pop()[1] :]
        elif character in _OPENING.values():
            opened.append((character, len(outside)))
    return outside or everywhere  # as in `"target:" polarity`


def _divided(head: str, separator: int | None) -> tuple[str, str]:
    """Divide what is before a label into a target and a category, which may be empty."""
    # Other brackets, and other separators, may belong to the target.
    if match := _WITH_CATEGORY.fullmatch(head.strip()):
        return (match[1] or match[3]).strip(), (match[2] or match[4]).strip(_QUOTES)
    if separator is None:
        return head.strip(), ""
    return head[:separator].strip(), head[separator + 1 :].strip(_QUOTES)
