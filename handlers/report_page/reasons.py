"""Say in a few words why samples are not accepted, so that equal reasons can be counted.

In: a verdict and details. Out: a text without what differs from sample to sample. A candidate may
have written parts of it.
"""

import re
from collections.abc import Mapping

from nova_code_verifier.handlers.report_page.bounds import one_line
from nova_code_verifier.verifier.types import Verdict

_CHARACTERS = 120
_SAID_BY_VERDICT = frozenset({Verdict.WRONG_ANSWER, Verdict.TIME_LIMIT_EXCEEDED})
_PLACE = re.compile(r"^(?:case|line|row|item) \d+: ")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def reason_of(verdict: str, details: Mapping[str, object]) -> str:
    """Return why a sample is not accepted; "" if it is, or if nothing is known.

    An ungraded sample has its problem. Others have their verdict, and the error of the first case
    with that verdict, or else the remark.
    """
    if verdict in ("", Verdict.ACCEPTED):
        return ""
    if verdict == Verdict.UNGRADED:
        return _without_differences(_text(details, "problem")) or "no verdict"
    words = verdict.replace("_", " ")
    cause = "" if verdict in _SAID_BY_VERDICT else _cause(verdict, details)
    return f"{words}: {cause}" if cause else words


def _cause(verdict: str, details: Mapping[str, object]) -> str:
    cases = details.get("cases")
    for case in cases if isinstance(cases, list) else ():
        if isinstance(case, Mapping) and case.get("verdict") == verdict:
            text = _text(case, "error") or _text(case, "detail")
            return _without_differences(text)
    text = _text(details, "remark") or _text(details, "extraction_detail")
    return _without_differences(text)


def _without_differences(text: str) -> str:
    """Replace quoted texts, addresses and numbers, and leave the place at the beginning out."""
    line = _PLACE.sub("", one_line(text, 2 * _CHARACTERS))
    for pattern, general in ((_QUOTED, "'…'"), (_ADDRESS, "(address)"), (_NUMBER, "N")):
        line = pattern.sub(general, line)
    return one_line(line, _CHARACTERS)


def _text(values: Mapping[str, object], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""
