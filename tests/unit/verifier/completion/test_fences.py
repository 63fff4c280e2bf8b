"""Where blocks begin and end in Markdown."""

import pytest

from nova_code_verifier.verifier.completion.fences import MAX_INFO_CHARS, block_text, find_blocks


def texts(markdown: str) -> list[str]:
    """Return what the complete blocks of *markdown* hold."""
    return [block_text(markdown, block) for block in find_blocks(markdown) if block.complete]


def incomplete_texts(markdown: str) -> list[str]:
    """Return what the incomplete blocks of *markdown* hold."""
    return [block_text(markdown, block) for block in find_blocks(markdown) if not block.complete]


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        pytest.param("```\na\n```\n", ["a\n"], id="backticks"),
        pytest.param("~~~\na\n~~~\n", ["a\n"], id="tildes"),
        pytest.param("```\na\n```", ["a\n"], id="ends-with-the-text"),
        pytest.param("```\na\n``` \t\nb", ["a\n"], id="blanks-after-closing-fence"),
        pytest.param("```\na\n`````\n", ["a\n"], id="longer-closing-fence"),
        pytest.param("````\n```\na\n```\n````\n", ["```\na\n```\n"], id="shorter-fence-inside"),
        pytest.param("~~~\n```\na\n```\n~~~\n", ["```\na\n```\n"], id="other-fence-inside"),
        pytest.param("```\na\n```b\nc\n```\n", ["a\n```b\nc\n"], id="a-tag-does-not-close"),
        pytest.param("```\r\na\r\n```\r\n", ["a\r\n"], id="crlf"),
        pytest.param("```\na\n```\n```\nb\n```\n", ["a\n", "b\n"], id="two-blocks"),
        pytest.param("```\n```\n", [""], id="empty"),
        pytest.param("``\na\n``\n", [], id="two-backticks"),
        pytest.param("say ```\na\n```\n", [], id="fence-within-a-line"),
        pytest.param("```print(1)```\n```\na\n```\n", ["a\n"], id="inline-code"),
        pytest.param('"""\na\n"""\n', [], id="triple-quotes"),
        pytest.param("```" + "a" * (MAX_INFO_CHARS + 1) + "\nb\n```\n", [], id="endless-tag"),
    ],
)
def test_a_complete_block_is_between_two_fences(markdown: str, expected: list[str]) -> None:
    """A block is the text between an opening fence and its closing fence."""
    assert texts(markdown) == expected


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        pytest.param("   ```\n   a\n     b\n   ```\n", "a\n  b\n", id="blanks"),
        pytest.param("\t```\n\ta\n\t\tb\n\t```\n", "a\n\tb\n", id="tabs"),
        pytest.param("    ```\n    a\n\n    b\n    ```\n", "a\n\nb\n", id="empty-line-inside"),
        pytest.param("  ```\n\n  a\n  ```\n", "\na\n", id="empty-line-first"),
        pytest.param("  ```\n  a\nb\n  ```\n", "a\nb\n", id="a-line-with-less"),
        pytest.param("  ```\na\n    b\n  ```\n", "a\n    b\n", id="code-at-the-margin"),
        pytest.param("```\n  a\n```\n", "  a\n", id="fence-at-the-margin"),
    ],
)
def test_the_indentation_of_the_fence_is_removed(markdown: str, expected: str) -> None:
    """A block loses the indentation that it shares with its fence, and no more."""
    assert texts(markdown) == [expected]


def test_an_indented_fence_in_a_docstring_does_not_close() -> None:
    """A fence that is indented like code inside a block belongs to the code."""
    program = 'def f():\n    """Do.\n\n    ```\n    f()\n    ```\n    """\n'

    assert texts(f"```\n{program}```\n") == [program]


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        pytest.param("```\na\nb", "a\nb", id="to-the-end"),
        pytest.param("```\na\n~~~\n", "a\n~~~\n", id="other-fence"),
        pytest.param("````\na\n```\n", "a\n```\n", id="shorter-fence"),
        pytest.param("```\na```\n", "a", id="fence-at-the-end-of-a-line"),
        pytest.param("```\na\n        ```\n", "a\n        ", id="fence-indented-too-far"),
        pytest.param("```", "", id="fence-alone"),
        pytest.param("~~~```", "", id="tag-of-backticks"),
    ],
)
def test_an_incomplete_block_ends_with_the_text(markdown: str, expected: str) -> None:
    """Without a closing fence, a block is the rest of the text, without a fence at its very end."""
    assert incomplete_texts(markdown) == [expected]


@pytest.mark.parametrize("markdown", ["```", "```\n", "````", "``` \n", "~~~a", "```\na```"])
def test_a_fence_with_nothing_after_it_has_an_empty_block(markdown: str) -> None:
    """A fence at the end of a text opens an empty block inside the text."""
    (block,) = find_blocks(markdown)

    assert block.start <= block.end <= len(markdown)


def test_a_closed_block_is_not_incomplete() -> None:
    """A block with a closing fence is complete."""
    assert incomplete_texts("```\na\n```\nb\n") == []
