"""Which program a completion offers, whatever it is wrapped in."""

import warnings
from functools import partial

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from nova_code_verifier.verifier.completion.extraction import (
    answer_text,
    complete_blocks,
    extract_candidate,
    other_language,
)
from nova_code_verifier.verifier.completion.parsing import parse_completion
from nova_code_verifier.verifier.completion.programs import MAX_PARSED_CHARS
from nova_code_verifier.verifier.types import ExtractionMethod

TAGGED = ExtractionMethod.TAGGED_FENCE
UNTAGGED = ExtractionMethod.UNTAGGED_FENCE
UNCLOSED = ExtractionMethod.UNCLOSED_FENCE
BARE = ExtractionMethod.BARE_TEXT

DRAFT = "```python\nprint('draft')\n```\n"
FINAL = "```python\nprint('final')\n```\n"
PROGRAM = "print('final')\n"

TWO_MEGABYTES = 2_000_000


def found(completion: str) -> tuple[str, ExtractionMethod] | None:
    """Return the program in *completion*, and how it was found."""
    candidate = extract_candidate(parse_completion(completion))
    return None if candidate is None else (candidate.program, candidate.method)


@pytest.mark.parametrize(
    ("completion", "method"),
    [
        pytest.param(FINAL, TAGGED, id="block-alone"),
        pytest.param(f"Sure! Here you go:\n\n{FINAL}\nIt prints.", TAGGED, id="prose-around"),
        pytest.param(f"{DRAFT}No, better:\n{FINAL}", TAGGED, id="last-of-two"),
        pytest.param(f"{FINAL}Run it:\n```bash\npython a.py\n```\n", TAGGED, id="then-bash"),
        pytest.param(f"{FINAL}Output:\n```\nfinal\n```\n", TAGGED, id="then-untagged"),
        pytest.param(f"{FINAL}Then:\n```python\n\n```\n", TAGGED, id="then-empty"),
        pytest.param(f"{FINAL}Then:\n```python\nprint(", TAGGED, id="then-cut-off"),
        pytest.param(f"~~~python\n{PROGRAM}~~~\n", TAGGED, id="tildes"),
        pytest.param(f"1. So:\n   ```python\n   {PROGRAM}   ```\n", TAGGED, id="in-a-list"),
        pytest.param(f"````python\n{PROGRAM}````\n", TAGGED, id="longer-fence"),
        pytest.param(f"```text\na\n```\n```\n{PROGRAM}```\n", UNTAGGED, id="untagged"),
        pytest.param(f"```\n1\n```\n```\n{PROGRAM}```\n", UNTAGGED, id="last-untagged"),
        pytest.param(f"Here:\n```python\n{PROGRAM}", UNCLOSED, id="unclosed"),
        pytest.param(f"Here:\n```\n{PROGRAM}", UNCLOSED, id="unclosed-untagged"),
        pytest.param(f"```json\n{{}}\n```\n```py\n{PROGRAM}", UNCLOSED, id="unclosed-after-json"),
        pytest.param(f"```python\n{PROGRAM}<|eot_id|>", UNCLOSED, id="unclosed-end-token"),
        pytest.param(f"```python\n{PROGRAM}<|end_of_solution|>", UNCLOSED, id="unclosed-mark"),
        pytest.param(f"```python\n{PROGRAM}</answer></s>", UNCLOSED, id="unclosed-mark-token"),
        pytest.param(PROGRAM, BARE, id="bare"),
        pytest.param(f" {PROGRAM}", BARE, id="bare-after-a-blank"),
        pytest.param(f"{PROGRAM}<|im_end|>", BARE, id="bare-end-token"),
        pytest.param(f"<think>\n{DRAFT}</think>{PROGRAM}", BARE, id="bare-after-reasoning"),
        pytest.param(
            f"Sure.<think>Hm.</think>{PROGRAM}", BARE, id="bare-after-prose-and-reasoning"
        ),
        pytest.param(f"Yes.<answer> {PROGRAM}</answer>", BARE, id="bare-solution"),
        pytest.param(f"<think>\n{DRAFT}</think>\n{FINAL}", TAGGED, id="reasoning"),
        pytest.param(f"{FINAL}<think>\n{DRAFT}</think>", TAGGED, id="reasoning-after"),
        pytest.param(f"{FINAL}<think>\n{DRAFT}", TAGGED, id="reasoning-never-closed"),
        pytest.param(f"Hm.\n{DRAFT}</think>\n{FINAL}", TAGGED, id="reasoning-from-the-prompt"),
        pytest.param(f"</think>{FINAL}", TAGGED, id="fence-after-mark"),
        pytest.param(f"<answer>{FINAL.strip()}</answer>", TAGGED, id="answer-on-the-fence-lines"),
        pytest.param(f"<answer>\n{FINAL}</answer>\n{DRAFT}", TAGGED, id="answer-first"),
        pytest.param(
            f"<|begin_of_thought|>{DRAFT}<|end_of_thought|>\n\n"
            f"<|begin_of_solution|>\n{FINAL}<|end_of_solution|>",
            TAGGED,
            id="nova",
        ),
        pytest.param(f"{DRAFT}<answer>\n{FINAL}", TAGGED, id="answer-never-closed"),
        pytest.param(f"{FINAL}So: <answer>42</answer>", TAGGED, id="answer-without-a-program"),
        pytest.param(f"{FINAL}<|im_end|>", TAGGED, id="end-token"),
        pytest.param(f"{FINAL.strip()}</s>", TAGGED, id="end-token-on-the-fence"),
    ],
)
def test_the_final_program_is_found_in_every_usual_wrapping(
    completion: str, method: ExtractionMethod
) -> None:
    """The last program is the candidate; drafts before it are not."""
    assert found(completion) == (PROGRAM, method)


@pytest.mark.parametrize(
    "tag",
    [
        "python",
        "Python",
        "PYTHON",
        "py",
        "python3",
        "py3",
        "python3.11",
        "python 3",
        " python ",
        'python title="a.py"',
        "python:main.py",
        "python,linenos",
        "{.python}",
        "{.python .numberLines}",
        "{python}",
        "python\r",
    ],
)
def test_every_name_of_python_tags_a_python_block(tag: str) -> None:
    """A block tagged with any of Python's names is a candidate."""
    assert found(f"```{tag}\n{PROGRAM}```\n") == (PROGRAM, TAGGED)


@pytest.mark.parametrize(
    "tag", ["bash", "json", "text", "output", "cpp", "c++", "pycon", "python-repl"]
)
@pytest.mark.parametrize("closing", ["```", ""])
def test_blocks_of_other_languages_are_not_candidates(tag: str, closing: str) -> None:
    """A block of another language is never run, closed or not."""
    assert found(f"```{tag}\n{PROGRAM}{closing}") is None


@pytest.mark.parametrize(
    "completion",
    [
        pytest.param("", id="empty"),
        pytest.param(" \n\t", id="blank"),
        pytest.param("yes", id="word"),
        pytest.param("42", id="number"),
        pytest.param("-1.5", id="negative-number"),
        pytest.param('"hello"', id="string"),
        pytest.param("yes, no", id="words"),
        pytest.param("[1, 2, 3]", id="list"),
        pytest.param("Answer: yes", id="annotation"),
        pytest.param("x is not y", id="comparison"),
        pytest.param("pass", id="pass"),
        pytest.param("# only a comment", id="comment"),
        pytest.param("I cannot help with that.", id="refusal"),
        pytest.param("print(1) prints one", id="sentence-with-code"),
        pytest.param("Use `print(1)`.", id="inline-code"),
        pytest.param("def f(:\n    pass", id="broken-code"),
        pytest.param("```python\n\n```", id="empty-block"),
        pytest.param("```python\n \t\n```", id="blank-block"),
        pytest.param("```python\n", id="empty-unclosed"),
        pytest.param("```\n```", id="empty-untagged"),
        pytest.param("<think>\nprint(1)\n", id="bare-reasoning"),
        pytest.param(f"<think>\n{DRAFT}", id="draft-in-reasoning-never-closed"),
        pytest.param(f"<think>\n{DRAFT}</think>\nDone.", id="draft-in-reasoning"),
        pytest.param(f"{DRAFT}</think>\nDone.", id="draft-in-reasoning-from-the-prompt"),
        pytest.param("<think>\n```python\nprint(1)\n</think>\nDone.", id="unclosed-draft"),
    ],
)
def test_prose_and_reasoning_are_not_candidates(completion: str) -> None:
    """Prose, empty blocks and reasoning hold no candidate."""
    assert found(completion) is None


@pytest.mark.parametrize(
    "program",
    [
        "import math",
        "from math import pi",
        "def f(): return 1",
        "async def f(): return 1",
        "class A: x: int",
        "x = 1",
        "x += 1",
        "print(1)",
        "for x in y: pass",
        "while x: pass",
        "if x: pass",
        "with x: pass",
        "try: pass\nexcept A: pass",
        "try: pass\nexcept* A: pass",
        "match x:\n    case 1: pass",
        '"""A docstring."""\nimport math',
    ],
)
def test_bare_text_with_a_statement_is_a_candidate(program: str) -> None:
    """Text without a fence is a candidate if it holds a real statement."""
    assert found(program) == (program, BARE)


@pytest.mark.parametrize(
    "line",
    [
        's = s.replace("<think>", "")',
        's = s.split("</think>")[-1]',
        's = re.sub(r"<think>.*?</think>", "", s)',
        's = re.findall(r"<answer>(.*?)</answer>", s)[-1]',
        's = s.removesuffix("<|eot_id|>")',
    ],
)
def test_marks_inside_the_block_of_the_answer_stay(line: str) -> None:
    """Marks inside the answer's own block are part of the program."""
    program = f"import re\ns = input()\n{line}\nprint(s)\n"

    assert found(f"<think>Hm.</think>\n```python\n{program}```\n") == (program, TAGGED)


@pytest.mark.parametrize(
    ("completion", "expected"),
    [
        pytest.param(FINAL, 1, id="one"),
        pytest.param(DRAFT + FINAL, 2, id="two"),
        pytest.param(f"<think>{DRAFT}</think>{FINAL}", 1, id="not-in-reasoning"),
        pytest.param(f"{DRAFT}<answer>{FINAL}</answer>{DRAFT}", 1, id="not-outside-the-solution"),
        pytest.param(f"{FINAL}<answer>42</answer>", 1, id="solution-without-a-program"),
        pytest.param(f"{FINAL}```python\n```\n```python\nx", 1, id="not-empty-nor-unclosed"),
        pytest.param(f"{FINAL}```bash\nls\n```\n", 1, id="not-of-another-tag"),
        pytest.param(f"{FINAL}```\nx\n```\n", 2, id="tagged-and-untagged"),
        pytest.param(f"```\n{PROGRAM}```\n```\n```\n", 1, id="untagged"),
        pytest.param(PROGRAM, 0, id="bare"),
        pytest.param("Sorry.", 0, id="no-program"),
    ],
)
def test_complete_blocks_of_the_answer_are_counted(completion: str, expected: int) -> None:
    """Complete, written blocks of no other language count, in the part that holds the answer."""
    assert len(complete_blocks(parse_completion(completion))) == expected


@pytest.mark.parametrize("program", ['print("\\d")', "print(1or 2)", "print(x is 1)"])
def test_parser_warnings_do_not_become_errors(program: str) -> None:
    """Code that the compiler warns about is found even if warnings are errors."""
    assert found(program) == (program, BARE)


def test_warning_filters_are_restored() -> None:
    """Parsing a program leaves the process's warning filters as they were."""
    before = list(warnings.filters)

    extract_candidate(parse_completion('print("\\d")'))

    assert list(warnings.filters) == before


@pytest.mark.parametrize(
    "unit",
    ["(", "-", "not ", "a.", "1+", "lambda:", "[{", "f(lambda x=(", "if 1:\n ", "a if b else "],
)
@pytest.mark.parametrize("length", [MAX_PARSED_CHARS, TWO_MEGABYTES])
def test_deep_nesting_is_not_a_program(unit: str, length: int) -> None:
    """Text that is nested very deeply is not a program, and raises nothing."""
    assert found((unit * length)[: length - 1] + "x") is None


def test_very_long_bare_text_is_not_parsed() -> None:
    """Bare text longer than the bound is not a candidate."""
    program = "x = 1\n" + "#" * (MAX_PARSED_CHARS - 6)

    assert found(program) == (program, BARE)
    assert found(program + "#") is None


def test_a_fenced_program_may_have_any_length() -> None:
    """The bound on bare text does not apply to a block."""
    program = "x = 1\n" * 100_000

    assert found(f"```python\n{program}```\n") == (program, TAGGED)


@pytest.mark.parametrize(
    "unit",
    [
        "`",
        "~",
        " ",
        "\n",
        "<",
        "a",
        "<think>",
        "</think>",
        "<think></think>",
        "<answer>",
        "</answer>",
        "<answer>```",
        "</s>",
        "</s> ",
        "</s>x",
        "```\n",
        "```python\n",
        "```python\nx\n```\n",
        "   ```\n",
        "~~~\n```\n",
        "'<think>'",
        "x = 1\n",
    ],
)
@pytest.mark.parametrize("before", ["", "  ```python\n"], ids=["prose", "block"])
@pytest.mark.timeout(20)  # quadratic work takes minutes
def test_two_megabytes_of_repetition_are_parsed(unit: str, before: str) -> None:
    """Repetitive text of two megabytes is parsed without quadratic work."""
    completion = before + unit * (TWO_MEGABYTES // len(unit))

    candidate = extract_candidate(parse_completion(completion))

    assert candidate is None or candidate.program.strip()


@pytest.mark.parametrize(
    "program", ["x = '\x00'\n", "x = '\ud800'\n", "x = 1\x0c\ny = '\u2028'\r\n"]
)
def test_strange_characters_in_a_block_are_kept(program: str) -> None:
    """A block is returned as written, whether or not it can run."""
    assert found(f"```python\n{program}```") == (program, TAGGED)


@pytest.mark.parametrize("completion", ["x = '\x00'", "x = '\ud800'"])
def test_bare_text_that_python_cannot_read_is_not_a_program(completion: str) -> None:
    """Bare text with characters that Python refuses is not a candidate."""
    assert found(completion) is None


OTHER_PIECES = [
    "> ", "- ", "1. ", "Here: ", "```python x = 1", '"""', "# ", "\ufeff", "[PYTHON]", "[DONE]",
    "def f(x):\n    return x", "print(f(1))", ">>> ", "from solution import f", "import *", "cpp",
]  # fmt: skip
any_text = st.text(st.characters(exclude_categories=[]))
FENCES = ["```", "~~~", "````", "python", "py", "\n", "\r\n", "    ", "\t", "x = 1", "'", "\x00"]
MARKS = ["<think>", "</think>", "<answer>", "</answer>", "<|begin_of_thought|>", "</s>", "\ud800"]
pieces_of_markdown = st.lists(st.sampled_from(FENCES + MARKS), max_size=40).map("".join)


pieces_of_answers = st.lists(st.sampled_from(FENCES + MARKS + OTHER_PIECES)).map("".join)


@given(any_text | pieces_of_answers)
@example("> ```\n>  ")
@example("```python\n" + "</think>" * 3)
def test_no_text_raises_and_no_candidate_is_blank(completion: str) -> None:
    """Every text can be searched, and no candidate is blank."""
    parsed = parse_completion(completion)

    for asked in ([], ["f"], ["Solution().f", "g"]):
        names = partial(frozenset[str], asked)
        candidate = extract_candidate(parsed, prompt="def f(x):\n", names=names)
        assert candidate is None or candidate.program.strip()


@given(any_text)
def test_bare_text_that_does_not_parse_is_not_a_candidate(text: str) -> None:
    """Without a fence, only text that parses as Python is a candidate."""
    assume("```" not in text)
    assume("~~~" not in text)

    assert extract_candidate(parse_completion(text + "\n$")) is None  # Python knows no dollar


@given(pieces_of_markdown | any_text)
def test_a_block_is_returned_verbatim(program: str) -> None:
    """A program in its own block is returned character by character."""
    assume(program.strip())
    lines = [line.strip() for line in program.split("\n")]
    assume(not any(line.startswith(("```", "~~~", "</")) for line in lines))
    assume(not any(line.endswith(("```", "~~~")) for line in lines))

    assert found(f"So:\n```python\n{program}\n```\nDone.") == (f"{program}\n", TAGGED)


@pytest.mark.parametrize(
    ("blocks", "answer"),
    [
        (["def f(x):\n    return x", "print(f(2))"], 0),
        (["def f(x):\n    return x", "assert f(2) == 2\ny = f(3)"], 0),
        (["class A: pass", "def f(x):\n    return x", "a = A()\nprint(a)"], 0),
        (["def f(x):\n    return x", "x = 1", "f(x)"], 0),
        (["def f(x):\n    return x", "print(2)"], 1),
        (["def f(x):\n    return x", "def f(x):\n    return 2 * x\nprint(f(1))"], 1),
        (["def f(x):\n    return x", "f = int\nprint(f(input()))"], 1),
        (["def f(x:\n    return x", "print(f(2))"], 1),
        (["x = 1", "print(1)"], 1),
        (["def f(x):\n    return x", "x = f("], 1),
    ],
)
def test_a_usage_example_is_not_the_answer(blocks: list[str], answer: int) -> None:
    """A last block that only calls what an earlier block defines is not the answer."""
    completion = "\n".join(f"```python\n{block}\n```" for block in blocks)

    candidate = extract_candidate(parse_completion(completion))

    assert candidate is not None
    assert candidate.program.strip() == blocks[answer]


@pytest.mark.parametrize(
    "after",
    ["", "```", "```\n\nThis adds.", "```\n\n```python\nprint(add(1, 2))\n```\n"],
)
def test_a_body_completes_the_function_of_the_prompt(after: str) -> None:
    """The prompt may end within a function, and within a block."""
    parsed = parse_completion(f"    return a + b\n{after}")
    prompt = 'def add(a, b):\n    """Add."""\n'

    candidate = extract_candidate(parsed, prompt=prompt, names=lambda: frozenset({"add"}))

    assert candidate is not None
    assert candidate.program.rstrip() == "    return a + b"


def test_the_entry_point_chooses_the_block() -> None:
    """The names that are asked for reach the choice of the block."""
    parsed = parse_completion(f"```python\ndef f(): pass\n```\n{FINAL}")

    candidate = extract_candidate(parsed, names=lambda: frozenset({"f"}))

    assert candidate is not None
    assert candidate.program == "def f(): pass\n"


@pytest.mark.parametrize(
    ("completion", "tag"),
    [
        ("```cpp\nint a;\n```", "cpp"),
        ("```C++\nint a;\n```\n```go title=x\nfunc\n```", "go"),
        ("- ```rust\n  fn\n", "rust"),
        ("```cpp\n```", ""),
        ("No code.", ""),
        ("<think>```cpp\nint a;\n```</think>No.", ""),
        (f"```{'x' * 100}\na\n```", "x" * 20),
        ("```日本\x1b[31m\na\n```", "??"),
    ],
)
def test_the_language_of_another_block_is_named(completion: str, tag: str) -> None:
    """The tag of the last such block is shown, short and in ASCII."""
    assert other_language(parse_completion(completion)) == tag


# -- words -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("<think>Rome?</think> Paris.", "Paris."),
        ("<answer>Paris</answer> I hope.", "Paris"),
        (r"It is \boxed{Paris}.", "Paris"),
        (r"<answer>It is \boxed{\text{Paris}}.</answer> \boxed{Rome}", r"\text{Paris}"),
        (r"<answer>Paris</answer> or \boxed{Rome}", "Paris"),
        ("<answer> </answer> Paris", "Paris"),
        (r"\boxed{Paris} \boxed{ }", "Paris"),
        (r"\boxed{\{1, 2\} \cup \left\{ x \right.}", r"\{1, 2\} \cup \left\{ x \right."),
        ("", ""),
    ],
)
def test_an_answer_in_words_is_found(completion: str, answer: str) -> None:
    """The answer is the last box or all of the solution, then the same of the visible text."""
    assert answer_text(parse_completion(completion).texts) == answer


@pytest.mark.parametrize(
    ("completion", "answer"),
    [("Paris", ""), (r"\boxed{Paris}", "Paris"), (r"<answer>Rome</answer> \boxed{Paris}", "Paris")],
)
def test_only_a_box_counts_if_the_rubric_asks_for_one(completion: str, answer: str) -> None:
    """If a box is asked for, words outside of it are not an answer."""
    assert answer_text(parse_completion(completion).texts, boxed=True) == answer
