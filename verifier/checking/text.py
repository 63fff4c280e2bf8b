"""Compare the output of a program with the expected output.

In: the expected and the observed output, as bytes. Out: whether they match.

Text is compared token by token, as contest judges do (the default output validator of Kattis, and
testlib's `wcmp`): line breaks do not matter. Only ASCII whitespace separates tokens; a no-break
space or an ideographic space is part of a token. Observed output is hostile and may be huge, so
every comparison takes linear time and creates at most one token more than were expected.
"""

import math
import re
from collections import Counter

from nova_code_verifier.verifier.checking.tolerance import is_close
from nova_code_verifier.verifier.types import Checker

# float() alone would also accept "1_0", spaces, and digits of other scripts.
_FINITE = re.compile(rb"[+-]?+(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][+-]?+\d++)?+")
_NOT_FINITE = re.compile(rb"[+-]?(?:inf(?:inity)?|nan)", re.IGNORECASE)
_INTEGER = re.compile(rb"[+-]?+\d++")
_LINE = re.compile(rb"\S[^\n]*+")  # starts at the first token, so blank lines do not match


def same_tokens(expected: bytes, observed: bytes) -> bool:
    """Return whether two texts have the same tokens in the same order."""
    expected_tokens = expected.split()
    return _tokens(observed, limit=len(expected_tokens)) == expected_tokens


def same_tokens_in_any_case(expected: bytes, observed: bytes) -> bool:
    """Return whether two texts have the same tokens after Unicode case folding."""
    try:
        return same_tokens(_folded(expected), _folded(observed))
    except UnicodeDecodeError:  # With replacement characters, invalid bytes would equal others.
        return False


def close_tokens(expected: bytes, observed: bytes, checker: Checker) -> bool:
    """Return whether two texts have the same tokens, within the tolerance of *checker*.

    The tolerance applies to tokens that `has_tolerance`; the others must be equal.
    """
    if not checker.case_sensitive:
        try:
            expected, observed = _folded(expected), _folded(observed)
        except UnicodeDecodeError:  # see `same_tokens_in_any_case`
            return False
    expected_tokens = expected.split()
    observed_tokens = _tokens(observed, limit=len(expected_tokens))
    return len(observed_tokens) == len(expected_tokens) and all(
        expected_token == observed_token or _is_close(expected_token, observed_token, checker)
        for expected_token, observed_token in zip(expected_tokens, observed_tokens, strict=True)
    )


def same_lines_in_any_order(expected: bytes, observed: bytes) -> bool:
    """Return whether two texts have the same multiset of lines. Blank lines are ignored.

    Lines are compared by their tokens.
    """
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
    """Return the first *limit* tokens, and all that follows them as one more item."""
    return observed.split(None, limit)


def _folded(text: bytes) -> bytes:
    return text.decode("utf-8", "surrogatepass").casefold().encode("utf-8", "surrogatepass")


def has_tolerance(expected: bytes) -> bool:
    """Return whether an expected token is compared as a number.

    It is if it has a fraction or an exponent (0.50, 1e-9), or spells nan or infinity. Version
    numbers, dates and addresses (1.2.3, 2024-01-31, 10.0.0.1) are no numbers, and 1e999 is too big
    for one: they must be equal.
    """
    # An int is never compared as a float: 10**16 and 10**16 + 1 have the same nearest float.
    return not _INTEGER.fullmatch(expected) and read_number(expected) is not None


def read_number(token: bytes) -> float | None:
    """Return the number that a token spells, or None.

    A number that overflows is None, too: 1e999 is not infinity.
    """
    if _NOT_FINITE.fullmatch(token):
        return float(token)
    if _FINITE.fullmatch(token) and math.isfinite(number := float(token)):
        return number
    return None


def _is_close(expected: bytes, observed: bytes, checker: Checker) -> bool:
    if not has_tolerance(expected):
        return False
    number, other = read_number(expected), read_number(observed)
    return number is not None and other is not None and is_close(number, other, checker)
