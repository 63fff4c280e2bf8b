"""Read the judge's answer: a number, or the reason why there is none.

In: an answer of Bedrock's Converse, or its text. Out: a similarity in [0, 1], or a failure; never a
guess. A failure never contains the text of the answer: the text may quote the reference, which is
secret.
"""

import re
from collections.abc import Mapping

from nova_code_verifier.handlers.llm_judge.types import Extraction, Failure, JudgeFailure


def text_of(reply: Mapping[str, object]) -> str | Failure:
    """Return the text of an answer of Converse.

    Contract: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
    """
    match reply:
        case {"stopReason": "guardrail_intervened" | "content_filtered" as reason}:
            return Failure(kind=JudgeFailure.REFUSED, detail=f"stopReason {reason}")
        case {"stopReason": "model_context_window_exceeded"}:
            return Failure(kind=JudgeFailure.UNACCEPTABLE, detail="they exceed its context window")
        case {"stopReason": "max_tokens"}:
            # The last number may be incomplete, or may not be the score.
            return Failure(kind=JudgeFailure.CUT_OFF, detail="it wrote too much before its score")
        case {"output": {"message": {"content": list(blocks)}}}:
            texts = (block.get("text") for block in blocks if isinstance(block, dict))
            return "\n".join(text for text in texts if isinstance(text, str))
    return Failure(kind=JudgeFailure.UNINTELLIGIBLE, detail="it contains no message")


_TEXT_CHARACTERS_MAX = 8000  # only the end is read; longer than an answer of TOKENS_MAX tokens
_SHOWN_CHARACTERS_MAX = 12

# Every pattern below looks at each character a bounded number of times.
_NUMBER = r"(?<![\w.,])[-+]?\.?[0-9][0-9.,]*(?:[eE][-+]?[0-9]+)?(?:[ ]?%)?(?!\w)"
_LABEL = (
    r"(?:(?:final|overall|semantic|similarity|the|my)[ ]){0,4}"
    r"(?:score|similarity|rating|answer)[ ]?(?:[:=]|is\b)[ ]{0,4}"
)
_ONE = r"1(?:\.0{0,4})?(?![\w.]?[0-9])"
_OUT_OF_ONE = rf"[ ]?(?:/|out of(?: a possible)?)[ ]?{_ONE}"
# Text that shows another scale, after a number or anywhere; `out of 1` and `0 to 1` are removed
# before.
_OTHER_SCALE = rf"[ ]?(?:/|\bout of\b|\bof (?!{_ONE})(?=[0-9])|\bon a (?=[0-9]))"
_STATES_SCALE = re.compile(
    r"\bscale (?:of|from) [0-9.]{1,9}[ ]?(?:to|and|-|–)[ ]?[0-9]",  # noqa: RUF001
    re.IGNORECASE,
)
_FLAGS = re.IGNORECASE | re.ASCII  # ASCII: Japanese letters next to a number are not part of it
_LAST_LINE = re.compile(rf"(?:{_LABEL})?({_NUMBER})(?:{_OUT_OF_ONE})?", _FLAGS)
_LABELLED = re.compile(rf"\b{_LABEL}({_NUMBER})({_OTHER_SCALE})?", _FLAGS)
_ANY = re.compile(rf"({_NUMBER})({_OTHER_SCALE})?", _FLAGS)
_MARKUP = re.compile(r"\\boxed|\\text|[*_`$#\"'{}()\[\]<>\\]")
# Numbers that are not scores: the scale itself, the maximum in "0.8 out of 1", list numbering.
_NO_SCORES = re.compile(
    rf"\b0(?:\.0{{0,4}})?[ ]?(?:to|and|-|–)[ ]?1(?:\.0{{0,4}})?\b|{_OUT_OF_ONE}\b"  # noqa: RUF001
    r"|^[ ]?[0-9]{1,2}[.)](?=[ ])",
    _FLAGS | re.MULTILINE,
)
_PLAIN = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_DECLINES = re.compile(
    r"\b(?:cannot|can't|can’t|won't|won’t|unable|not able|sorry|decline|refuse|apologi[sz]e)\b",  # noqa: RUF001
    re.IGNORECASE,
)


def read_similarity(text: str, extraction: Extraction) -> float | Failure:
    """Return the similarity that the judge's *text* states.

    A number outside [0, 1] is never clamped: the judge probably used another scale.
    """
    end = text[-_TEXT_CHARACTERS_MAX:]
    lines = [" ".join(_MARKUP.sub(" ", line).split()) for line in end.splitlines()]
    lines = [line for line in lines if line]
    found = _find(lines, extraction)
    if found is None:
        return _nothing_found(" ".join(lines), extraction)
    number, scale = found[0].rstrip(".,"), found[1]
    if scale:
        return Failure(kind=JudgeFailure.OUT_OF_RANGE, detail="a number on another scale")
    if number.endswith("%"):
        return Failure(kind=JudgeFailure.OUT_OF_RANGE, detail="a percentage")
    if not _PLAIN.fullmatch(number):  # the meaning of 0,8 or 1.2.3 is not clear
        return Failure(kind=JudgeFailure.NO_NUMBER, detail="its digits do not form a number")
    value = float(number)
    if not 0 <= value <= 1:
        shown = number[:_SHOWN_CHARACTERS_MAX]
        return Failure(kind=JudgeFailure.OUT_OF_RANGE, detail=f"{shown} is not from 0 to 1")
    return abs(value)  # turns -0.0 into 0.0


def _find(lines: list[str], extraction: Extraction) -> tuple[str, str] | None:
    """Return the number that counts, and the text that shows another scale ("" if none does)."""
    last = _LAST_LINE.fullmatch(lines[-1].rstrip(". ")) if lines else None
    if last:
        return last[1], ""
    if extraction is Extraction.STRICT:
        return None
    text = _NO_SCORES.sub(" ", "\n".join(lines))
    anywhere: list[tuple[str, str]] = _LABELLED.findall(text) or _ANY.findall(text)
    if not anywhere:
        return None
    number, scale = anywhere[-1]
    return number, scale or ("of its own" if _STATES_SCALE.search(text) else "")


def _nothing_found(text: str, extraction: Extraction) -> Failure:
    if not text:
        return Failure(kind=JudgeFailure.NO_NUMBER, detail="its answer is empty")
    if _ANY.search(text) is None and _DECLINES.search(text):
        return Failure(kind=JudgeFailure.REFUSED, detail="it declined")
    where = "alone in the last line" if extraction is Extraction.STRICT else "anywhere"
    return Failure(kind=JudgeFailure.NO_NUMBER, detail=f"there is none {where}")
