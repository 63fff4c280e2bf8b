"""Which lines hold a fence."""

import pytest

from nova_code_verifier.verifier.completion.fences import Fence, fence_at, find_fences


def fences(text: str) -> list[tuple[str, str, str]]:
    """Return the prefix, the run and the info string of each fence."""
    return [(fence.prefix, fence.run, fence.info.strip()) for fence in find_fences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```", [("", "```", "")]),
        ("~~~~ py", [("", "~~~~", "py")]),
        (" \t```a", [(" \t", "```", "a")]),
        ("- 1. > ```a\n", [("- 1. > ", "```", "a")]),
        ("\ufeff```a\n\u00a0```", [("\ufeff", "```", "a"), ("\u00a0", "```", "")]),
        ("words ```a\n", [("", "```", "a")]),
        ("words: ```\n", [("", "```", "")]),
        ("words ```\n", []),
        ("words ```a b\n", []),
        ("words ~~~a\n", []),
        ("-```a\n", [("", "```", "a")]),
        ("``` ```a\n", [("", "```", "```a")]),
        ("``\n`` `", []),
    ],
)
def test_fences_begin_lines_or_stand_behind_words(
    text: str, expected: list[tuple[str, str, str]]
) -> None:
    """Behind words, only a tag may follow; without one, the words must end a sentence."""
    assert fences(text) == expected


def only(text: str) -> Fence:
    """Return the only fence of *text*."""
    (fence,) = find_fences(text)
    return fence


@pytest.mark.parametrize(
    ("closing", "closes"),
    [
        ("```", True),
        ("````", True),
        ("   ``` \u200b", True),
        ("    ```", False),
        ("``", False),
        ("~~~", False),
        ("```a", False),
        ("- ```", False),
        ("> ```", False),
        ("Done: ```", False),
    ],
)
def test_a_closing_fence_is_alone_on_its_line(closing: str, *, closes: bool) -> None:
    """It is like the opening one, at least as long, and in no other list or quotation."""
    assert any(fence.closes(only("```python")) for fence in find_fences(closing)) is closes


@pytest.mark.parametrize(
    ("line", "quotations", "indent"),
    [
        ("```", 0, ""),
        ("  ```", 0, "  "),
        ("- ```", 0, "  "),
        ("10. ```", 0, "    "),
        ("> ```", 1, ""),
        (">```", 1, ""),
        ("> > - ```", 2, "  "),
        ("\t```", 0, "\t"),
        ("\ufeff```", 0, ""),
    ],
)
def test_the_prefix_tells_what_lines_have_before_them(
    line: str, quotations: int, indent: str
) -> None:
    """Marks of quotations are counted; the marks of items are as wide as their blanks."""
    fence = only(line)

    assert (fence.quotations, fence.indent) == (quotations, indent)


def test_a_fence_may_follow_a_mark() -> None:
    """A fence is read at any position, as if a line began there."""
    fence = fence_at("<answer> ```python\nx", len("<answer>"))

    assert fence is not None
    assert (fence.start, fence.end, fence.info) == (8, 19, "python")
