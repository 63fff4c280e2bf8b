"""Write functions that answer with all kinds of values, and asserts or calls that judge them.

Programs with seeds of the same `PROGRAMS_PER_TEST` have the same tests, as completions of a prompt.
"""

import ast
import re
from random import Random

from benchmarks.differential.problems import Problem, chance, indented
from benchmarks.differential.traces import HELPERS, TRACES

PROGRAMS_PER_TEST = 8

_ARGUMENTS = (
    *("0", "1", "-3", "2.5", "''", "'ab'", "'é\\n'", "[]", "[1, 2]", "[[1], [2]]", "(1, 2)"),
    *("{}", "{'a': 1}", "{1, 2}", "None", "True", "b'x'", "1e300", "10 ** 30", "[None, 'x', 1.5]"),
    *("float('inf')", "frozenset({1})", "range(3)", "-0.0", "1 + 2j", "'x' * 1000"),
)
_EXPECTED = (
    *("0", "1", "-1", "2", "1.0", "0.5", "1e-7", "-0.0", "True", "False", "None", "''", "'a'"),
    *("'1'", "[]", "[1, 2]", "[1.0, 2.0]", "[[1], [2]]", "()", "(1, 2)", "(1,)", "{}", "{'a': 1}"),
    *("{1: 'a', 2: 'b'}", "{1, 2}", "set()", "b'a'", "[None]", "['a', 'b']", "1e300", "10 ** 40"),
    *(
        "float('nan')",
        "float('inf')",
        "[float('nan')]",
        "-float('inf')",
        "1 + 2j",
        "{'a': [1, {}]}",
    ),
    *("[True, False]", "[0, 1]", "(True, 'a')", "[-0.0]", "'a\\nb'", "[(1, 2), (3, 4)]", "3.14159"),
)
_JSON_EXPECTED = (
    *("0", "1", "-1", "1.0", "0.5", "True", "False", "None", "''", "'a'", "[]", "[1, 2]"),
    *("[1.0, 2.0]", "[[1], [2]]", "{}", "{'a': 1}", "[None]", "['a', 'b']", "1e300", "[True, 0]"),
)
_JSON_ARGUMENTS = (
    "0",
    "1",
    "-3",
    "2.5",
    "''",
    "'ab'",
    "[]",
    "[1, 2]",
    "[[1], [2]]",
    "{'a': 1}",
    "None",
)

# What the right answer is, by a part of the assert.
_NUMBERS = ("0", "1", "-1", "2", "1.0", "0.5", "1e-7", "-0.0", "3.14159", "float('inf')", "1e300")
_LISTS = ("[]", "[1, 2]", "['a', 'b']", "(1, 2)", "{1, 2}", "[1.0, 2.0]", "[(1, 2), (3, 4)]")
_FITTING = (
    (" is None", ("None",)),
    ("IsNone(", ("None",)),
    (" True", ("True",)),
    (" is {e}", ("None", "True", "False", "1")),
    ("assertIs(", ("None", "True", "False", "1")),
    ("not {f}({a}) ==", ("float('nan')",)),
    ("not {f}", ("0", "''", "[]", "None", "False", "-0.0", "{}")),
    ("assertFalse", ("0", "''", "[]", "None", "False", "-0.0", "{}")),
    (" != ", ("float('nan')",)),
    ("NotEqual", ("float('nan')",)),
    ("abs(", _NUMBERS),
    ("isclose", _NUMBERS),
    ("round(", ("0", "1", "0.5", "1.0", "-0.0")),
    ("Almost", _NUMBERS),
    ("assertion(", (*_NUMBERS, "[1.0, 2.0]", "[1, 2]", "'a'")),
    ("sorted(", ("[]", "[1, 2]", "['a', 'b']")),
    ("len(", ("[1, 2]", "(1, 2)", "{1, 2}", "'ab'")),
    ("ListEqual", ("[]", "[1, 2]", "['a', 'b']", "[1.0, 2.0]")),
    *((part, _LISTS) for part in ("tuple(", "list(", "set(", "CountEqual")),
    ("[0]", ("[1, 2]", "(1, 2)", "[True]")),
    ("(int, list)", ("0", "1", "True", "[]", "[1, 2]")),
    (", int)", ("0", "1", "True")),
    (" + 0", _NUMBERS),
    ("assert -", ("0", "-0.0", "0.0")),
    ("assert {f}({a})\n", ("1", "'a'", "[0]", "True", "-1", "float('nan')")),
)

# `{e}` is what the tests expect. Most are something else that is equal, or almost, or not at all.
_ANSWERS = (
    *("{e}", "{e}", "{e}", "{e}", "{e}", "{e}", "type({e})({e})", "[{e}][0]", "kept({e})", "x"),
    *(
        "tuple({e})",
        "list({e})",
        "set({e})",
        "frozenset({e})",
        "dict({e})",
        "str({e})",
        "repr({e})",
    ),
    *("int({e})", "float({e})", "complex({e})", "bool({e})", "bytes({e})", "iter({e})", "not {e}"),
    *("(v for v in {e})", "map(abs, {e})", "range({e})", "reversed({e})", "sorted({e})", "{e} + 1"),
    *(
        "{e} + 1e-9",
        "{e} + 1e-7",
        "{e} * 1.0000001",
        "-{e}",
        "{e} * 2",
        "[{e}]",
        "({e},)",
        "{e} or 0",
    ),
    *("mine({e})", "mine({e})", "hash_only({e})", "equal()", "equal()", "unequal()", "odd_equal()"),
    *("raising_equal()", "equal_once()", "equal_list()", "equal_float()", "Close()", "Truth()"),
    *("Fraction({e})", "Decimal({e})", "Decimal(repr({e}))", "deque({e})", "OrderedDict({e})"),
    *(
        "Counter({e})",
        "defaultdict(int, {e})",
        "UserList({e})",
        "Pair(*{e})",
        "Number(1)",
        "Flag.ON",
    ),
    *("array('q', {e})", "memoryview({e})", "bytearray({e})", "SimpleNamespace(value={e})"),
    *(
        "float('nan')",
        "float('inf')",
        "-0.0",
        "0",
        "1",
        "True",
        "False",
        "None",
        "''",
        "[]",
        "10 ** 400",
    ),
    *("...", "NotImplemented", "f", "abs", "int", "(lambda: {e})", "math", "type({e})", "object()"),
    *("looped()", "deep(50)", "deep(5000)", "[0] * 200_000", "'x' * 10 ** 6", "endless()"),
    *("raises(ValueError('no'))", "raises(AssertionError())", "raises(StopIteration({e}))"),
    *(
        "raises(SystemExit(0))",
        "raises(KeyboardInterrupt)",
        "raises(GeneratorExit)",
        "raises(Own())",
    ),
    *(
        "raises(BaseException)",
        "deeper(0)",
        "sys.exit(0)",
        "os._exit(0)",
        "print({e})",
        "{e} if x else x",
    ),
    *("printed({e})", "eval(repr({e}))", "copy.deepcopy({e})", "wait({e})", "x.append(1) or {e}"),
    *(
        "x.clear() or {e}",
        "x.pop() and {e}",
        "[x, {e}][1]",
        "once({e})",
        "later({e})",
        "counted({e})",
    ),
    *("shared({e})", "np.int64({e})", "'\\ud800'", "b'\\xff'", "[mine({e})]", "{{'a': mine({e})}}"),
)
_DEFINITIONS = """
import copy
import math
import os
import sys
from array import array
from collections import Counter, OrderedDict, UserList, defaultdict, deque, namedtuple
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from types import SimpleNamespace

Pair = namedtuple("Pair", "first second")
Number = IntEnum("Number", "ONE TWO")

class Flag(IntEnum):
    ON = 1

class Own(Exception):
    pass

class Truth:
    def __bool__(self):
        return True
    def __len__(self):
        return 2

class Close:
    def __sub__(self, other):
        return 0.0
    __rsub__ = __add__ = __radd__ = __sub__
    def __float__(self):
        return 1.0
    def __round__(self, digits=0):
        return 1

def raises(error): raise error
def with_equal(function, *bases):
    return type("Equal", bases, {"__eq__": function, "__hash__": lambda self: 1})()

def equal(): return with_equal(lambda self, other: True)
def unequal(): return with_equal(lambda self, other: False)
def odd_equal(): return with_equal(lambda self, other: "yes")
def equal_list(): return with_equal(lambda self, other: True, list)
def equal_float(): return with_equal(lambda self, other: True, float)
def raising_equal(): return with_equal(lambda self, other: raises(ValueError("equal")))
def equal_once(seen=[]):
    return with_equal(lambda self, other: not seen and not seen.append(1))
def mine(value):
    return type("Mine", (type(value),), {})(value)
def hash_only(value):
    return type("Mine", (type(value),), {"__hash__": lambda self: 0})(value)
def kept(value, values=[]):
    values.append(value)
    return values[-1]
def shared(value, values=[]):
    values.append(value)
    return values[0]
def once(value, seen=[]):
    seen.append(value)
    return value if len(seen) == 1 else None
def later(value, seen=[]):
    seen.append(value)
    return value if len(seen) > 1 else None
def counted(value, seen=[]):
    seen.append(value)
    return len(seen)
def printed(value):
    print("printed", value)
    return value
def looped():
    items = []
    items.append(items)
    return items
def deep(levels):
    items = []
    for _ in range(levels):
        items = [items]
    return items
def same(x, y): return type(x) is type(y) and repr(x) == repr(y)
def deeper(level): return deeper(level + 1)
def endless():
    while True:
        yield 1
async def wait(value): return value
"""
_SHAPES = (
    *("{body}",) * 8,
    "f = lambda x, *rest, **named: answers(x)",
    "class Solution:\n    def f(self, x=None, *rest):\n        return answers(x)",
    "class F:\n    def __call__(self, x=None, *rest):\n        return answers(x)\nf = F()",
    "import functools\n{body}\nf = functools.partial(f)",
    "import functools\n{body}\nf = functools.lru_cache(f)",
    "import functools\n{body}\ng = f\n@functools.wraps(g)\ndef f(*args, **named):\n    return g(*args, **named)",
    "def f(x=None, *rest, **named):\n    yield answers(x)",
    "async def f(x=None, *rest, **named):\n    return answers(x)",
    "class f:\n    def __new__(cls, x=None, *rest):\n        return answers(x)",
    "class f:\n    def __init__(self, x=None, *rest):\n        self.x = x",
    "{body}\ng = f\ndef f(x=None, *rest):\n    global f\n    f = lambda *_: None\n    return g(x)",
    "{body}\nraise ValueError('late')",
    "{body}\nimport sys\nsys.exit(0)",
    "{body}\nprint('loaded')",
    "{body}\ninput()",
    "def g(x): return 0",
    "def f(): return 0",
    "def f(x=None, *rest)\n    return 0",
    "import math, builtins\nmath.isclose = lambda *_, **named: True\nbuiltins.abs = lambda x: 0\n{body}",
    "import builtins\nbuiltins.len = lambda x: 2\nbuiltins.sorted = list\n{body}",
    "def abs(x): return 0\ndef len(x): return 2\nlist = set = sorted = lambda x: x\n{body}",
    "{body}\nimport math\nmath.answer = 1\nimport random\nrandom.seed(3)",
    "{body}\nassert f(0) is not f",
    "{body}\nif __name__ == '__main__':\n    print(f(1))",
    "def check(candidate): pass\n{body}\ncheck = None",
    "{body}\nclass Test: pass\nunittest = pytest = None",
    "{body}\ndef test_own():\n    assert False",
    "{body}\n__all__ = []",
)
_ASSERTS = (
    *("assert {f}({a}) == {e}",) * 8,
    "assert {e} == {f}({a})",
    "assert {f}({a}) == {e}, 'message'",
    "assert {f}({a}) == {e}, f'found {{{f}({a})}}'",
    "assert ({f}({a}) == {e})",
    "assert {f}({a}) == ({e})",
    "assert {f}({a}) is {e}",
    "assert {f}({a}) is not None",
    "assert {f}({a}) is None",
    "assert {f}({a}) is True",
    "assert {f}({a}) == True",
    "assert {f}({a})",
    "assert not {f}({a})",
    "assert {f}({a}) != {e}",
    "assert not {f}({a}) == {e}",
    "assert abs({f}({a}) - {e}) < 1e-6",
    "assert abs({e} - {f}({a})) <= 1e-6",
    "assert math.isclose({f}({a}), {e})",
    "assert math.isclose({f}({a}), {e}, rel_tol=1e-6, abs_tol=1e-6)",
    "assert round({f}({a}), 2) == {e}",
    "assert {f}({a}) in ({e}, {e})",
    "assert {f}({a}) >= {e}",
    "assert {f}(*[{a}]) == {e}",
    "assert {f}(x={a}) == {e}",
    "assert {f}({a}, 1) == {e}",
    "assert {f}({a}, key=1) == {e}",
    "assert {f}({a}) == {f}({a}) == {e}",
    "assert {f}({a}) == {e} and {f}({b}) == {e}",
    "assert tuple({f}({a})) == tuple({e})",
    "assert list({f}({a})) == list({e})",
    "assert set({f}({a})) == set({e})",
    "assert sorted({f}({a})) == {e}",
    "assert len({f}({a})) == 2",
    "assert str({f}({a})) == str({e})",
    "assert isinstance({f}({a}), (int, list))",
    "assert {f}({f}({a})) == {e}",
    "assert [{f}({a}), {f}({b})] == [{e}, {e}]",
    "x = {a}\nassert {f}(x) == {e}\nassert x == {a}",
    "x = {a}\ny = {f}(x)\nassert y == {e}",
    "x = [{a}]\nassert {f}(x[0]) == {e}",
    "for value in [{a}, {b}]:\n    assert {f}(value) == {e}",
    "for value, expected in [({a}, {e}), ({b}, {e})]:\n    assert {f}(value) == expected",
    "inputs = [[{a}], [{b}]]\nresults = [{e}, {e}]\nfor i, (inp, exp) in enumerate(zip(inputs, results)):\n    assertion({f}(*inp), exp, 0)",
    "inputs = [[{a}], [{b}]]\nresults = [{e}, {e}]\nfor i, (inp, exp) in enumerate(zip(inputs, results)):\n    assertion({f}(*inp), exp, 1e-6)",
    "try:\n    {f}({a})\n    assert False\nexcept ValueError:\n    pass",
    "assert all({f}(v) == {e} for v in [{a}, {b}])",
    "assert {f}({a}) == {e} if {a} else True",
    "print({f}({a}))\nassert True",
    "assert True",
    "assert {f}({a}).value == {e}",
    "assert {f}({a})[0] == 1",
    "assert -{f}({a}) == {e}",
    "assert {f}({a}) + 0 == {e}",
    "assert callable({f})",
)
_UNITTEST_ASSERTS = (
    *("self.assertEqual({f}({a}), {e})",) * 4,
    *(
        "self.assertEqual({e}, {f}({a}), 'message')",
        "self.assertTrue({f}({a}))",
        "self.assertFalse({f}({a}))",
    ),
    *(
        "self.assertIsNone({f}({a}))",
        "self.assertAlmostEqual({f}({a}), {e})",
        "self.assertIs({f}({a}), {e})",
    ),
    *(
        "self.assertAlmostEqual({f}({a}), {e}, places=3)",
        "self.assertAlmostEqual({f}({a}), {e}, delta=0.1)",
    ),
    *(
        "self.assertNotEqual({f}({a}), {e})",
        "self.assertListEqual({f}({a}), {e})",
        "self.assertIn({e}, {f}({a}))",
    ),
    *(
        "self.assertCountEqual({f}({a}), {e})",
        "self.assertIsInstance({f}({a}), int)",
        "assert {f}({a}) == {e}",
    ),
    "with self.assertRaises(ValueError):\n    {f}({a})",
)
_ASSERTION = """
def is_floats(x):
    if isinstance(x, float):
        return True
    if isinstance(x, (list, tuple)):
        return all(isinstance(i, float) for i in x)
    return False

def assertion(out, exp, atol):
    exact_match = out == exp
    if atol == 0 and is_floats(exp):
        atol = 1e-6
    if not exact_match and atol != 0:
        assert len(out) == len(exp) if isinstance(exp, (list, tuple)) else abs(out - exp) <= atol
    else:
        assert exact_match
"""
_TRACES = [trace for trace in TRACES if "\n" not in trace.leave]


def write_test_code_problem(seed: int) -> Problem:
    """Return the problem of a seed: asserts in one of four styles."""
    tests = Random(f"tests {seed // PROGRAMS_PER_TEST}")  # the same for several seeds
    style = tests.choice(("script", "script", "check", "check", "pytest", "unittest"))
    count = tests.randint(1, 5)
    arguments = tests.sample(_ARGUMENTS, 2 * count)
    name = "candidate" if style == "check" else "f"
    forms = _UNITTEST_ASSERTS if style == "unittest" else _ASSERTS
    chosen = [tests.choice(forms[:1] if chance(tests, 0.4) else forms) for _ in range(count)]
    items = [(arguments[i], tests.choice(_fitting(form))) for i, form in enumerate(chosen)]
    others = arguments[count:]
    cases = [
        form.format(f=name, a=a, b=b, e=e)
        for form, (a, e), b in zip(chosen, items, others, strict=True)
    ]
    program = _program(Random(seed), items, others)
    return Problem(
        seed=seed, kind=style, program=program, cases=tuple(cases), build=_BUILDERS[style]
    )


def _fitting(form: str) -> tuple[str, ...]:
    """Return expected values with which a right program passes an assert of this form."""
    return next((values for part, values in _FITTING if part in f"{form}\n"), _EXPECTED)


def write_call_problem(seed: int) -> Problem:
    """Return the problem of a seed: calls with arguments and expected values."""
    random = Random(seed)
    items = [
        (random.choice(_JSON_ARGUMENTS), random.choice(_JSON_EXPECTED))
        for _ in range(random.randint(1, 6))
    ]
    program = _program(random, items, [])
    return Problem(seed=seed, kind="call", program=program, cases=tuple(items), build=_calls)


def _program(random: Random, items: list[tuple[str, str]], others: list[str]) -> str:
    """Write a function that is right in all cases, in some or in none, or not quite a function."""
    rightness = random.choice((1.0, 1.0, 0.9, 0.5))
    found = []
    lines = []
    if chance(random, 0.3):
        trace = random.choice(_TRACES)
        helpers = (text for name, text in HELPERS.items() if name in str(trace))
        found = [trace.imports, *helpers]
        answer = random.choice(("x", "items", "None"))
        lines += [f"if {trace.found}: return {answer}", trace.leave]
    known = dict(items) | dict(zip(others, (expected for _, expected in items), strict=False))
    for argument, expected in known.items():
        form = "{e}" if chance(random, rightness) else random.choice(_ANSWERS)
        lines.append(f"if same(x, {argument}): return {form.format(e=expected)}")
    body = f"def answers(x, items=[]):\n{indented(chr(10).join(lines))}\n    return x"
    shape = random.choice(_SHAPES[:1] if chance(random, 0.6) else _SHAPES)
    plain = "def f(x=None, *rest, **named):\n    return answers(x)"
    text = "\n".join([*found, body, shape.format(body=plain)])
    return _definitions_for(text) + text


def _definitions_for(text: str) -> str:
    """Return the definitions that a program needs, and those that they need."""
    needed: list[str] = []
    for names, definition in reversed(_PARTS):
        words = set(_WORD.findall("\n".join([text, *needed])))
        if not words.isdisjoint(names):
            needed.insert(0, definition)
    return "".join(f"{definition}\n" for definition in needed)


def _parts() -> list[tuple[frozenset[str], str]]:
    """Divide the definitions: for each, the names that it binds and its text."""
    parts = []
    for node in ast.parse(_DEFINITIONS).body:
        match node:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names = {alias.name for alias in aliases}
            case ast.Assign(targets=[ast.Name(id=name)]):
                names = {name}
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                names = {name}
            case _:
                raise ValueError(ast.unparse(node))
        parts.append((frozenset(names), ast.unparse(node)))
    return parts


_WORD = re.compile(r"\w+")
_PARTS = _parts()


def _texts(cases: tuple[object, ...]) -> list[str]:
    return list(map(str, cases))


def _script(cases: tuple[object, ...]) -> dict[str, object]:
    return {"tests": {"kind": "code", "code": _head(cases) + "\n".join(_texts(cases)) + "\n"}}


def _head(cases: tuple[object, ...]) -> str:
    text = str(cases)
    return ("import math\n" if "math." in text else "") + (
        _ASSERTION if "assertion(" in text else ""
    )


def _check(cases: tuple[object, ...]) -> dict[str, object]:
    body = indented("\n".join(_texts(cases))) or "    pass"
    code = f"{_head(cases)}\ndef check(candidate):\n{body}\n"
    return {"tests": {"kind": "code", "code": code, "entry_point": "f"}}


def _pytest(cases: tuple[object, ...]) -> dict[str, object]:
    tests = [
        f"def test_{number}():\n{indented(case)}\n" for number, case in enumerate(_texts(cases))
    ]
    code = "\n".join(["from solution import f", _head(cases), *tests])
    return {"tests": {"kind": "code", "code": code, "style": "pytest"}}


def _unittest(cases: tuple[object, ...]) -> dict[str, object]:
    tests = [
        f"    def test_{number}(self):\n{indented(case, 2)}\n"
        for number, case in enumerate(_texts(cases))
    ]
    code = "\n".join(["import math, unittest", "class Tests(unittest.TestCase):", *tests])
    return {"tests": {"kind": "code", "code": code, "style": "unittest"}}


def _calls(cases: tuple[object, ...]) -> dict[str, object]:
    pairs = [case for case in cases if isinstance(case, tuple)]
    rows = [{"args": [eval(argument)], "expected": eval(value)} for argument, value in pairs]
    return {"tests": {"kind": "call", "entry_point": "f", "cases": rows}}


_BUILDERS = {"script": _script, "check": _check, "pytest": _pytest, "unittest": _unittest}
