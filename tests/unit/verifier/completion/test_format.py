"""What a response issues of the form that was asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.verifier.completion.extraction import extract_candidate
from nova_code_verifier.verifier.completion.format import (
    format_issues_of_program,
    format_issues_of_text,
)
from nova_code_verifier.verifier.completion.parsing import parse_completion
from nova_code_verifier.verifier.pipeline import conclude, prepare
from nova_code_verifier.verifier.rubric import DEFAULT_RUBRIC, Rubric
from nova_code_verifier.verifier.types import FormatIssue, Sample

FENCED = "```python\nprint(1)\n```"
UNTAGGED = "```\n# a draft\nprint(2)\nimport os\n```"
OPINIONS = '[{"target": "x", "polarity": "positive"}]'
ALL_ASKED = Rubric(solution_marks=True, boxed=True)


def issues_of(completion: str, rubric: Rubric = DEFAULT_RUBRIC) -> tuple[FormatIssue, ...]:
    """List the format issues of a completion that holds a program."""
    candidate = extract_candidate(parse_completion(completion))
    assert candidate is not None
    return format_issues_of_program(parse_completion(completion), candidate, rubric)


@pytest.mark.parametrize(
    ("completion", "issues"),
    [
        (FENCED, ()),
        (f"Here it is:\n\n{FENCED}\n\nIt prints 1.", ()),
        (f"<think>x = 1\n\nimport os</think>\n{FENCED}", ()),
        ("```\nprint(1)\n```", (FormatIssue.NO_LANGUAGE,)),
        ("```python\nprint(1)", (FormatIssue.UNCLOSED_FENCE,)),
        ("print(1)\n```\nIt prints 1.", (FormatIssue.NO_LANGUAGE,)),
        ("- ```python\n  print(1)\n  ```", ()),
        ("Here: ```python\nprint(1)\n``` It prints 1.", ()),
        ("print(1)", (FormatIssue.NO_FENCE,)),
        ("[PYTHON]\nprint(1)\n[/PYTHON]", (FormatIssue.NO_FENCE,)),
        (f"{FENCED}\n{FENCED}", (FormatIssue.SEVERAL_BLOCKS,)),
        ("```\nprint(1)\n```\n" * 2, (FormatIssue.NO_LANGUAGE, FormatIssue.SEVERAL_BLOCKS)),
        (f"{UNTAGGED}\n```\nprint(1)\n```", (FormatIssue.NO_LANGUAGE, FormatIssue.SEVERAL_BLOCKS)),
        (f"{UNTAGGED}\n{FENCED}", (FormatIssue.SEVERAL_BLOCKS,)),
        (f"{FENCED}\n{UNTAGGED}", (FormatIssue.SEVERAL_BLOCKS,)),
        (f"{FENCED}\nIt prints\n```\n1\n```", ()),
        (f"For\n```\nnums = [2, 7], target = 9\n```\n{FENCED}", ()),
        (f"{FENCED}\nIt returns\n```\nCounter({{'a': 1}})\n```", ()),
        ("For\n```\nn = 3\n```\n```\nprint(1)\n```", (FormatIssue.NO_LANGUAGE,)),
        (f"import os\n\n{FENCED}", ()),
        (f"def f(x):\n    return x\n\n{FENCED}", (FormatIssue.CODE_OUTSIDE,)),
        (f"dp[i] = dp[i - 1] + dp[i - 2]\n\n{FENCED}", ()),
        (f"n = 3\nk = 2\n\n{FENCED}", ()),
        (f"O(n)\n\n計算量 = O(N)\n\n{FENCED}", ()),
        (f"{FENCED}\n\nx = [1, 2]\nprint(x)\n", (FormatIssue.CODE_OUTSIDE,)),
        (f"{FENCED}\n\n    for n in range(3):\n        print(n)\n", (FormatIssue.CODE_OUTSIDE,)),
        (f"{FENCED}\n\nfor the rest, see above", ()),
        (f"{FENCED}\n\nif it helps: yes", ()),
        (f"{FENCED}\n\n```text\nimport this\n```\n", ()),
        (f"Call `f(1)`.\n\n{FENCED}", ()),
        ("x = 1\nf(x)\n\n```\nprint(1)\n```", (FormatIssue.NO_LANGUAGE, FormatIssue.CODE_OUTSIDE)),
    ],
)
def test_each_format_issue_has_a_name(completion: str, issues: tuple[FormatIssue, ...]) -> None:
    """Fence, tag, number of blocks, and code outside of them each have their issue."""
    assert issues_of(completion) == issues


@pytest.mark.parametrize(
    ("completion", "issues"),
    [
        (f"<answer>\n{FENCED}\n</answer> \\boxed{{1}}", ()),
        (f"<answer>\n{FENCED}\n</answer>", (FormatIssue.NOT_BOXED,)),
        (f"{FENCED}\n\\boxed{{1}}", (FormatIssue.NO_SOLUTION_MARKS,)),
        (FENCED, (FormatIssue.NO_SOLUTION_MARKS, FormatIssue.NOT_BOXED)),
        (f"<answer></answer>{FENCED}\n\\boxed{{1}}", (FormatIssue.NO_SOLUTION_MARKS,)),
        (f"<answer>42</answer>\n{FENCED}\n\\boxed{{1}}", (FormatIssue.NO_SOLUTION_MARKS,)),
        (f"<answer>\n{FENCED}\n</answer> \\boxed{{ }}", (FormatIssue.NOT_BOXED,)),
        ("<answer>\n```python\nprint(1)  # \\boxed{1}\n```\n</answer>", (FormatIssue.NOT_BOXED,)),
        (f"<answer>\n\\boxed{{\n{FENCED}\n}}</answer>", ()),
        (f"<answer>\n{FENCED}<think>1?</think>so</answer>\\boxed{{1}}", ()),
    ],
)
def test_marks_and_boxes_are_issues_only_if_asked_for(
    completion: str, issues: tuple[FormatIssue, ...]
) -> None:
    """Missing or empty marks and boxes are issues if the rubric asks for them."""
    assert issues_of(completion, ALL_ASKED) == issues
    assert issues_of(completion) == ()


@pytest.mark.parametrize(
    ("completion", "issues"),
    [
        ("Paris", (FormatIssue.NO_SOLUTION_MARKS, FormatIssue.NOT_BOXED)),
        ("<answer>\\boxed{Paris}</answer>", ()),
        ("<answer>Paris</answer>", (FormatIssue.NOT_BOXED,)),
        ("<answer></answer>\\boxed{Paris}", (FormatIssue.NO_SOLUTION_MARKS,)),
        ("<answer>Rome</answer>\\boxed{Paris}", (FormatIssue.NO_SOLUTION_MARKS,)),
        ("<answer>Paris</answer>\\boxed{}", (FormatIssue.NOT_BOXED,)),
        ("<answer>Paris</answer>\\boxed{Rome}", (FormatIssue.NOT_BOXED,)),
        ("<answer>\\boxed{Paris}</answer> So \\boxed{it} is.", ()),
    ],
)
def test_a_text_answer_needs_no_fence(completion: str, issues: tuple[FormatIssue, ...]) -> None:
    """Only marks and boxes around the answer are issues of an answer in words."""
    assert (
        format_issues_of_text(
            parse_completion(completion).texts, ALL_ASKED, lambda text: "Paris" in text
        )
        == issues
    )


@pytest.mark.parametrize(
    ("completion", "format_"),
    [
        (f"<answer>\\boxed{{{OPINIONS}}}</answer>", 1.0),
        (f"<answer></answer>\\boxed{{}} {OPINIONS}", 0.25),
        (f"<answer>None.</answer>\\boxed{{none}} {OPINIONS}", 0.25),
        (f"<answer>{OPINIONS}</answer>", 0.5),
        (f"<answer></answer>\\boxed{{{OPINIONS}}}", 0.75),
    ],
)
def test_marks_without_opinions_cost_format(completion: str, format_: float) -> None:
    """Marks and a box that hold no opinions earn no format."""
    expected = {"opinions": [{"target": "x", "polarity": "positive"}]}

    score = conclude(prepare(Sample(completion=completion, reference=expected), rubric=ALL_ASKED))

    assert (score.correctness, score.format) == (1.0, format_)


@pytest.mark.parametrize(
    ("completion", "issues"),
    [
        ("<answer>\\boxed{\\text{positive}}</answer>", ()),
        ("<answer>positive</answer>", (FormatIssue.NOT_BOXED,)),
        ("<answer></answer>\\boxed{positive}", (FormatIssue.NO_SOLUTION_MARKS,)),
    ],
)
def test_the_label_must_be_in_the_marks_and_the_box(
    completion: str, issues: tuple[FormatIssue, ...]
) -> None:
    """Marks and a box around another text than the label are issues."""
    score = conclude(prepare(Sample(completion=completion, reference="positive"), rubric=ALL_ASKED))

    assert (score.correctness, score.format_issues) == (1.0, issues)


pieces = st.sampled_from([
    "```python\n", "```", "\n", "\n\n", "x = 1", "print(1)", "<answer>", "</answer>", "<think>",
    "</think>", " ", "prose", "\\boxed{", "}", "import os", "(", "[", "=",
])  # fmt: skip


@given(text=st.lists(pieces, max_size=40).map("".join))
def test_format_issues_of_any_text_are_listed_once(text: str) -> None:
    """Every text has a list of issues without duplicates."""
    candidate = extract_candidate(parse_completion(text))
    if candidate is not None:
        issues = format_issues_of_program(parse_completion(text), candidate, ALL_ASKED)
        assert len(set(issues)) == len(issues)


@pytest.mark.parametrize(
    "noise", ["x = 1\n\n", "a.b, c[", "\n \n", "f(", "[" * 50 + "\n\n", "if x:\n\n"]
)
@pytest.mark.timeout(20)  # without the bound it takes minutes
def test_a_megabyte_of_prose_is_parsed_up_to_the_bound(noise: str) -> None:
    """Text around a program is parsed up to the bound only."""
    issues = issues_of(FENCED + "\n\n" + noise * (2**20 // len(noise)))

    assert set(issues) <= {FormatIssue.CODE_OUTSIDE}
