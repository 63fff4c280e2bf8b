"""Scripts, divided into test items: they still do the same."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from textwrap import dedent

import pytest

from nova_code_verifier.verifier.test_code.harness import loops, script


def divided(source: str, lost: frozenset[str] = frozenset()) -> tuple[list[str], list[str]]:
    """Divide a script and run it. Return its items, and those that were entered, in order."""
    tree = ast.parse(dedent(source))
    names = script.divide_into_items(tree)
    entered: list[str] = []

    @contextmanager
    def item(name: str) -> Iterator[None]:
        entered.append(name)
        yield

    known = {
        script.SHOULD_RUN: lambda name: name not in lost,
        script.ITEM: item,
        loops.PART: lambda _: nullcontext(),
    }
    exec(compile(tree, "<tests>", "exec"), known)
    return names, entered


SCRIPTS = {
    "asserts": ("assert True\nassert True\n", 2),
    "a loop": ("for n in range(3):\n    assert n < 3\nassert True\n", 2),
    "a while": ("n = 0\nwhile n < 3:\n    assert n < 3\n    n += 1\n", 1),
    "a condition": ("if True:\n    assert True\nelse:\n    assert False\n", 1),
    "with": ("import contextlib\nwith contextlib.suppress(KeyError):\n    assert True\n", 1),
    "try": ("try:\n    assert True\nexcept KeyError:\n    assert False\nfinally:\n    pass\n", 1),
    "match": ("match 1:\n    case 1:\n        assert True\n    case _:\n        assert False\n", 1),
    "no assert": ("x = 1\nfor n in range(3):\n    x += n\nassert x == 4\n", 1),
    "a check": ("def check(f):\n    assert f\n    x = 1\n    assert x\ncheck(1)\n", 2),
    "a check called twice": ("def check(f):\n    assert f\n    assert f\ncheck(1)\ncheck(2)\n", 2),
    "a check in a loop": ("def check(f):\n    assert f\nfor f in (1, 2):\n    check(f)\n", 1),
    "a helper of a check": (
        "def same(a):\n    assert a == a\ndef check(f):\n    same(f)\n    same(1)\ncheck(1)\n",
        2,
    ),
    "a method that asserts": (
        "import unittest\ncase = unittest.TestCase()\ncase.assertEqual(1, 1)\ncase.assertTrue(1)\n",
        2,
    ),
    "decorators": (
        (
            "def twice(f):\n    return lambda *a: (f(*a), f(*a))\n"
            "@twice\ndef check(f):\n    assert f\n    assert f\ncheck(1)\n"
        ),
        2,
    ),
    "an early return": (
        "def check(f):\n    assert f\n    if f:\n        return\n    assert False\ncheck(1)\n",
        2,
    ),
    "break and continue": (
        (
            "for n in range(9):\n    if n == 1:\n        continue\n    if n == 3:\n        break\n"
            "    assert n in (0, 2)\n"
        ),
        1,
    ),
    "async": (
        (
            "import asyncio\nasync def main():\n    async for n in count():\n        assert n < 2\n"
            "async def count():\n    for n in range(2):\n        yield n\nasyncio.run(main())\n"
        ),
        1,
    ),
    "a lambda": ("check = lambda x: x\nassert check(1)\n", 1),
    "a docstring and a future": (
        '"""Tests."""\nfrom __future__ import annotations\nassert __doc__ == "Tests."\n',
        1,
    ),
    "globals": ("n = 0\ndef up():\n    global n\n    n += 1\nup()\nassert n == 1\n", 1),
    "a generator": ("def g():\n    yield 1\n    return 2\nassert list(g()) == [1]\n", 1),
    "a class": (
        "class A:\n    x = 1\n    def f(self):\n        return self.x\nassert A().f() == 1\n",
        1,
    ),
}


@pytest.mark.parametrize(("source", "count"), SCRIPTS.values(), ids=SCRIPTS)
def test_a_divided_script_still_runs(source: str, count: int) -> None:
    """It runs to its end, and every statement that asserts is an item."""
    items, entered = divided(source)

    assert items == [str(n + 1) for n in range(count)]
    assert set(entered) <= set(items)
    assert entered != []


@pytest.mark.parametrize("rest", ["", "    assert f\n"], ids=["alone", "with another"])
def test_a_call_of_a_nested_function_that_asserts_is_an_item(rest: str) -> None:
    """A helper inside of a check is like one outside of it."""
    helper = "    def inner(x):\n        assert x\n"
    names, _ = divided(f"def check(f):\n{helper}    inner(f)\n{rest}check(1)\n")

    assert len(names) == 1 + bool(rest)


def test_a_lost_item_is_left_out() -> None:
    """An item that is lost is not run again; all other items are."""
    _, entered = divided("assert True\nassert False\nassert True\n", frozenset({"2"}))

    assert entered == ["1", "3"]


def test_a_loop_is_one_item() -> None:
    """An item is entered once, however often its assert runs."""
    assert divided("for n in range(5):\n    assert n < 5\n")[1] == ["1"]


def test_lines_keep_their_numbers() -> None:
    """The traceback of an assert has the line number that it has in the original tests."""
    with pytest.raises(AssertionError) as caught:
        divided("\n\nx = 1\n\nassert x == 2\n")

    assert caught.traceback[-1].lineno == 4  # counted from 0


def test_statements_after_a_return_do_not_run() -> None:
    """A return leaves the function."""
    source = "def f():\n    for n in range(3):\n        return n\n    return 9\nassert f() == 0\n"

    assert divided(source)[1] == ["1"]


# Names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("assert f(1) == 2", {"f"}),
        ("def g(x):\n    return f(x)\nassert g(1)", {"f"}),
        ("x = 1\nassert f(x)", {"f"}),
        ("import math\nassert f(math.pi)", {"f"}),
        ("from a import b as c\nassert c(1)", set()),
        ("assert [f(y) for y in z]", {"f", "z"}),
        ("def g():\n    x = 1\n    return lambda: x + h\ng()", {"h"}),
        ("class A(B):\n    n: int = k\nassert A()", {"B", "k", "int"}),
        ("try:\n    f()\nexcept Broke as e:\n    assert e", {"f", "Broke"}),
        ("for i in range(3):\n    assert f(i)", {"f", "range"}),
        ("if (n := f()):\n    assert n", {"f"}),
        ("match f():\n    case P(x=1):\n        pass", {"f", "P"}),
        ("with f() as g:\n    assert g", {"f"}),
    ],
)
def test_free_names_are_those_that_a_script_does_not_define(source: str, names: set[str]) -> None:
    """A name that a script uses but does not define is free."""
    assert script.free_names(source, frozenset()) == names


def test_bound_names_are_not_free() -> None:
    """Names that are defined outside are left out."""
    assert script.free_names("assert f(g)", frozenset({"g"})) == {"f"}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("from solution import f, g as h", {"f", "g"}),
        ("from solution import *", set()),
        ("from math import pi", set()),
        ("def test():\n    from solution import f", {"f"}),
        ("import solution", set()),
    ],
)
def test_names_are_found_in_imports(source: str, names: set[str]) -> None:
    """Names that the tests import from the candidate's module are found everywhere."""
    assert script.names_imported_from(ast.parse(source), frozenset({"solution"})) == names


def test_the_only_builtin_that_is_called_belongs_to_the_candidate() -> None:
    """A script that calls a single built-in function tests the candidate's own."""
    assert script.only_builtin_called(ast.parse("assert sum([1]) == 1")) == {"sum"}
    assert script.only_builtin_called(ast.parse("assert sum([1]) == len([1])")) == frozenset()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("random.seed(0)", set()),
        ("random(3)", {"random"}),
        ("list(map(random, x.y))", {"list", "map", "random"}),
        ("random.seed(random)", {"random"}),
    ],
)
def test_a_name_that_is_only_asked_for_attributes_may_be_a_module(
    text: str, names: set[str]
) -> None:
    """Every other use of a name shows that it is no module."""
    assert script.names_of_objects(ast.parse(text)) == names


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("import copy\nassert copy(3)", {"copy"}),
        ("import copy\nassert copy.copy(3)", set()),
        ("import copy\nfrom solution import copy\nassert copy(3)", set()),
        ("import copy as c\nassert c(3)", set()),
        ("import copy\ndef check(copy):\n    assert copy(3)", set()),
        ("import copy\nfor copy in x:\n    assert copy(3)", set()),
        ("from copy import copy\nassert copy(3)", set()),
    ],
)
def test_a_module_that_is_called_is_the_candidates_function(text: str, renamed: set[str]) -> None:
    """Its calls are renamed, if nothing else can have that name."""
    tree = ast.parse(text)

    assert script.name_called_modules(tree) == renamed
    assert ("__candidate_copy__(3)" in ast.unparse(tree)) is bool(renamed)


@pytest.mark.parametrize(
    ("text", "is_defined"),
    [
        ("import f", True),
        ("import g as f", True),
        ("from g import f", True),
        ("def f(): pass", True),
        ("class f: pass", True),
        ("f = 1", True),
        ("def g(f): pass\nf.x = 1\nf(1)", False),
    ],
)
def test_a_name_that_the_top_level_defines_is_found(text: str, is_defined: bool) -> None:  # noqa: FBT001
    """Only statements of the top level count."""
    assert script.is_defined("f", ast.parse(text)) is is_defined


LISTED = """
import pytest, unittest
from solution import Base
def test_a(): pass
async def test_b(): pass
@pytest.fixture
def test_data(): pass
def helper(): pass
test_lambda = lambda: None
def test_gone(): pass
del test_gone
class TestC:
    def test_c(self): pass
    def check(self): pass
class TestMade:
    def __init__(self): pass
    def test_m(self): pass
class Other:
    def test_o(self): pass
class Case(unittest.TestCase):
    def test_d(self): pass
class Derived(Case):
    def test_e(self): pass
class OfCandidate(unittest.TestCase, Base):
    def test_f(self): pass
"""


def test_tests_are_listed_as_their_tool_names_them() -> None:
    """Only what the tool is bound to find is listed: no fixture, no class that it leaves out."""
    cases = [("Case", "test_d"), ("Derived", "test_e"), ("OfCandidate", "test_f")]
    tree = ast.parse(LISTED)

    assert script.listed_tests(tree, "unittest") == [f"{name}.{test}" for name, test in cases]
    assert script.listed_tests(tree, "pytest") == [
        "test_a", "test_b", "TestC::test_c", *(f"{name}::{test}" for name, test in cases),
    ]  # fmt: skip


@pytest.mark.parametrize("more", ["def load_tests(*_): pass", "TestC.__test__ = Case = 0"])
def test_tests_that_may_be_changed_are_not_listed(more: str) -> None:
    """A module that decides itself what its tests are lists none, nor does a rebound class."""
    listed = script.listed_tests(ast.parse(f"{LISTED}\n{more}"), "unittest")

    assert not any(name.startswith("Case") for name in listed)


@pytest.mark.parametrize(
    "source",
    [
        "from unittest.mock import patch",
        "def test(monkeypatch): pass",
        "import sys; sys.stdin = None",
        "import os\nfor os.sep in 'ab': pass",
        "import os; del os.sep",
        "class T:\n    def f(self): self.module.now = None",
        "setattr(module, name, value)",
        "vars(module).update(now=None)",
    ],
)
def test_tests_that_assign_to_a_module_may_patch(source: str) -> None:
    """Only for tests that may patch does a harness watch the library."""
    assert script.may_patch(ast.parse(source), source)


@pytest.mark.parametrize(
    "source",
    [
        "assert f(1).real == 1",
        "class T:\n    def setUp(self): self.now = None",
        "x = evaluate(1)",
    ],
)
def test_tests_that_only_read_attributes_do_not_patch(source: str) -> None:
    """An object's own attributes are no patch."""
    assert not script.may_patch(ast.parse(source), source)
