"""Loops that assert, in scripts: which of them have parts."""

import ast
from functools import partial
from textwrap import dedent

import pytest

from nova_code_verifier.verifier.test_code.harness import loops, script


def part_lines(source: str) -> list[int]:
    """Divide a script with the candidate `f`. Return the lines of the loops that have parts."""
    tree = ast.parse(dedent(source))
    script.divide_into_items(tree, ["f"])
    return sorted(
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.For | ast.While) and loops.PART in ast.unparse(node.body[0])[:20]
    )


@pytest.mark.parametrize(
    "source",
    [
        "for n in range(3):\n    assert f(n)",
        "for n in range(3):\n    assert f(n)\nelse:\n    x = 1",
        "for n, m in zip([1], [2]):\n    if n:\n        assert f(n) == m",
        "for n in (1, f(2)):\n    assert n",
        "for n in range(3):\n    for m in range(3):\n        if m: break\n    assert f(n)",
        "for n in range(3):\n    try:\n        f(n)\n    except OSError: continue\n    assert n",
        "n = 0\nwhile n < 3:\n    n += 1\n    assert f(n)",
        "if True:\n    for n in range(3):\n        assert f(n)",
        "def same(a):\n    assert a\nfor n in range(3):\n    same(f(n))",
        "def g(n):\n    return [n]\nfor n in g(3):\n    assert f(n)",
        "import unittest\nt = unittest.TestCase()\nfor n in range(3):\n    t.assertEqual(f(n), n)",
    ],
)  # fmt: skip
def test_a_loop_whose_iterations_the_tests_choose_has_parts(source: str) -> None:
    """Whatever else is in it."""
    assert len(part_lines(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "for n in f(3):\n    assert n",
        "for n in range(f(3)):\n    assert n",
        "x = f(3)\ny = x\nfor n in y:\n    assert n",
        "for n in (1, *f(2)):\n    assert n",
        "with f(3) as x:\n    y = 1\nfor n in x:\n    assert n",
        "x = []\nx.append(f(3))\nfor n in x:\n    assert n",
        "def g():\n    return f(3)\nfor n in g():\n    assert n",
        "for m in f(3):\n    y = m\nfor n in y:\n    assert n",
        "[x := f(1)]\nfor n in x:\n    assert n",
        "def check(candidate):\n    x = candidate(1)\n    for n in x:\n        assert n\ncheck(f)",
    ],
)
def test_a_loop_whose_iterations_the_candidate_may_choose_has_none(source: str) -> None:
    """A long list with one mistake would pass nearly all of it."""
    assert part_lines(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "for n in range(3):\n    if n: break\n    assert f(n)",
        "while True:\n    assert f(1)\n    if f(2): break",
        "def check(f):\n    for n in range(3):\n        assert f(n)\n        return\ncheck(f)",
        "for n in range(3):\n    for m in (): pass\n    else:\n        break\n    assert f(n)",
        "for n in range(3):\n    try:\n        break\n    finally:\n        assert f(n)",
    ],
)
def test_a_loop_that_can_be_left_has_no_parts(source: str) -> None:
    """The iterations that are not tried would not count."""
    assert part_lines(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    for n in range(3):\n        assert f(n)\nexcept ValueError:\n    pass",
        "with open('x') as file:\n    for n in range(3):\n        assert f(n)",
        "for n in range(3):\n    x = n\nelse:\n    assert f(x)",
    ],
)
def test_a_failure_that_something_waits_for_leaves_the_loop(source: str) -> None:
    """A loop in a `try` or `with` has no parts, nor one that does not assert."""
    assert part_lines(source) == []


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("for n in range(3):\n    for m in range(3):\n        assert f(n, m)", 2),
        ("for n in range(3):\n    for m in range(3):\n        assert f(n, m)\n    assert n < 3", 1),
        ("for n in range(3):\n    x = n\n    for m in range(3):\n        assert f(x, m)", 1),
        ("for n in range(3):\n    for m in f(n):\n        assert m", 1),
        ("for n in range(3):\n    for m in range(3):\n        if m: break\n        assert f(m)", 1),
    ],
)
def test_the_inner_loop_counts_if_the_outer_does_nothing_else(source: str, line: int) -> None:
    """Otherwise an iteration of the outer loop is a part."""
    assert part_lines(source) == [line]


def test_the_end_of_a_loop_can_be_reached_in_spite_of_failures() -> None:
    """A `while` gives up soon: a failure may have left out the statement that lets it end."""
    texts = []
    for source in ("for n in range(3):\n    assert f(n)", "while x:\n    assert f(x)"):
        tree = ast.parse(source)
        asserts = partial(script._asserts, asserting=frozenset())
        loops.divide_loop(tree.body[0], asserts, frozenset({"f"}))
        texts.append(ast.unparse(tree))

    assert "__part__(10000)" in texts[0]
    assert "__part__(100)" in texts[1]
