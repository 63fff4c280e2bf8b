"""What tests expect, as their source shows it."""

import ast
from textwrap import dedent

import pytest

from nova_code_verifier.verifier.test_code.harness.expectations import read_exceptions, texts

RAISED = {
    "one of Python's": ("with pytest.raises(ValueError): f(1)", [["ValueError", ""]]),
    "one of a module's": (
        "with pytest.raises(json.JSONDecodeError): f(1)",
        [["json.JSONDecodeError", ""]],
    ),
    "a pattern": (
        "with pytest.raises(KeyError, match='bad'): f(1)",
        [["KeyError", "bad"]],
    ),
    "a text, by equality": (
        """
        def test():
            with pytest.raises(ValueError) as info:
                f(1)
            assert str(info.value) == "too small"
        """,
        [["ValueError", "too small"], ["ValueError", ""]],
    ),
    "a text, in unittest": (
        """
        class TestF(TestCase):
            def test(self):
                with self.assertRaises(ValueError) as caught:
                    f(1)
                self.assertIn("small", str(caught.exception))
        """,
        [["ValueError", "small"], ["ValueError", ""]],
    ),
    "a text, of a handler": (
        """
        def test():
            try:
                f(1)
            except OSError as error:
                assert "no file" in str(error)
        """,
        [["OSError", "no file"], ["OSError", ""]],
    ),
    "with a text more often than without": (
        """
        def test():
            with raises(KeyError): f(1)
            with raises(KeyError): f(2)
            with raises(KeyError, match="bad"): f(3)
            with raises(OSError): f(4)
        """,
        [["KeyError", "bad"], ["KeyError", ""], ["OSError", ""]],
    ),
}


@pytest.mark.parametrize(("code", "exceptions"), RAISED.values(), ids=RAISED)
def test_exceptions_are_found_with_the_text_that_they_should_have(
    code: str, exceptions: list[list[str]]
) -> None:
    """The most frequent first; one with a text is also right where no text is expected."""
    assert read_exceptions(ast.parse(dedent(code))) == exceptions


def test_equal_sets_are_one_answer() -> None:
    """However their items are ordered, and however deep they are."""
    one, other = {"key": [{8, 0}]}, {"key": [{0, 8}]}

    assert len(set(texts([one, other]))) == 1
    assert len(set(texts([frozenset("ab"), frozenset("ba")]))) == 1


def test_what_is_long_or_no_plain_data_is_no_answer() -> None:
    """No guess can be made of it."""
    assert list(texts(["x" * 20_000, object(), len])) == []
