"""Where blocks begin and end in Markdown, and in what models write."""

import ast

import pytest

from nova_code_verifier.verifier.completion import block_search
from nova_code_verifier.verifier.completion.block_search import find_blocks
from nova_code_verifier.verifier.completion.blocks import block_text
from nova_code_verifier.verifier.completion.fences import MAX_INFO_CHARS
from nova_code_verifier.verifier.completion.programs import MAX_PARSED_CHARS
from nova_code_verifier.verifier.syntax import read_python


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


# -- repairs ---------------------------------------------------------------------------

PROGRAM = "a, b = map(int, input().split())\nprint(a + b)\n"
WITH_FENCES = '''def add(a, b):
    """Add.

```
add(1, 2)
```
or
```python
add(3, 4)
```
    """
    return a + b
'''
PARSER_WORK = 40 * MAX_PARSED_CHARS


def programs(markdown: str) -> list[str]:
    """Return the content of every block that may be Python and is not empty."""
    blocks = [block for block in find_blocks(markdown) if block.may_be_python]
    return [text for block in blocks if (text := block_text(markdown, block)).strip()]


def indented(program: str, by: str) -> str:
    """Return *program* with *by* before each line."""
    return "".join(by + line for line in program.splitlines(keepends=True))


@pytest.mark.parametrize(
    ("mark", "by"),
    [
        ("- ", "  "),
        ("* ", "  "),
        ("+ ", "  "),
        ("1. ", "   "),
        ("10) ", "    "),
        ("  - ", "    "),
        ("- 1. ", "     "),
        ("- ", "    "),
        ("- ", ""),
        ("> ", "> "),
        (">", ">"),
        ("> > ", "> > "),
        ("> - ", ">   "),
        ("- > ", "  > "),
    ],
)
@pytest.mark.parametrize("before", ["", "Like this:\n\n"], ids=["first", "later"])
def test_a_fence_may_be_in_an_item_or_a_quotation(mark: str, by: str, before: str) -> None:
    """The marks and the indentation of a list or a quotation are no part of the program."""
    closing = by if ">" in by else by[:2]
    markdown = f"{before}{mark}```python\n{indented(PROGRAM, by)}{closing}```\n\nBye."

    assert programs(markdown) == [PROGRAM]


def test_a_quotation_ends_the_block() -> None:
    """A line without its mark is not in the quotation, and the next fence opens a block."""
    quoted = indented("x = y > 1\n\nz = 2\n", "> ")

    assert programs(f"> ```python\n{quoted}\nBetter:\n```python\n{PROGRAM}```") == [
        "x = y > 1\n\nz = 2\n",
        PROGRAM,
    ]


@pytest.mark.parametrize(
    "words",
    [
        "Here is the program: ",
        "Sure! ",
        "<|im_start|>",
        "<|im_start|>assistant ",
        "[ANSWER]",
        "**Code**",
        "Python",
        "1.",
        "\ufeff",
        "\u200b",
        "\u00a0",
        "\u3000",
    ],
)
def test_a_fence_may_be_behind_words(words: str) -> None:
    """Words, tokens and characters without width may be before a fence with a tag."""
    assert programs(f"{words}```python\n{PROGRAM}{words if words.isspace() else ''}```\n") == [
        PROGRAM
    ]


@pytest.mark.parametrize(
    "mention",
    [
        "I wrap it in ```python\nas asked:\n\n",
        "I use ``` fences.\n",
        "Not ```x = 1``` but\n",
        "In C++: ```cpp\nint a;\n```\n",
        "In a shell:\n```bash\nls\n``` and then\n",
    ],
)
def test_a_mention_of_a_fence_does_not_hide_the_block(mention: str) -> None:
    """A fence in a sentence, or a block of another language, does not swallow what follows."""
    assert programs(f"{mention}```python\n{PROGRAM}```\n") == [PROGRAM]


@pytest.mark.parametrize("tag", ["python ", "", " ", "Python\t"])
@pytest.mark.parametrize(
    "program",
    [
        PROGRAM,
        "import sys\nprint(sys.argv)\n",
        "def f(x):\n    return x\n",
        "N = 5\nprint(N)\n",
        "for i in range(3):\n    print(i)\n",
        "print(1)\n",
    ],
)
def test_code_on_the_line_of_the_fence_is_part_of_the_block(tag: str, program: str) -> None:
    """The program may begin on the line of its opening fence."""
    assert programs(f"```{tag}{program}```\nDone.") == [program]


@pytest.mark.parametrize(
    "attributes",
    ['title="a.py"', "linenos=true", "{1,3-5}", "{linenos=table}", "main.py", "3", "startline=5"],
)
def test_attributes_behind_a_tag_are_not_code(attributes: str) -> None:
    """What renderers of Markdown read behind a tag is not part of the program."""
    assert programs(f"```python {attributes}\n{PROGRAM}```\n") == [PROGRAM]


@pytest.mark.parametrize(
    "closing",
    ["``` This works.", "```This works.", "```**Why**", "```<|im_end|>\n<|im_start|>user\nHi"],
)
@pytest.mark.parametrize("after", ["", "\n\nOutput:\n\n```text\n3\n```\n"])
def test_text_behind_a_closing_fence_does_not_keep_the_block_open(closing: str, after: str) -> None:
    """If a program is complete, a fence with text behind it closes its block."""
    assert programs(f"```python\n{PROGRAM}{closing}{after}") == [PROGRAM]


@pytest.mark.parametrize("after", ["\nIt works.\n", "\nIt prints:\n```\n3\n```\n"])
def test_a_closing_fence_may_be_at_the_end_of_a_line_of_code(after: str) -> None:
    """A program that is complete before a fence at the end of a line ends there."""
    markdown = f"```python\n{PROGRAM.rstrip()}```{after}"

    assert programs(markdown)[0] == PROGRAM.rstrip()


def test_a_fence_in_a_docstring_does_not_close() -> None:
    """A block that would not parse ends at a later fence, up to which it does."""
    assert programs(f"```python\n{WITH_FENCES}```\nDone.\n```python\n{PROGRAM}```\n") == [
        WITH_FENCES,
        PROGRAM,
    ]


def test_a_fence_in_a_docstring_does_not_close_a_block_that_never_ends() -> None:
    """A response that ends without a closing fence keeps what is behind its docstring."""
    (block,) = find_blocks(f"```python\n{WITH_FENCES}")

    assert (block.start, block.end) == (10, 10 + len(WITH_FENCES))
    assert not block.complete


def test_a_fence_in_a_comment_does_not_close() -> None:
    """Behind a comment sign there may be a fence, at the end of the line or not."""
    program = 'x = 1  # see ```\ny = """  # as in ```python\n"""\nprint(x, y)\n'

    assert programs(f"```python\n{program}```\n") == [program]


@pytest.mark.parametrize("draft", ["x = 1\n", "x = (1\n", ""], ids=["whole", "broken", "empty"])
def test_the_opening_fence_of_the_next_block_closes_a_block(draft: str) -> None:
    """A block that was not closed does not swallow the next one."""
    markdown = f"```python\n{draft}```python\n{PROGRAM}```\n"

    assert programs(markdown) == ([draft, PROGRAM] if draft else [PROGRAM])


@pytest.mark.parametrize("tag", ["markdown", "md"])
@pytest.mark.parametrize("fence", ["````", "~~~", "```"])
def test_a_block_of_markdown_holds_blocks(tag: str, fence: str) -> None:
    """An answer that is wrapped in a block of Markdown is found."""
    assert programs(f"{fence}{tag}\nHere:\n```python\n{PROGRAM}```\n{fence}\n") == [PROGRAM]


@pytest.mark.parametrize("program", [PROGRAM, WITH_FENCES], ids=["plain", "with-fences"])
@pytest.mark.parametrize(
    "after",
    [
        "```",
        "```\n\nThis reads two numbers.",
        "``` This reads two numbers.",
        "``` works.",
        "````\nDone.",
        "~~~\nDone.",
        "```\n\nOutput:\n\n```text\n3\n```\n",
        "```\n\nOutput:\n\n```\n3\n```\n",
    ],
)
def test_a_program_before_the_first_fence_was_opened_by_the_prompt(
    program: str, after: str
) -> None:
    """A completion may begin inside of a block."""
    blocks = list(find_blocks(program + after))

    assert blocks[0].is_prefilled
    assert block_text(program + after, blocks[0]) == program


def test_the_tag_may_follow_a_fence_of_the_prompt() -> None:
    """If the prompt ends with a fence, the completion begins with its tag."""
    assert programs(f"python\n{PROGRAM}```\nDone.") == [PROGRAM]


def test_blocks_after_a_prefilled_one_are_found() -> None:
    """The fences after the first one open and close blocks as usual."""
    assert programs(f"{PROGRAM}```\nBetter:\n```python\nx = 1\n```\n") == [PROGRAM, "x = 1\n"]


@pytest.mark.parametrize(
    "before", ["Here it is:\n\n", "Answer\n", "import math\n", "x = 1 is the first line.\n"]
)
def test_a_block_without_a_tag_is_not_taken_for_prose(before: str) -> None:
    """Text before a pair of fences around a program does not begin a block."""
    assert programs(f"{before}```\n{PROGRAM}```\n") == [PROGRAM]


@pytest.mark.parametrize(
    "program",
    [
        WITH_FENCES,
        "x = 1  # see ```\nprint(x)\n",
        "x = 1  # as in ```x = 1```\nprint(x)\n",
        "x = 1  # begin with: ```python\nprint(x)\n",
    ],
)
def test_a_program_without_fences_around_it_has_no_blocks(program: str) -> None:
    """What looks like a fence in a string or a comment of a bare program is none."""
    assert programs(program) == []


@pytest.mark.parametrize("code", ["```print(1)```", "```python print(1)```", "````print(1)````"])
def test_a_program_on_one_line_is_a_block(code: str) -> None:
    """A program between fences on one line is found if there is no other block."""
    assert programs(f"The answer is {code}.") == ["print(1)"]


def test_other_words_on_one_line_are_not_a_block() -> None:
    """Words between fences on one line are not a program."""
    assert programs("Use ```python``` or ```the answer```.") == []


@pytest.mark.parametrize(
    "unit",
    [
        "```python\n'''\n```\n",
        "```python\nx\n```python\n",
        "```python\nx```\n",
        "```python x = 1\n",
        "> ```python\n> x\n\n",
        "- ```python\n",
        "x = 1\n```\n",
        "```x = 1```\n",
    ],
)
def test_the_work_of_the_parser_is_bounded(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many blocks need repairs, a bounded number of characters is parsed."""
    parsed: list[int] = []

    def read(text: str) -> ast.Module | None:
        parsed.append(len(text))
        return read_python(text)

    monkeypatch.setattr(block_search, "read_python", read)
    list(find_blocks(unit * 2000))

    assert sum(parsed) <= PARSER_WORK
