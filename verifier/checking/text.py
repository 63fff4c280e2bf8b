"""Compare what a program printed with what it should have printed.

In: the expected and the observed output, as bytes. Out: do they match.
Must stay outside: exit statuses, time, what a match is worth.

Text is compared token by token, as competitive judges do: how tokens are spread over
lines does not matter. Only ASCII whitespace parts tokens; a no-break or an ideographic
space is content. Observed output is hostile and may be huge, so every comparison is
linear and builds no more tokens than were expected, plus one.
"""

import math
import re
from collections import Counter

from nova_code_verifier.verifier.types import Checker

# Not float(): that also reads "1_0", spaces and the digits of other scripts.
_FINITE = re.compile(rb"[+-]?+(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][+-]?+\d++)?+")
_NOT_FINITE = re.compile(rb"[+-]?(?:inf(?:inity)?|nan)", re.IGNORECASE)
_INTEGER = re.compile(rb"[+-]?+\d++")
_LINE = re.compile(rb"\S[^\n]*+")  # from the first token on: blank lines have none


def same_tokens(expected: bytes, observed: bytes) -> bool:
    """Compare the tokens of two texts, one by one."""
    wanted = expected.split()
    return _tokens(observed, limit=len(wanted)) == wanted


def same_tokens_in_any_case(expected: bytes, observed: bytes) -> bool:
    """Compare tokens, taking capital and small letters of any script for the same."""
    try:
        return same_tokens(_folded(expected), _folded(observed))
    except UnicodeDecodeError:  # decoded with replacements, garbage would equal other garbage
        return False


def close_tokens(expected: bytes, observed: bytes, checker: Checker) -> bool:
    """Compare tokens, allowing the checker's tolerance where a fraction is expected."""
    wanted = expected.split()
    found = _tokens(observed, limit=len(wanted))
    return len(found) == len(wanted) and all(
        one == other or _close(one, other, checker)
        for one, other in zip(wanted, found, strict=True)
    )


def same_lines_in_any_order(expected: bytes, observed: bytes) -> bool:
    """Compare lines as a multiset, each by its tokens; blank lines do not count."""
    missing = Counter(tuple(line.split()) for line in expected.split(b"\n"))
    del missing[()]
    longest = max(map(len, missing), default=0)
    for line in _LINE.finditer(observed):
        tokens = tuple(_tokens(line.group(), limit=longest))
        if not missing[tokens]:
            return False
        missing[tokens] -= 1
    return not missing.total()


def _tokens(observed: bytes, *, limit: int) -> list[bytes]:
    """Return the first *limit* tokens; where there are more, one item for all the rest."""
    return observed.split(None, limit)


def _folded(text: bytes) -> bytes:
    return text.decode("utf-8", "surrogatepass").casefold().encode("utf-8", "surrogatepass")


def has_tolerance(expected: bytes) -> bool:
    """Tell whether a token that is expected is a number that may be missed a little."""
    # An int is never read as a float: the floats nearest to 10**16 and 10**16 + 1 are one.
    return not _INTEGER.fullmatch(expected) and read_number(expected) is not None


def read_number(token: bytes) -> float | None:
    """Read a number; None if it is none, or overflows: 1e999 is not infinity."""
    if _NOT_FINITE.fullmatch(token):
        return float(token)
    if _FINITE.fullmatch(token) and math.isfinite(number := float(token)):
        return number
    return None


def _close(expected: bytes, observed: bytes, checker: Checker) -> bool:
    if not has_tolerance(expected):
        return False
    wanted, found = read_number(expected), read_number(observed)
    if wanted is None or found is None:
        return False
    if math.isnan(wanted):
        return math.isnan(found)
    return math.isclose(wanted, found, rel_tol=checker.rel_tol, abs_tol=checker.abs_tol)
