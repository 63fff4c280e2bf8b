"""Which of several blocks is the answer."""

import pytest

from nova_code_verifier.verifier.completion.choice import choose
from nova_code_verifier.verifier.types import Candidate, ExtractionMethod

ADD = "def add(a, b):\n    return a + b"
WRONG = "def add(a, b):\n    return a - b"
SUM = "a, b = map(int, input().split())\nprint(a + b)"
BEST = "def best(words):\n    top = None\n    for w in words:\n        top = w\n    return top"
SOLUTION = "class Solution:\n    def f(self, x):\n        return x"
TEST = "def test_add():\n    assert add(1, 2) == 3"
UNITTEST = (
    "import unittest\n\nclass AddTest(unittest.TestCase):\n    def test(self):\n        add(1, 2)"
)


def chosen(
    *blocks: str | tuple[str, ExtractionMethod], names: str = "", completes_prompt: bool = False
) -> str:
    """Return the program that is chosen among *blocks*, without empty lines."""
    tagged = [(b, ExtractionMethod.TAGGED_FENCE) if isinstance(b, str) else b for b in blocks]
    candidates = [Candidate(program=text, method=method) for text, method in tagged]
    wanted = frozenset(names.split())
    program = choose(candidates, lambda: wanted, completes_prompt=completes_prompt).program
    return "\n".join(line for line in program.splitlines() if line.strip())


@pytest.mark.parametrize(
    "beside",
    [
        pytest.param(TEST, id="test-function"),
        pytest.param(f"{TEST}\n\ntest_add()", id="test-that-is-called"),
        pytest.param(UNITTEST, id="unittest"),
        pytest.param(f"from solution import add\n\n{TEST}", id="pytest-file"),
        pytest.param("from your_module import *\nassert add(1, 2) == 3", id="star-import"),
        pytest.param("import solution\nassert solution.add(1, 2) == 3", id="module-import"),
        pytest.param("assert add(1, 2) == 3\nprint('ok')", id="asserts"),
        pytest.param(">>> add(1, 2)\n3", id="dialogue"),
        pytest.param("In [1]: add(1, 2)\nOut[1]: 3", id="notebook"),
        pytest.param("3\n4", id="output"),
        pytest.param("Hello, World!", id="output-in-words"),
        pytest.param("Case #1: 3", id="output-of-a-contest"),
        pytest.param("O(n)", id="complexity"),
        pytest.param("print(add(1, 2))", id="example"),
        pytest.param("for i in range(3):\n    print(add(i, i))", id="example-in-a-loop"),
        pytest.param("return a + b", id="quotation"),
        pytest.param("def add(a, b):", id="signature"),
    ],
)
@pytest.mark.parametrize("names", ["add", ""])
def test_a_block_beside_the_answer_is_passed_over(beside: str, names: str) -> None:
    """Tests, examples, sessions, outputs and quotations are not the answer."""
    assert chosen(ADD, beside, names=names) == ADD
    assert chosen(WRONG, ADD, beside, beside, names=names) == ADD


@pytest.mark.parametrize(
    "last",
    [
        ADD,
        "add = lambda a, b: a + b",
        "async def add(a, b):\n    return a + b",
        "class add:\n    x = 1",
        f"{ADD}\nassert add(1, 2) == 3",
        f"{ADD}\n\n{TEST}",
        "def add(a, b:\n    return a + b",
        "def add(a, b):\n    return 0",
        "class Solution:\n    def add(self, a, b):\n        return a + b",
    ],
)
def test_no_earlier_draft_takes_the_place_of_the_last_definition(last: str) -> None:
    """The last block that defines the name is the answer, whether it is right or even parses."""
    assert chosen(WRONG, last, "print(add(1, 2))", names="add") == "\n".join(
        line for line in last.splitlines() if line
    )


def test_a_name_may_be_reused_for_a_value() -> None:
    """A block that binds the name by calling it is an example."""
    assert chosen(ADD, "add = add(1, 2)\nprint(add)", names="add") == ADD


def test_an_import_may_be_the_answer() -> None:
    """If no block defines the name, the last one that imports it is the answer."""
    assert chosen("from math import gcd", "print(gcd(2, 4))", names="gcd") == "from math import gcd"


@pytest.mark.parametrize(
    ("draft", "final"),
    [
        ("def f(x):\n    print(x)\n    return x", "def f(x):\n    return x"),
        ("def f(x):\n    return x\nprint(f(int(input())))", "def f(x):\n    return x"),
        ("from functools import cache\n@cache\ndef f(x):\n    return x", "def f(x):\n    return x"),
    ],
)
def test_a_revision_may_only_leave_lines_out(draft: str, final: str) -> None:
    """A block with all lines of a draft but some is the answer, if the definition is whole."""
    assert chosen(draft, final, names="f") == final


@pytest.mark.parametrize(
    "quotation",
    [
        "def best(words):\n    top = None\n    for w in words:\n        top = w",
        "def best(words):\n    ...\n    return top",
        "def best(words):\n    # ...\n    return top",
        "def best(words):\n    # as above\n\nassert best(['a']) == 'a'",
        "def best(words): ...",
        "def best(words):\n    raise NotImplementedError",
        "def best(words):\n    top = None  # the best so far",
        "top = None",
        "for w in words:\n    top = w",
        "    for w in words:\n        top = w",
    ],
)
def test_a_part_of_a_definition_is_a_quotation(quotation: str) -> None:
    """An explanation that quotes or outlines the function does not replace it."""
    assert chosen(BEST, quotation, names="best", completes_prompt=True) == BEST
    assert chosen(BEST, quotation, "return top", names="best") == BEST


@pytest.mark.parametrize(
    ("blocks", "answer"),
    [
        pytest.param([ADD, "def add_all(*a):\n    return sum(a)"], ADD, id="other-name"),
        pytest.param(["def add(a, b): ...", ADD], ADD, id="stub-first"),
        pytest.param([SOLUTION, "print(Solution().f(1))"], SOLUTION, id="method"),
        pytest.param([SOLUTION, "def f(x):\n    return 0"], SOLUTION, id="class-before-function"),
        pytest.param(["def f(x):\n    return x", "print(f(1))"], "def f(x):\n    return x", id="f"),
    ],
)
def test_the_name_that_is_asked_for_decides(blocks: list[str], answer: str) -> None:
    """The answer defines the entry point: a function, or a method of a class."""
    assert chosen(*blocks, names="Solution().f" if "f(" in blocks[-1] else "add") == answer


def test_a_name_in_a_block_without_a_tag_is_better_than_none() -> None:
    """A tagged block is better, unless it lacks what is asked for."""
    untagged = (ADD, ExtractionMethod.UNTAGGED_FENCE)

    assert chosen(untagged, "print(add(1, 2))", names="add") == ADD
    assert chosen(untagged, WRONG, "print(add(1, 2))", names="add") == WRONG
    assert chosen(WRONG, (ADD, ExtractionMethod.UNCLOSED_FENCE), names="add") == WRONG


def test_an_indented_body_completes_the_prompt() -> None:
    """If no block defines the function that the prompt begins, a body is the answer."""
    body = "    return a + b"

    assert chosen(body, "print(add(1, 2))", names="add", completes_prompt=True) == body
    assert chosen(ADD, body, names="add", completes_prompt=True) == ADD


@pytest.mark.parametrize("body", ["# sum", "pass"])
def test_a_definition_with_its_body_at_the_margin_is_no_outline(body: str) -> None:
    """It is a broken revision: no earlier draft takes its place."""
    broken = f"def add(a, b):\n    {body}\nreturn a * b"

    assert chosen(ADD, broken, names="add") == broken


def test_a_body_may_lack_its_indentation() -> None:
    """A `return` outside of functions tells a body from an example."""
    body = "c = a + b\nreturn c"

    assert chosen(body, "print(add(1, 2))", names="add", completes_prompt=True) == body


def test_an_import_in_a_try_statement_does_not_define() -> None:
    """A test that looks for the answer in two modules is not the answer."""
    test = "try:\n    from solution import add\nexcept ImportError:\n    from main import add"

    assert chosen(ADD, f"{test}\nassert add(1, 2) == 3", names="add") == ADD


@pytest.mark.timeout(5)  # a search of the text for each name takes minutes
def test_a_long_block_is_searched_once_for_all_names() -> None:
    """The work for a block that is too long to be parsed does not grow with the names."""
    names = " ".join(f"f{n}" for n in range(5_000))

    long = "x = 1\n" * 100_000

    assert chosen(ADD, long, names=names) == long.strip()


@pytest.mark.parametrize(
    "beside",
    [
        pytest.param("a, b = map(int, input().split())", id="first-line"),
        pytest.param("a, b = map(int, input().split())  # read", id="with-a-comment"),
        pytest.param("print(a + b)", id="last-line"),
        pytest.param("print(f'{a + b}')", id="fragment"),
        pytest.param("def add_alt(a, b):\n    return a + b", id="function-alone"),
        pytest.param(f"import io, sys\nsys.stdin = io.StringIO('1 2')\n{SUM}", id="faked-input"),
        pytest.param(f"import io\npatch('sys.stdin', io.StringIO('1 2'))\n{SUM}", id="patched"),
        pytest.param("import subprocess\nprint(subprocess.run(['x'], input='1'))", id="process"),
        pytest.param("a, b = 1, 2\nprint(a + b)", id="fixed-input"),
        pytest.param("import random\nprint(random.randint(1, 9))", id="generated-input"),
        pytest.param("def f(a):\n    return a\nassert f(1) == 1", id="no-output"),
        pytest.param("3", id="output"),
        pytest.param(">>> a + b\n3", id="dialogue"),
    ],
)
def test_without_a_name_the_last_whole_program_is_the_answer(beside: str) -> None:
    """What cannot run alone does not replace a program that reads and prints."""
    assert chosen(SUM, beside) == SUM
    assert chosen("print('draft')", SUM, beside, beside) == SUM


@pytest.mark.parametrize(
    "last",
    [
        "import sys\nprint(sum(map(int, sys.stdin.read().split())))",
        "a, b = map(int, input().split())\nprint(a - b)",
        "a, b = map(int, input().split()\nprint(a + b)",
        "print(3)",
        f"def main():\n    {SUM.replace(chr(10), chr(10) + '    ')}\nmain()",
    ],
)
def test_a_later_program_replaces_an_earlier_one(last: str) -> None:
    """A revision or an alternative is the answer, whether it is right or even parses."""
    assert chosen(SUM, last) == last


@pytest.mark.parametrize(
    "draft",
    [
        SUM.replace("print", "print('debug')\nprint"),
        f"{SUM}\nprint('end')",
        f"def slow(n):\n    return n\n{SUM}",
        f"import math\n{SUM}",
    ],
)
def test_a_revised_program_may_only_leave_lines_out(draft: str) -> None:
    """A program that reads and prints is no quotation, though all of its lines are in a draft."""
    assert chosen(draft, SUM) == SUM


def test_the_names_are_not_asked_for_if_there_is_one_block() -> None:
    """To find the names costs time, and one block is the answer in any case."""
    block = Candidate(program=TEST, method=ExtractionMethod.TAGGED_FENCE)

    assert choose([block], pytest.fail, completes_prompt=False) is block


@pytest.mark.timeout(30)  # without the bounds it takes minutes
@pytest.mark.parametrize(
    "block",
    [
        "x = 1",
        ADD,
        BEST,
        "add = add(add)",
        f"{ADD}\n# " + "a" * 19_000,
        "a = b\n" * 3000,
        "\n".join(f"def f{n}(): return f{n + 1}()" for n in range(600)),
        "".join(f"x{n} = x{n + 1}\n" for n in range(1000)) + "x1000 = 1",
    ],
)
def test_thousands_of_blocks_take_bounded_work(block: str) -> None:
    """Only the last blocks are read, and each of them a bounded number of times."""
    count = 1_000_000 // len(block)

    assert chosen(*[block] * count, "print(f0, x0, a)", names="add")
