"""Say in a few words why samples are not accepted, so that equal reasons can be counted.

In: a verdict and details. Out: a text without what differs from sample to sample. A candidate may
have written parts of it.
"""

import re
from collections.abc import Mapping

from nova_code_verifier.handlers.report_page.bounds import number_of, one_line
from nova_code_verifier.verifier.types import Verdict

_CHARACTERS = 120
_PLACE = re.compile(r"^(?:case|line|row|item) \d+: ")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def reason_of(verdict: str, details: Mapping[str, object]) -> str:
    """Return why a sample is not accepted; "" if it is, or if nothing is known.

    *details* also have the numbers of test cases, `tests_passed` and `tests_total`.

    An ungraded sample has its problem. A wrong answer has the share of cases that pass. Others have
    their verdict, and the error of the first case with that verdict, or else the remark.
    """
    if verdict in ("", Verdict.ACCEPTED):
        return ""
    if verdict == Verdict.UNGRADED:
        return _without_differences(_text(details, "problem")) or "no verdict"
    cause = ""
    if verdict == Verdict.WRONG_ANSWER:
        cause = _how_wrong(details)
    elif verdict != Verdict.TIME_LIMIT_EXCEEDED:
        cause = _cause(verdict, details)
    words = verdict.replace("_", " ")
    return f"{words}: {cause}" if cause else words


def _how_wrong(details: Mapping[str, object]) -> str:
    passed, total = number_of(details.get("tests_passed")), number_of(details.get("tests_total"))
    if passed is None or not total:
        return ""
    wrong = (case for case in _cases(details) if case.get("verdict") == Verdict.WRONG_ANSWER)
    if any(case.get("observed") == "" and case.get("expected") for case in wrong):
        return "no output"
    if not passed:
        return "no case passes"
    return f"{'less than half' if 2 * passed < total else 'half or more'} of the cases pass"


def _cause(verdict: str, details: Mapping[str, object]) -> str:
    for case in _cases(details):
        if case.get("verdict") == verdict:
            text = _text(case, "error") or _text(case, "detail")
            return _without_differences(text)
    text = _text(details, "remark") or _text(details, "extraction_detail")
    return _without_differences(text)


def _cases(details: Mapping[str, object]) -> list[Mapping[str, object]]:
    cases = details.get("cases")
    return [
        case for case in (cases if isinstance(cases, list) else ()) if isinstance(case, Mapping)
    ]


def _without_differences(text: str) -> str:
    """Replace quoted texts, addresses and numbers, and leave the place at the beginning out."""
    line = _PLACE.sub("", one_line(text, 2 * _CHARACTERS))
    for pattern, general in ((_QUOTED, "'…'"), (_ADDRESS, "(address)"), (_NUMBER, "N")):
        line = pattern.sub(general, line)
    return one_line(line, _CHARACTERS).removesuffix(":")  # an error without a message


def _text(values: Mapping[str, object], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""
