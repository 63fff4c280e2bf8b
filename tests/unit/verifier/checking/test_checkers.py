"""Tests of the checkers, and of comparing JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.verifier.checking.checkers import output_matches, value_matches
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.types import Checker, CheckerKind

JSON = Checker(kind=CheckerKind.JSON)
LONG_INT = "7" * 1_000_000

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize("kind", sorted(set(CheckerKind) - {CheckerKind.JSON, CheckerKind.EXACT}))
@pytest.mark.parametrize("observed", [b"", b"\n", b" \r\n\t\n"])
def test_blank_output_matches_an_empty_expected_output(kind: CheckerKind, observed: bytes) -> None:
    """Every checker that compares tokens or lines ignores whitespace in an empty output."""
    assert output_matches(Checker(kind=kind), "", observed)


@pytest.mark.parametrize("kind", sorted(set(CheckerKind) - {CheckerKind.JSON}))
def test_output_is_wrong_where_none_is_expected(kind: CheckerKind) -> None:
    """No checker accepts output where none is expected."""
    assert not output_matches(Checker(kind=kind), "", b"x")


@pytest.mark.parametrize("kind", CheckerKind)
@pytest.mark.parametrize("expected", ["1", "1 2\n3", "2.5", "[1, 2]\n"])
def test_no_output_is_wrong_where_some_is_expected(kind: CheckerKind, expected: str) -> None:
    """No checker accepts an empty output where output is expected."""
    checker = Checker(kind=kind)
    try:
        matched = output_matches(checker, expected, b"")
    except VerifierError:
        matched = False

    assert not matched


@pytest.mark.parametrize(
    ("observed", "matches"),
    [(b"a b\n", True), (b"a b", False), (b"a b\r\n", False), (b"a  b\n", False), (b"", False)],
)
def test_exact_compares_every_byte(observed: bytes, matches: bool) -> None:  # noqa: FBT001
    """`exact` compares spaces and line breaks, too, also the last one."""
    assert output_matches(Checker(kind=CheckerKind.EXACT), "a b\n", observed) is matches


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ('{"a": 1, "b": [2, null]}', b'{"b":[2,null],"a":1}\n'),
        ("[1.0, 2]", b"[1, 2.0]"),
        ('"\\u00e9"', '"\u00e9"'.encode()),
        ("[NaN, -Infinity]", b"[NaN, -Infinity]"),
        ('"\ud800"', b'"\xed\xa0\x80"'),
        ("null", b" null "),
        ("12345678901234567890", b"12345678901234567890"),
        (LONG_INT, LONG_INT.encode()),
    ],
)
def test_equal_json_matches(expected: str, observed: bytes) -> None:
    """JSON is compared by its value, not by its layout."""
    assert output_matches(JSON, expected, observed)


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ("true", b"1"),
        ("1", b"true"),
        ("1", b'"1"'),
        ("0", b"null"),
        ("[1, 2]", b"[2, 1]"),
        ("[1]", b"[1, 1]"),
        ("[1, 1]", b"[1]"),
        ('{"a": 1}', b'{"a": 1, "b": 1}'),
        ('{"a": 1}', b'{"b": 1}'),
        ("0.3", b"0.30000000000000004"),
        ("9007199254740993", b"9007199254740992.0"),
        (LONG_INT, LONG_INT.encode()[:-1] + b"8"),
    ],
)
def test_different_json_does_not_match(expected: str, observed: bytes) -> None:
    """JSON of another type, order, length or number does not match; there is no tolerance."""
    assert not output_matches(JSON, expected, observed)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "observed",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b"\xff",
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": 1} {"a": 1}',
        b'{"a": 2, "a": 1}',
        b"[" * 4_000_000,
        b'{"a":' * 1_000_000,
        b'{"a": 1, "b": ' + b"9" * 4_000_000 + b"}",
    ],
    ids=lambda observed: observed[:16].decode("latin-1"),
)
def test_broken_or_hostile_json_does_not_match(observed: bytes) -> None:
    """Output that is not one well-formed document does not match and raises nothing."""
    assert not output_matches(JSON, '{"a": 1}', observed)


@pytest.mark.parametrize("expected", ["", "not json", '{"a": 1, "a": 2}', "[" * 100_000])
def test_broken_expected_json_is_refused(expected: str) -> None:
    """Expected output that is not JSON raises VerifierError."""
    with pytest.raises(VerifierError, match="checker: found json"):
        output_matches(JSON, expected, b"1")


@given(json_values)
def test_json_matches_itself(value: object) -> None:
    """Every document matches itself in another layout."""
    expected = json.dumps(value)
    observed = json.dumps(value, indent=3, ensure_ascii=False)

    assert output_matches(JSON, expected, observed.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    ("expected", "observed"),
    [
        ({"a": [1]}, '{"a":[1]}'),
        ('{"a": [1]}', '{"a":[1]}'),
        ('{"a": [1]}', {"a": [1]}),
        ({"a": [1]}, {"a": (1,)}),
        ("plain text", "plain text"),
        ("plain text", '"plain text"'),
    ],
)
def test_returned_json_strings_are_decoded(expected: object, observed: object) -> None:
    """A function may return a value or its JSON, and a dataset may contain either."""
    assert value_matches(JSON, expected, observed)


@pytest.mark.parametrize(
    ("expected", "observed"),
    [({"a": 1}, '{"a": 2}'), ({"a": 1}, "{"), ([1], "[" * 100_000), (True, "1"), ("b", "a")],
)
def test_different_returned_json_strings_do_not_match(expected: object, observed: object) -> None:
    """A returned string with other JSON, or with broken JSON, does not match."""
    assert not value_matches(JSON, expected, observed)


def test_json_far_longer_than_expected_does_not_match() -> None:
    """Output far beyond the expected length is wrong, and indented output is still right."""
    bomb = b"[" + b"[]," * 10**6 + b"1]"

    assert not output_matches(JSON, "[1]", bomb)
    assert output_matches(JSON, "[1]", b"[" + b"\n" * 200_000 + b"1]")


@pytest.mark.parametrize(("observed", "matches"), [(b"yes 0.5001", True), (b"no 0.5", False)])
def test_numbers_and_words_may_be_compared_in_any_case(observed: bytes, *, matches: bool) -> None:
    """The tolerance is for the numbers, and the case of words does not matter."""
    checker = Checker(abs_tol=1e-3, rel_tol=0.0, case_sensitive=False)

    assert output_matches(checker, "YES 0.5", observed) is matches
    assert not output_matches(Checker(abs_tol=1e-3, rel_tol=0.0), "YES 0.5", b"yes 0.5")


def test_long_json_in_a_string_is_not_read() -> None:
    """A right answer is not so much longer than the expected value, whatever its spaces."""
    checker = Checker(kind=CheckerKind.JSON)

    assert value_matches(checker, [1, 2], "[1," + " " * 10**5 + "2]")
    assert not value_matches(checker, [1, 2], "[1," + " " * 10**6 + "2]")
