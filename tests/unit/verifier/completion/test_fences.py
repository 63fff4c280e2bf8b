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
def test_complete_blocks(markdown: str, expected: list[str]) -> None:
    """A block is what stands between an opening fence and its closing one."""
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
def test_the_indentation_of_a_fence_is_not_code(markdown: str, expected: str) -> None:
    """A block loses the indentation that it shares with its fence, and no more."""
    assert texts(markdown) == [expected]


def test_a_fence_in_a_docstring_does_not_close() -> None:
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
    """Without a closing fence, a block takes the rest, less a fence at its very end."""
    assert incomplete_texts(markdown) == [expected]


@pytest.mark.parametrize("markdown", ["```", "```\n", "````", "``` \n", "~~~a", "```\na```"])
def test_a_block_does_not_end_before_it_starts(markdown: str) -> None:
    """Even a fence with nothing after it encloses a real, if empty, part of the text."""
    (block,) = find_blocks(markdown)

    assert block.start <= block.end <= len(markdown)


def test_a_complete_block_is_not_incomplete() -> None:
    """What is closed is not open."""
    assert incomplete_texts("```\na\n```\nb\n") == []
