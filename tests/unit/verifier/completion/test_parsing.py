"""Which parts of a completion may hold an answer."""

import pytest

from nova_code_verifier.verifier.completion.parsing import MAX_SIGNS, parse_completion

BLOCK = "```python\nprint(1)\n```"


def visible(completion: str) -> str:
    """Return what is left of *completion* without reasoning and marks."""
    return "|".join(piece.text for piece in parse_completion(completion).visible)


def solution(completion: str) -> str | None:
    """Return what stands between the solution marks of *completion*."""
    pieces = parse_completion(completion).solution
    return None if pieces is None else "|".join(piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("<think>", "</think>"),
        ("<thinking>", "</thinking>"),
        ("<reasoning>", "</reasoning>"),
        ("<THINK>", "</Think>"),
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
        ("<|begin_internal_thought|>", "<|end_internal_thought|>"),
        ("<begin_internal_thought>", "<end_internal_thought>"),
        ("[THINK]", "[/THINK]"),
        ("\u25c1think\u25b7", "\u25c1/think\u25b7"),
        ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ],
)
def test_reasoning_is_left_out(opening: str, closing: str) -> None:
    """Text between reasoning marks of any spelling is left out."""
    assert visible(f"a{opening}b{closing}c") == "a|c"


@pytest.mark.parametrize(
    ("completion", "expected"),
    [
        pytest.param("a<think>b</think>c<think>d</think>e", "a|c|e", id="two-sections"),
        pytest.param("a</think>b", "b", id="opened-in-the-prompt"),
        pytest.param("a<think>b</think>c</think>d", "d", id="closed-twice"),
        pytest.param("a<think>b<think>c</think>d</think>e", "e", id="nested"),
        pytest.param("a<think>b", "a", id="never-closed"),
        pytest.param("a<think>b</think>c<think>d", "a|c", id="second-never-closed"),
        pytest.param("<think>a</think>", "", id="nothing-else"),
        pytest.param("<think>a<answer>b</answer></think>c", "c", id="solution-in-reasoning"),
    ],
)
def test_unpaired_reasoning_marks_extend_to_the_edges(completion: str, expected: str) -> None:
    """A missing opening mark is at the start of the text, a missing closing mark at its end."""
    assert visible(completion) == expected


@pytest.mark.parametrize("quote", ["'", '"', "`"])
def test_a_mark_in_quotes_does_not_count(quote: str) -> None:
    """A sentence or a program that names a mark does not open or close reasoning."""
    completion = f"a{quote}</think>{quote}b{quote}<think>{quote}c"

    assert visible(completion) == completion


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('s = re.sub(r"<think>.*?</think>", "", s)', id="pattern"),
        pytest.param('s = s.split("</think>\\n")[-1]', id="closing-mark-with-line-end"),
        pytest.param("# keep what follows </think>", id="comment"),
        pytest.param('s = f"<think>{s}"', id="opening-mark"),
        pytest.param('s = """\n<think>\n</think>\n"""', id="both-at-the-start-of-lines"),
        pytest.param('m = re.search(r"<answer>(.*?)</answer>", s)', id="solution"),
        pytest.param('s = """\n<answer>\n</answer>\n"""', id="solution-at-the-start-of-lines"),
    ],
)
def test_a_mark_in_a_complete_block_does_not_count(line: str) -> None:
    """Marks in a complete block are part of the program."""
    completion = f"Here:\n```python\n{line}\nprint(s)\n```\nDone."

    assert visible(completion) == completion


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("<answer>", "</answer>", id="marks-on-the-fences"),
        pytest.param("", "<|im_end|>", id="end-token-on-the-fence"),
        pytest.param("", "</s></answer>", id="end-token-and-mark-on-the-fence"),
    ],
)
def test_marks_and_tokens_on_a_fence_line_do_not_open_the_block(before: str, after: str) -> None:
    """A block stays complete with marks and end tokens on the lines of its fences."""
    block = "```python\ns = s  # <think> and </think>\n```"

    assert visible(f"{before}{block}{after}") == block


@pytest.mark.parametrize(
    "completion",
    [
        pytest.param(f"```python\ndraft\n</think>\n{BLOCK}", id="no-closing-fence"),
        pytest.param(f"```python\ndraft\n  </think>\n{BLOCK}", id="indented-mark"),
        pytest.param(f"```python\ndraft\n```</think>\n{BLOCK}", id="mark-after-closing-fence"),
        pytest.param(f"<think>\n```python\ndraft</think>\n{BLOCK}", id="fence-in-reasoning"),
        pytest.param(
            f'<think>\n```python\nsub("x</think>y")\ndraft\n```\n</think>\n{BLOCK}',
            id="mark-in-a-draft",
        ),
        pytest.param(
            f'<think>\n```python\nsub("x</think>y")\n```\nagain\n```\n</think>\n{BLOCK}',
            id="mark-in-a-draft-that-leaves-fences-odd",
        ),
        pytest.param(
            f'<think>\n```python\nsub("x</think>y")\n```</think>\n{BLOCK}',
            id="mark-in-a-draft-then-on-its-fence",
        ),
        pytest.param(
            f"```python\nf('<think>x')\n```\n```python\ndraft\n</think>\n{BLOCK}",
            id="opening-mark-in-another-block",
        ),
    ],
)
def test_no_draft_becomes_visible(completion: str) -> None:
    """Fences and marks in a draft make no part of it visible."""
    assert visible(completion).strip("|\n") == BLOCK


@pytest.mark.parametrize(
    ("completion", "expected"),
    [
        pytest.param("```python\na\n<think>\nb", "```python\na\n", id="opens-at-line-start"),
        pytest.param("```python\na</answer>", "```python\na", id="closes-at-line-end"),
        pytest.param("```python\na</answer></s>", "```python\na", id="closes-before-end-token"),
        pytest.param(
            '```python\nf("<think>x</think>y")', '```python\nf("<think>x</think>y")', id="in"
        ),
    ],
)
def test_marks_at_line_edges_of_an_incomplete_block_count(completion: str, expected: str) -> None:
    """In a block that never ends, a mark counts if it begins or ends a line."""
    assert visible(completion) == expected


@pytest.mark.parametrize(
    ("completion", "expected"),
    [
        pytest.param("a", None, id="no-marks"),
        pytest.param("a<answer>b</answer>c", "b", id="answer"),
        pytest.param("a<solution>b</solution>c", "b", id="solution"),
        pytest.param("a<|begin_of_solution|>b<|end_of_solution|>c", "b", id="tokens"),
        pytest.param("<answer>a</answer><answer>b</answer>c", "b", id="last-pair"),
        pytest.param("<answer>a</answer>b<answer>c", "c", id="last-never-closed"),
        pytest.param("a</answer>b", "a", id="opened-in-the-prompt"),
        pytest.param("<answer>a</answer>b</answer>c", "a", id="closed-twice"),
        pytest.param("<answer>a<solution>b</solution></answer>", "b", id="nested"),
        pytest.param("<answer>a<think>b</think>c</answer>d", "a|c", id="reasoning-inside"),
        pytest.param("<answer>a</think>b", None, id="opened-in-reasoning-from-the-prompt"),
        pytest.param("<answer>a</answer></think>b", None, id="all-in-reasoning-from-the-prompt"),
        pytest.param("<think>a<answer>b</think>c", None, id="opened-in-reasoning"),
        pytest.param("<answer>a</s></answer>", "a", id="end-token-inside"),
        pytest.param("<answer></answer>a", "", id="empty"),
    ],
)
def test_the_solution_is_between_the_last_marks(completion: str, expected: str | None) -> None:
    """The last pair of marks counts; a missing closing mark is at the end of the text."""
    assert solution(completion) == expected


@pytest.mark.parametrize(
    ("completion", "expected"),
    [
        pytest.param("a\n[PYTHON]\nb\n[/PYTHON]\nc", "\nb\n", id="pair"),
        pytest.param("[BEGIN]\na\n[DONE]\nb", "\na\n", id="other-pair"),
        pytest.param("[PYTHON] a\n[/PYTHON]", " a\n", id="code-on-the-line-of-the-mark"),
        pytest.param("a\n[/PYTHON]\nb", "a\n", id="opened-in-the-prompt"),
        pytest.param("a\n[DONE]\nb\n[BEGIN]\nc\n[DONE]", "a\n", id="another-task-follows"),
        pytest.param("[BEGIN]\na\n[DONE]\n[BEGIN]\nb\n[DONE]", "\nb\n", id="last-pair"),
        pytest.param("[BEGIN]\na", "\na", id="never-closed"),
        pytest.param("[done]\n", None, id="small-letters"),
        pytest.param("x = [DONE]\ny = [BEGIN]", None, id="lists"),
        pytest.param("x = (a\n[DONE])\n", None, id="subscript"),
        pytest.param("```python\nx = (a\n[PYTHON])\n```", None, id="in-a-block"),
    ],
)
def test_marks_of_a_line_count_at_its_start(completion: str, expected: str | None) -> None:
    """`[PYTHON]` and `[DONE]` are marks at the start of a line; the prompt may hold the first."""
    assert solution(completion) == expected


def test_a_byte_order_mark_is_dropped() -> None:
    """Python refuses it in a program that is a text."""
    assert visible("\ufeffprint(1)") == "print(1)"


def test_lines_may_end_with_carriage_returns() -> None:
    """If no line ends with a newline, carriage returns end the lines."""
    assert visible("```python\rx = 1\r```") == "```python\nx = 1\n```"
    assert visible("a\rb\n") == "a\rb\n"


@pytest.mark.parametrize("opening", ["- ```python\n", "> ```python\n", "Here it is: ```python\n"])
def test_marks_in_every_block_are_part_of_it(opening: str) -> None:
    """A block in a list, in a quotation or behind words keeps what looks like a mark."""
    by = "> " if opening.startswith(">") else ""
    completion = f"{opening}{by}# keep what follows </think>\n{by}```\n"

    assert visible(completion) == completion


def test_a_program_may_begin_behind_a_token_for_code() -> None:
    """Llama writes `<|python_tag|>` before a program without a fence."""
    assert solution("Here:<|python_tag|>print(1)<|eom_id|>") == "print(1)"


def test_marks_in_brackets_count_in_capitals_only() -> None:
    """A subscript of a program is no mark."""
    assert visible("a[think]b[/think]c") == "a[think]b[/think]c"


@pytest.mark.parametrize(
    "token", ["<|return|>", "<|eot_id|>", "<|im_end|>", "</s>", "<|endoftext|>"]
)
def test_end_tokens_are_dropped(token: str) -> None:
    """The end tokens of a model are dropped, and the newline before them is kept."""
    assert visible(f"a\n{token} {token}\n") == "a\n"


def test_an_end_token_inside_the_text_is_kept() -> None:
    """Only end tokens at the very end are dropped."""
    assert visible("<s>a</s> b") == "<s>a</s> b"


def test_an_end_token_on_a_closing_fence_does_not_keep_the_block_open() -> None:
    """A closing fence followed by an end token closes its block."""
    assert visible(f"{BLOCK}<|im_end|>") == BLOCK


def test_a_lookalike_letter_does_not_make_a_mark() -> None:
    """The long s case-folds to s, but does not spell a mark."""
    assert visible("a<\u017folution>b") == "a<\u017folution>b"


def test_a_text_with_too_many_marks_has_no_parts() -> None:
    """A text with more marks than the bound holds no answer."""
    assert visible("</think>" * (MAX_SIGNS + 1) + "a") == ""


def test_the_maximum_number_of_marks_is_read() -> None:
    """A text with exactly the allowed number of marks is read."""
    assert visible("</think>" * MAX_SIGNS + "a") == "a"
