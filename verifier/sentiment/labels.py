r"""Read sentiment labels from short texts.

In: a short text. Out: the label that it is, or that it means. Labels are English or Japanese, in
full width or not, in any case, in `\text{…}` or not.
"""

import re
import unicodedata

from nova_code_verifier.verifier.rubric import Polarity

LINE_CHARACTERS_MAX = 300
"""A longer text is not a label. Only the end of a longer line is read."""
_LOOK_BACK = 100
_WRAPPINGS_MAX = 4

_WORDS = {
    Polarity.POSITIVE: "positive ポジティブ 肯定的 肯定",
    Polarity.NEGATIVE: "negative ネガティブ 否定的 否定",
    Polarity.NEUTRAL: "neutral ニュートラル 中立的 中立",
}
_POLARITY_OF = {word: polarity for polarity, words in _WORDS.items() for word in words.split()}
_ENGLISH = "|".join(Polarity)
_JAPANESE = "|".join(  # the longest words first, so that they match first
    sorted((word for word in _POLARITY_OF if not word.isascii()), key=len, reverse=True)
)
_LABEL = re.compile(rf"(?<![a-z])(?:{_ENGLISH})(?![a-z])|{_JAPANESE}")
_ALONE = re.compile(
    rf"[\s{{}}*_`\"'.!$「」『』]*({_ENGLISH}|{_JAPANESE})(?:です|だ|である)?[\s{{}}*_`\"'.!$。「」『』]*"
)
_NEGATED_BEFORE = re.compile(
    r"(?:\bnot|\bno|\bnon|\bnever|n't|\bcannot|\bneither|\bnor|\bwithout|\bhardly|\bunlikely"
    r"|\brather than|\binstead of|\bfar from|\banything but|\bopposite of)"
    r"[^\w.,:;!?]{0,3}(?:\w+[^\w.,:;!?]+){0,4}\Z"
    r"|(?<!是)[非不]\Z"
)
_NEGATED_AFTER = re.compile(
    r"\A\s*(?:な(?:もの|内容|評価|意見))?(?:であ?る?とは|とは|では|じゃ|で)?"
    r"(?:言え|いえ|限ら|あり|思え)?(?:ない|な[くか]|ません)"
    r"|\A[^\w?]{0,3}\?\W{0,3}(?:no\b(?! doubt| question)|いいえ)"  # Positive? No.
)
# Braces, and the macros that change only the type of the text in their braces. `\cancel` does more.
_WRAPPING = re.compile(
    r"(?:\\(?:text[a-z]*|math[a-z]*|[mhf]box|emph|underline|bm|boldsymbol|operatorname)\s*"
    r"|(?<![\w}\\]))\{([^{}]*)\}"
)


def label_of(text: str) -> Polarity | None:
    """Return the label if *text* is a label and nothing else, or None."""
    return _POLARITY_OF.get(plain(text[:LINE_CHARACTERS_MAX]).strip())


def boxed_label(box: str) -> Polarity | None:
    """Return the label if *box* holds a label and only its wrapping, or None."""
    if len(box) > LINE_CHARACTERS_MAX:
        return None
    match = _ALONE.fullmatch(plain(box))
    return _POLARITY_OF[match[1]] if match else None


def lone_label(text: str) -> Polarity | None:
    """Return the label that a short text means, or None if it means none or several."""
    _, meant = labels_in(text)
    return next(iter(meant)) if len(meant) == 1 else None


def labels_in(text: str) -> tuple[frozenset[Polarity], frozenset[Polarity]]:
    """Return the labels that a short text names, and those of them that it does not negate.

    "Not positive" names a label and means none: it does not follow which other label is meant.
    """
    words = plain(text)
    named = list(_LABEL.finditer(words))
    meant = [
        label
        for label in named
        if not _NEGATED_BEFORE.search(words[max(0, label.start() - _LOOK_BACK) : label.start()])
        and not _NEGATED_AFTER.match(words[label.end() :])
    ]
    return _polarities(named), _polarities(meant)


def _polarities(labels: list[re.Match[str]]) -> frozenset[Polarity]:
    return frozenset(_POLARITY_OF[label[0]] for label in labels)


def plain(text: str) -> str:
    r"""Normalize width and case, and remove wrappings like `\text{…}`. For short texts only."""
    words = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
    words = words[-LINE_CHARACTERS_MAX:]  # NFKC expands some characters into eighteen
    for _ in range(_WRAPPINGS_MAX if "{" in words else 0):
        words = _WRAPPING.sub(r"\1", words)
    return words
