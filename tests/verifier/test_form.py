"""What a response misses of the form that was asked for."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.extraction import extract_candidate
from verifier.form import misses_of_program, misses_of_text
from verifier.rubric import DEFAULT_RUBRIC, Rubric
from verifier.types import Miss

FENCED = "```python\nprint(1)\n```"
ALL_ASKED = Rubric(solution_marks=True, boxed=True)


def missed(completion: str, rubric: Rubric = DEFAULT_RUBRIC) -> tuple[Miss, ...]:
    """List the misses of a response that holds a program."""
    candidate = extract_candidate(completion)
    assert candidate is not None
    return misses_of_program(completion, candidate, rubric)


@pytest.mark.parametrize(
    ("completion", "misses"),
    [
        (FENCED, ()),
        (f"Here it is:\n\n{FENCED}\n\nIt prints 1.", ()),
        (f"<think>x = 1\n\nimport os</think>\n{FENCED}", ()),
        ("```\nprint(1)\n```", (Miss.NO_LANGUAGE,)),
        ("```python\nprint(1)", (Miss.UNCLOSED_FENCE,)),
        ("print(1)", (Miss.NO_FENCE,)),
        (f"{FENCED}\n{FENCED}", (Miss.SEVERAL_BLOCKS,)),
        (f"import os\n\n{FENCED}", ()),
        (f"def f(x):\n    return x\n\n{FENCED}", (Miss.CODE_OUTSIDE,)),
        (f"dp[i] = dp[i - 1] + dp[i - 2]\n\n{FENCED}", ()),
        (f"n = 3\nk = 2\n\n{FENCED}", ()),
        (f"O(n)\n\n計算量 = O(N)\n\n{FENCED}", ()),
        (f"{FENCED}\n\nx = [1, 2]\nprint(x)\n", (Miss.CODE_OUTSIDE,)),
        (f"{FENCED}\n\n    for n in range(3):\n        print(n)\n", (Miss.CODE_OUTSIDE,)),
        (f"{FENCED}\n\nfor the rest, see above", ()),
        (f"{FENCED}\n\nif it helps: yes", ()),
        (f"{FENCED}\n\n```text\nimport this\n```\n", ()),
        (f"Call `f(1)`.\n\n{FENCED}", ()),
        ("x = 1\nf(x)\n\n```\nprint(1)\n```", (Miss.NO_LANGUAGE, Miss.CODE_OUTSIDE)),
    ],
)
def test_each_miss_has_a_name(completion: str, misses: tuple[Miss, ...]) -> None:
    """Fence, language, number of blocks, and what would run outside of them."""
    assert missed(completion) == misses


@pytest.mark.parametrize(
    ("completion", "misses"),
    [
        (f"<answer>\n{FENCED}\n</answer> \\boxed{{1}}", ()),
        (f"<answer>\n{FENCED}\n</answer>", (Miss.NOT_BOXED,)),
        (f"{FENCED}\n\\boxed{{1}}", (Miss.NO_SOLUTION_MARKS,)),
        (FENCED, (Miss.NO_SOLUTION_MARKS, Miss.NOT_BOXED)),
    ],
)
def test_marks_and_boxes_where_they_are_asked_for(
    completion: str, misses: tuple[Miss, ...]
) -> None:
    """They are missed if the rubric wants them, and never otherwise."""
    assert missed(completion, ALL_ASKED) == misses
    assert missed(completion) == ()


def test_a_text_misses_marks_alone() -> None:
    """Nobody wants a fence around prose."""
    assert misses_of_text("Paris", ALL_ASKED) == (Miss.NO_SOLUTION_MARKS, Miss.NOT_BOXED)
    assert misses_of_text("<answer>\\boxed{Paris}</answer>", ALL_ASKED) == ()


pieces = st.sampled_from([
    "```python\n", "```", "\n", "\n\n", "x = 1", "print(1)", "<answer>", "</answer>", "<think>",
    "</think>", " ", "prose", "\\boxed{", "}", "import os", "(", "[", "=",
])  # fmt: skip


@given(text=st.lists(pieces, max_size=40).map("".join))
def test_no_text_is_too_odd(text: str) -> None:
    """Whatever a response looks like, its misses are known, each once."""
    candidate = extract_candidate(text)
    if candidate is not None:
        misses = misses_of_program(text, candidate, ALL_ASKED)
        assert len(set(misses)) == len(misses)


@pytest.mark.parametrize(
    "noise", ["x = 1\n\n", "a.b, c[", "\n \n", "f(", "[" * 50 + "\n\n", "if x:\n\n"]
)
def test_hostile_prose_is_soon_read(noise: str) -> None:
    """A megabyte around a program costs no more than the bound on what is parsed."""
    started = time.process_time()

    missed(FENCED + "\n\n" + noise * (2**20 // len(noise)))

    assert time.process_time() - started < 5
