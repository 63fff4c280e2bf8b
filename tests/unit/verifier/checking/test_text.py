"""What counts as the same printed text."""

import math
import re
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.verifier.checking.checkers import output_matches
from nova_code_verifier.verifier.types import Checker, CheckerKind

TOKENS = Checker()
ANY_CASE = Checker(kind=CheckerKind.CASE_INSENSITIVE)
NUMERIC = Checker(kind=CheckerKind.NUMERIC)
UNORDERED = Checker(kind=CheckerKind.UNORDERED_LINES)
HUGE = 8_000_000

whitespace = st.text(" \t\n\r\x0b\x0c", min_size=1, max_size=3)
tokens = st.text(min_size=1).filter(lambda text: len(text.encode().split()) == 1)
tokens = tokens.filter(lambda text: not re.search(r"[ \t\n\r\x0b\x0c]", text))
texts = st.text("ab1. \n", max_size=8)


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ("1 2\n3\n", b"1 2\n3"),
        ("1 2\n3", b"1 2 \r\n3\r\n\r\n"),
        ("1\n2\n3", b"1 2 3"),
        ("a", b"\t\x0b\x0c a"),
        ("\u00e9\u3042", "\u00e9\u3042\n".encode()),
        ("\ud800", b"\xed\xa0\x80"),
        ("nul\0byte", b"nul\0byte"),
    ],
)
def test_layout_does_not_matter_to_tokens(expected: str, observed: bytes) -> None:
    """The same tokens match, however they are spread over lines."""
    assert output_matches(TOKENS, expected, observed)


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ("1 2 3", b"1 2"),
        ("1 2", b"1 2 3"),
        ("1 2", b"12"),
        ("1 2", b"2 1"),
        ("1", b"1.0"),
        ("1", b"01"),
        ("Yes", b"yes"),
        ("a b", "a\u00a0b".encode()),
        ("a b", "a\u3000b".encode()),
        ("a", "a\u3000".encode()),
        ("a\u3000", b"a"),
        ("\ufffd", b"\xff"),
        ("a", b"\xff\xfea\x00"),
        ("a", b"a\0"),
    ],
)
def test_other_tokens_differ(expected: str, observed: bytes) -> None:
    """Another token, a missing one and one too many are wrong; so are bytes of no text."""
    assert not output_matches(TOKENS, expected, observed)


@given(st.lists(st.tuples(tokens, whitespace, whitespace)), whitespace)
def test_tokens_ignore_all_whitespace(parts: list[tuple[str, str, str]], margin: str) -> None:
    """Two layouts of the same tokens match."""
    expected = "".join(token + space for token, space, _ in parts)
    observed = margin + "".join(token + space for token, _, space in parts)

    assert output_matches(TOKENS, expected, observed.encode())


@given(texts, texts)
def test_tokens_match_just_when_their_lists_are_equal(expected: str, observed: str) -> None:
    """Stopping at the first surplus token does not change the outcome."""
    assert output_matches(TOKENS, expected, observed.encode()) is (
        expected.split() == observed.split()
    )


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ("YES no", b"yes NO\n"),
        ("\u00c9T\u00c9", "\u00e9t\u00e9".encode()),
        ("stra\u00dfe", b"STRASSE"),
        ("\ud800A", b"\xed\xa0\x80a"),
    ],
)
def test_case_may_differ(expected: str, observed: bytes) -> None:
    """`case_insensitive` folds the letters of any script, not only ASCII."""
    assert output_matches(ANY_CASE, expected, observed)


@pytest.mark.parametrize(
    ("expected", "observed"),
    [("yes", b"no"), ("yes", b"yes yes"), ("\ufffd", b"\xff"), ("a\ufffd", b"A\xc3")],
)
def test_case_is_all_that_may_differ(expected: str, observed: bytes) -> None:
    """`case_insensitive` accepts no other token, and garbage equals nothing."""
    assert not output_matches(ANY_CASE, expected, observed)


def test_folding_makes_no_whitespace() -> None:
    """No letter folds to whitespace, so folding first does not move token borders."""
    letters = [chr(code) for code in range(sys.maxunicode + 1)]
    whole = [letter for letter in letters if len(letter.encode("utf-8", "replace").split()) == 1]

    assert all(
        len(letter.casefold().encode("utf-8", "surrogatepass").split()) == 1 for letter in whole
    )


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ("2.5", b"2.5000001"),
        ("2.0", b"2"),
        (".5", b"0.5"),
        ("5.", b"+5"),
        ("1e3", b"1000.0000001"),
        ("1E-3", b"0.001"),
        ("0.0", b"-0.0000001"),
        ("x 0.5 7", b"x 0.49999999\n7"),
        ("nan", b"-NaN"),
        ("inf", b"Infinity"),
        ("-inf", b"-INF"),
        ("1e400", b"1e400"),
        ("0.5", b"0.5" + b"0" * 100_000),
    ],
)
def test_fractions_may_be_a_little_off(expected: str, observed: bytes) -> None:
    """Where a fraction is expected, `numeric` allows its tolerance and any spelling."""
    assert output_matches(NUMERIC, expected, observed)


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ("1000000000000000", b"1000001000000000"),
        ("1000000000000000 0.5", b"1000000000000001 0.5"),
        ("2", b"2.0"),
        ("2.5", b"2.51"),
        ("2.5", b"2.5 2.5"),
        ("2.5 2.5", b"2.5"),
        ("2.5", b""),
        ("10.0", b"1_0"),
        ("10.0", b"0xa"),
        ("10.0", "\u0661\u0660".encode()),
        ("10.0", b"1e1e0"),
        ("10.0", b"ten"),
        ("1.5x", b"1.50000001x"),
        ("1.5", b"nan"),
        ("nan", b"1.5"),
        ("nan", b"inf"),
        ("inf", b"-inf"),
        ("inf", b"1.5"),
        ("1.5", b"inf"),
        ("inf", b"1e999"),
        ("1e400", b"1e500"),
        ("1e400", b"inf"),
    ],
)
def test_numbers_that_are_no_answer(expected: str, observed: bytes) -> None:
    """`numeric` has no tolerance for ints, other spellings than numbers, nan and infinity."""
    assert not output_matches(NUMERIC, expected, observed)


@pytest.mark.parametrize(
    ("checker", "matches"),
    [
        (Checker(kind=CheckerKind.NUMERIC, abs_tol=0.1, rel_tol=0.0), True),
        (Checker(kind=CheckerKind.NUMERIC, abs_tol=0.0, rel_tol=0.001), True),
        (Checker(kind=CheckerKind.NUMERIC, abs_tol=0.01, rel_tol=0.0), False),
        (Checker(kind=CheckerKind.NUMERIC, abs_tol=0.0, rel_tol=0.0001), False),
    ],
)
def test_either_tolerance_is_enough(checker: Checker, matches: bool) -> None:  # noqa: FBT001
    """A number within the absolute or the relative tolerance matches."""
    assert output_matches(checker, "100.0", b"100.05") is matches


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, finite | st.sampled_from([0.0, -0.0]))
def test_no_tolerance_is_equality(expected: float, observed: float) -> None:
    """With no tolerance, `numeric` is equality of floats."""
    strict = Checker(kind=CheckerKind.NUMERIC, abs_tol=0.0, rel_tol=0.0)

    assert output_matches(strict, repr(expected), repr(observed).encode()) is (expected == observed)
    assert output_matches(strict, repr(expected), f"{expected:.17e}".encode())


@given(finite, finite)
def test_tolerance_is_isclose(expected: float, observed: float) -> None:
    """`numeric` accepts just what `math.isclose` does."""
    loose = Checker(kind=CheckerKind.NUMERIC, abs_tol=1.0, rel_tol=0.5)

    assert output_matches(loose, repr(expected), repr(observed).encode()) is math.isclose(
        expected, observed, abs_tol=1.0, rel_tol=0.5
    )


@pytest.mark.parametrize(
    "observed",
    [b"1 2\n3\n", b"3\n1 2", b"\n3\r\n\n  1\t2 \n\n", b" 3\n1  2\n \n"],
)
def test_lines_may_come_in_any_order(observed: bytes) -> None:
    """`unordered_lines` minds neither order nor blank lines nor space within lines."""
    assert output_matches(UNORDERED, "1 2\n3\n", observed)


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ("a\na\nb", b"a\nb\nb"),
        ("a\na\nb", b"a\nb"),
        ("a\nb", b"a\na\nb"),
        ("a b", b"b a"),
        ("a b", b"a\nb"),
        ("a\nb", b"a b"),
        ("a b", b"a b c"),
        ("a\nb", b""),
        ("", b"a"),
    ],
)
def test_other_lines_differ(expected: str, observed: bytes) -> None:
    """`unordered_lines` counts every line as often as it comes, and keeps it whole."""
    assert not output_matches(UNORDERED, expected, observed)


def test_long_lines_are_compared_to_their_ends() -> None:
    """A line matches by all of its tokens, however many."""
    line = "1 " * 1000

    assert output_matches(UNORDERED, f"{line}2\n3", f"3\n{line}2".encode())
    assert not output_matches(UNORDERED, f"{line}2\n3", f"3\n{line}4".encode())


@given(texts, texts)
def test_unordered_lines_are_a_multiset(expected: str, observed: str) -> None:
    """Two texts match just when their lines are the same multiset of token lists."""

    def bag(text: str) -> Counter[tuple[str, ...]]:
        return Counter(tuple(line.split()) for line in text.split("\n") if line.split())

    matched = output_matches(UNORDERED, expected, observed.encode())

    assert matched is (bag(expected) == bag(observed))


@pytest.mark.timeout(30)
@pytest.mark.parametrize("kind", sorted(set(CheckerKind) - {CheckerKind.JSON}))
@pytest.mark.parametrize(
    "observed",
    [
        b"9" * HUGE,
        b"0." + b"1" * HUGE,
        b"1" * HUGE + b"x",
        b"1." * (HUGE // 2),
        b"1e" * (HUGE // 2),
        b"a " * (HUGE // 2),
        b"\n" * HUGE,
        b" \n" * (HUGE // 2) + b"x",
        b" " * HUGE + b"x",
        b"+" * HUGE,
        "\u0390".encode() * (HUGE // 2),
    ],
    ids=lambda observed: repr(observed[:4]),
)
def test_huge_output_is_soon_judged(kind: CheckerKind, observed: bytes) -> None:
    """Millions of bytes chosen to be slow to compare are wrong, within linear time."""
    assert not output_matches(Checker(kind=kind), "0.5 7", observed)
