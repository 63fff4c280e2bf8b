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
    ],
)
def test_reasoning_is_not_visible(opening: str, closing: str) -> None:
    """What stands between reasoning marks of any spelling is left out."""
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
def test_where_reasoning_begins_and_ends(completion: str, expected: str) -> None:
    """A missing opening mark stands before the text, a missing closing one after it."""
    assert visible(completion) == expected


@pytest.mark.parametrize("quote", ["'", '"', "`"])
def test_a_mark_in_quotes_is_only_mentioned(quote: str) -> None:
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
def test_a_mark_in_a_complete_block_is_part_of_it(line: str) -> None:
    """A program about marks stays whole."""
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
def test_what_sticks_to_the_fences_does_not_open_a_block(before: str, after: str) -> None:
    """A block is complete, and keeps its marks, with marks and tokens on its fences."""
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
def test_no_draft_comes_back(completion: str) -> None:
    """Neither fences nor marks in a draft make any of it visible."""
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
def test_marks_in_an_incomplete_block(completion: str, expected: str) -> None:
    """In a block that never ends, a mark counts where it begins or ends a line."""
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
def test_the_solution_is_what_the_last_marks_enclose(completion: str, expected: str | None) -> None:
    """The last pair counts; a missing mark stands at the end of the text."""
    assert solution(completion) == expected


@pytest.mark.parametrize("token", ["<|eot_id|>", "<|im_end|>", "</s>", "<|endoftext|>"])
def test_end_tokens_are_no_text(token: str) -> None:
    """What a model says when it is done is dropped, and the line end before it is kept."""
    assert visible(f"a\n{token} {token}\n") == "a\n"


def test_an_end_token_elsewhere_is_text() -> None:
    """Only the very end of a text is freed of end tokens."""
    assert visible("<s>a</s> b") == "<s>a</s> b"


def test_a_closing_fence_may_wear_an_end_token() -> None:
    """An end token that sticks to a closing fence does not keep the block open."""
    assert visible(f"{BLOCK}<|im_end|>") == BLOCK


def test_a_letter_that_only_looks_like_one_of_a_mark_is_no_mark() -> None:
    """The long s folds to an s, but no model ends its answer with it."""
    assert visible("a<\u017folution>b") == "a<\u017folution>b"


def test_noise_has_no_parts() -> None:
    """A text with absurdly many marks holds no answer, even behind the last one."""
    assert visible("</think>" * (MAX_SIGNS + 1) + "a") == ""


def test_many_marks_are_not_noise_yet() -> None:
    """The limit on marks is not reached before it is passed."""
    assert visible("</think>" * MAX_SIGNS + "a") == "a"
