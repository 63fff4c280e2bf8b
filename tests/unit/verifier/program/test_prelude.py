"""The imports that a program leaves to its judge."""

import symtable
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.verifier.program.prelude import MAX_SCOPED_CHARS, imports_for


def imports(program: str, entry_point: str = "") -> list[str]:
    """Return the lines of the imports for an indented program."""
    return imports_for(dedent(program), entry_point=entry_point).splitlines()


@pytest.mark.parametrize(
    ("program", "lines"),
    [
        ("class S:\n  def f(self, x: List[int]) -> Optional[int]: ...",
         ["from typing import List, Optional"]),
        ("def f(s): return defaultdict(int), Counter(s), inf, gcd(4, 6)",
         ["from collections import Counter, defaultdict", "from math import gcd, inf"]),
        ("def f(a): heapq.heapify(a); return math.sqrt(2) + collections.Counter(a)[0]",
         ["import collections", "import heapq", "import math"]),
        ("@lru_cache(None)\ndef f(n): return reduce(xor, [n])",
         ["from functools import lru_cache, reduce", "from operator import xor"]),
        ("x: List[int] = []", ["from typing import List"]),
        ("f = lambda a: [gcd(x, y) for x, y in pairwise(a)]",
         ["from itertools import pairwise", "from math import gcd"]),
        ("class A(NamedTuple):\n  x: int", ["from typing import NamedTuple"]),
        ("def f():\n  gcd = 1\n  return gcd\ndef g(): return gcd(4, 6)", ["from math import gcd"]),
        ("class A:\n  inf = 1\n  def f(self): return inf", ["from math import inf"]),
        ("def f(x=inf): pass", ["from math import inf"]),
        ("print(sys.maxsize, maxsize)", ["import sys", "from sys import maxsize"]),
    ],
)  # fmt: skip
def test_a_name_that_is_read_and_never_bound_is_imported(program: str, lines: list[str]) -> None:
    """Only these names are imported, one statement for each module."""
    assert imports(program) == lines


@pytest.mark.parametrize(
    "program",
    [
        "from typing import List\nx: List[int] = []",
        "from typing import *\nfrom collections import *\ndef f(): return 1",
        "import math as m\nm.sqrt(2)",
        "List = list\ndef f(x: List): pass",
        "class List: pass\nx = List()",
        "def gcd(a, b): return b and gcd(b, a % b)",
        "def f(count, index, e): return count + index + e",
        "for count in range(3): print(count)",
        "with open('x') as copy: print(copy)",
        "try: pass\nexcept ValueError as e: print(e)",
        "[chain for chain in 'abc']",
        "(inf := 3)\nprint(inf)",
        "def f():\n  global inf\n  inf = 3\ndef g(): return inf",
        "def f():\n  global heapq\n  import heapq\ndef g(): return heapq",
        "def f():\n  inf = 3\n  def g(): return inf\n  return g",
        "class A:\n  inf = 3\n  x = inf",
        "try:\n  inf\nexcept NameError:\n  inf = 5\nprint(inf)",
        "if 'List' in globals(): print(1)",
        "def f(x: 'List[int]') -> 'List': pass",
        "x.count(1).index(2)\n'a'.join(x).copy()",
        "f(count=1, key=2)",
        "pow(2, 3); abs(1); sum([1]); map(str, []); filter(None, [])",
        "del inf",
        "# List\nx = 'defaultdict(int)'",
        "print(summ, undefined)",
        "",
    ],
)
def test_nothing_else_is_imported(program: str) -> None:
    """A bound name, an attribute, a keyword, a builtin and a word of a text are left alone."""
    assert imports(program) == []


@pytest.mark.parametrize(
    ("program", "lines"),
    [
        ("bisect(a, 1)", ["from bisect import bisect"]),
        ("bisect.insort(a, 1)", ["import bisect"]),
        ("bisect.bisect(a, 1)", ["import bisect"]),
        ("x = copy(a)", ["from copy import copy"]),
        ("x = copy.copy(a)", ["import copy"]),
        ("list(map(copy, a))", ["from copy import copy"]),
        ("random()", ["from random import random"]),
        ("random.random()", ["import random"]),
        ("array('i', [1])", ["from array import array"]),
        ("array.array('i', [1])", ["import array"]),
        ("datetime(2020, 1, 1)", ["from datetime import datetime"]),
        ("datetime.strptime('1', '%d')", ["from datetime import datetime"]),
        ("datetime.datetime(2020, 1, 1)", ["import datetime"]),
        ("datetime.date(2020, 1, 1) - timedelta(1)",
         ["import datetime", "from datetime import timedelta"]),
    ],
)  # fmt: skip
def test_a_name_of_a_module_and_of_its_content_means_what_is_used(
    program: str, lines: list[str]
) -> None:
    """If the program only takes attributes of the module from it, it is the module."""
    assert imports(program) == lines


def test_words_in_strings_count_where_strings_are_evaluated() -> None:
    """A program that reads `eval` may use a name that is only in a string, but still binds it."""
    assert imports("eval('gcd(4, inf)')\ninf = 3") == ["from math import gcd"]
    assert imports("def eval(x): return x\neval('gcd(4, 6)')") == []


@pytest.mark.parametrize(
    "program", ["def f(: List", "  x: List", "List\0", "List\ud800", "-" * 9999 + "inf"]
)
def test_a_program_that_cannot_be_compiled_needs_no_imports(program: str) -> None:
    """A program with an error of syntax ends as it does without a prelude."""
    assert imports_for(program) == ""


@pytest.mark.parametrize("entry_point", ["gcd", "Solution().gcd"])
def test_the_function_that_is_asked_for_is_never_imported(entry_point: str) -> None:
    """A program that lacks its function is not graded on the function of a library."""
    assert imports("print(gcd, inf)", entry_point) == ["from math import inf"]


def test_a_method_may_use_the_library_function_of_its_name() -> None:
    """A class `Solution` has the entry point, so that the library's function is not asked."""
    program = "class Solution:\n  def gcd(self, a, b): return gcd(a, b)"

    assert imports(program, "gcd") == ["from math import gcd"]


@pytest.mark.timeout(20)
def test_all_known_words_of_a_very_long_program_are_imported() -> None:
    """The scopes of a megabyte are not read: a name that it binds is imported, too."""
    program = "x = inf\n" * (MAX_SCOPED_CHARS // 8) + "List = 1\ngcd = 1\n"

    assert imports_for(program, entry_point="gcd").splitlines() == [
        "from math import inf",
        "from typing import List",
    ]


WORDS = """
    List inf gcd bisect datetime eval x = : , . ( ) [ ] def class lambda import from for in global
"""
words = st.sampled_from([*WORDS.split(), "'inf'", "\n", "\n", "  "])


@given(st.text() | st.lists(words, max_size=30).map(" ".join))
def test_any_text_has_imports_that_compile(text: str) -> None:
    """No text raises, and what is imported for it is Python."""
    symtable.symtable(imports_for(text), "", "exec")
