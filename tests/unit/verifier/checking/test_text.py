"""Tests of comparing printed text."""

import re
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.verifier.checking.checkers import output_matches
from nova_code_verifier.verifier.types import Checker, CheckerKind

TOKENS = Checker(kind=CheckerKind.TOKENS)
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
def test_tokens_match_in_any_layout(expected: str, observed: bytes) -> None:
    """Equal tokens match, however they are distributed over lines."""
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
def test_different_tokens_do_not_match(expected: str, observed: bytes) -> None:
    """A different, a missing or an extra token does not match, nor do invalid bytes."""
    assert not output_matches(TOKENS, expected, observed)


@given(st.lists(st.tuples(tokens, whitespace, whitespace)), whitespace)
def test_all_ascii_whitespace_separates_tokens(
    parts: list[tuple[str, str, str]], margin: str
) -> None:
    """Two layouts of the same tokens match."""
    expected = "".join(token + space for token, space, _ in parts)
    observed = margin + "".join(token + space for token, _, space in parts)

    assert output_matches(TOKENS, expected, observed.encode())


@given(texts, texts)
def test_texts_match_if_and_only_if_their_tokens_are_equal(expected: str, observed: str) -> None:
    """Reading at most one extra token does not change the result."""
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
def test_case_insensitive_folds_every_script(expected: str, observed: bytes) -> None:
    """`case_insensitive` folds the letters of any script, not only ASCII."""
    assert output_matches(ANY_CASE, expected, observed)


@pytest.mark.parametrize(
    ("expected", "observed"),
    [("yes", b"no"), ("yes", b"yes yes"), ("\ufffd", b"\xff"), ("a\ufffd", b"A\xc3")],
)
def test_case_insensitive_accepts_no_other_token(expected: str, observed: bytes) -> None:
    """`case_insensitive` accepts no other difference, and invalid bytes match nothing."""
    assert not output_matches(ANY_CASE, expected, observed)


def test_case_folding_creates_no_whitespace() -> None:
    """No letter folds to whitespace, so folding does not change the number of tokens."""
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
def test_numeric_applies_its_tolerance_to_fractions(expected: str, observed: bytes) -> None:
    """Where a fraction is expected, `numeric` accepts any spelling within the tolerance."""
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
def test_numeric_accepts_no_other_number(expected: str, observed: bytes) -> None:
    """`numeric` has no tolerance for ints, odd spellings, nan and infinity."""
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
def test_zero_tolerance_is_equality(expected: float, observed: float) -> None:
    """With zero tolerance, `numeric` compares floats for equality."""
    strict = Checker(kind=CheckerKind.NUMERIC, abs_tol=0.0, rel_tol=0.0)

    assert output_matches(strict, repr(expected), repr(observed).encode()) is (expected == observed)
    assert output_matches(strict, repr(expected), f"{expected:.17e}".encode())


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ("0.50", b"0.5"),
        ("0.50", b".5"),
        ("0.50", b"5e-1"),
        ("1.0", b"1"),
        ("1e3", b"1000"),
        ("-0.0", b"0"),
        ("0.3333333333333333333", b"0.3333333333333333"),
        ("1.10", b"1.1"),
        ("x = 0.1, y", b"x = 0.1, y"),
    ],
)
def test_a_fraction_is_a_number_by_default(expected: str, observed: bytes) -> None:
    """The default checker compares a token with a fraction or an exponent as a number."""
    assert output_matches(Checker(), expected, observed)


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ("3", b"3.0"),
        ("0", b"-0.0"),
        ("0", b"-0"),
        ("7", b"07"),
        ("12345678901234567", b"12345678901234568"),
        ("0.50", b"1/2"),
        ("0.50", b"0,5"),
        ("0.5", b"0.50001"),
        ("0.5%", b"0.50%"),
        ("1.2.3", b"1.2.30"),
        ("10.0.0.1", b"10.0.0.01"),
        ("2024-01-05", b"2024-1-5"),
        ("12:30.5", b"12:30.50"),
        ("1_000.5", b"1000.5"),
        ("0x1p3", b"8.0"),
        ("1e400", b"1e401"),
        ("(0.5,", b"(0.50,"),
        ("1.5", b"-1.5"),
        ("1.5", b"nan"),
        ("1.5", b"inf"),
    ],
)
def test_all_other_tokens_are_exact_by_default(expected: str, observed: bytes) -> None:
    """The default checker compares ints, and what only looks like a number, to the last digit."""
    assert not output_matches(Checker(), expected, observed)


@pytest.mark.parametrize(
    "observed",
    [b"1 2\n3\n", b"3\n1 2", b"\n3\r\n\n  1\t2 \n\n", b" 3\n1  2\n \n"],
)
def test_lines_may_come_in_any_order(observed: bytes) -> None:
    """`unordered_lines` ignores order, blank lines and the whitespace within lines."""
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
def test_different_lines_do_not_match(expected: str, observed: bytes) -> None:
    """`unordered_lines` counts every line, and does not join or split lines."""
    assert not output_matches(UNORDERED, expected, observed)


def test_long_lines_are_compared_to_their_ends() -> None:
    """A line is compared to its last token."""
    line = "1 " * 1000

    assert output_matches(UNORDERED, f"{line}2\n3", f"3\n{line}2".encode())
    assert not output_matches(UNORDERED, f"{line}2\n3", f"3\n{line}4".encode())


@given(texts, texts)
def test_unordered_lines_are_a_multiset(expected: str, observed: str) -> None:
    """Texts match if and only if they have the same multiset of lines."""

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
def test_hostile_output_is_compared_in_linear_time(kind: CheckerKind, observed: bytes) -> None:
    """Megabytes of hostile output do not match; quadratic time would exceed the test's timeout."""
    assert not output_matches(Checker(kind=kind), "0.5 7", observed)
