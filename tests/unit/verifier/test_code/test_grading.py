"""Test code from end to end: a program and its tests, in real guests, and the verdicts."""

from dataclasses import replace
from textwrap import dedent

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Ending, Limits
from nova_code_verifier.verifier.checking.verdict import verdict_of_ending
from nova_code_verifier.verifier.pipeline import judge
from nova_code_verifier.verifier.test_code import jobs
from nova_code_verifier.verifier.test_code.discovery import DiscoveryCache
from nova_code_verifier.verifier.test_code.grading import TestCodeRun, grade_all
from nova_code_verifier.verifier.types import CodePlan, Sample, Score, TestCode, Verdict

PASS, FAIL, RAISE = Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR


def scored(executor: LocalExecutor, program: str, code: str, **tests: object) -> Score:
    """Score one program with test code."""
    may_share_process = bool(tests.pop("may_share_process", False))
    reference = {
        "tests": {"kind": "code", "code": dedent(code), **tests},
        "limits": {"cpu_seconds": 1.0},
    }
    completion = f"```python\n{dedent(program)}\n```\n"
    sample = Sample(completion=completion, reference=reference)
    (score,) = judge([sample], executor, may_share_process=may_share_process)
    return score


def verdicts(score: Score) -> list[Verdict]:
    """Return the verdict of each test item."""
    assert score.problem == ""
    return [case.verdict for case in score.cases]


def graded(executor: LocalExecutor, programs: list[str], code: str) -> list[TestCodeRun]:
    """Run several programs with the same test code."""
    plan = CodePlan(test_code=TestCode(source=dedent(code)))
    runs = [TestCodeRun(program=dedent(program), plan=plan) for program in programs]
    assert sorted(grade_all(runs, executor, DiscoveryCache())) == list(range(len(runs)))
    return runs


# Tests that use objects of the candidate's; every program here is right.

RIGHT = {
    "a class, its instances and their methods": (
        """
        class Stack:
            def __init__(self):
                self.items = []
            def push(self, item):
                self.items.append(item)
                return self
            def pop(self):
                return self.items.pop()
        """,
        """
        s = Stack()
        s.push(1).push(2)
        assert s.items == [1, 2]
        assert s.pop() == 2
        assert s.pop() == 1
        assert s.items == []
        """,
    ),
    "attributes, set and deleted": (
        """
        class Box:
            size = 3
            @property
            def double(self):
                return self.size * 2
        """,
        """
        b = Box()
        assert b.size == 3
        b.size = 5
        assert b.double == 10
        del b.size
        assert b.double == 6
        assert not hasattr(b, 'weight')
        assert hasattr(b, 'size')
        b.extra = [1]
        b.extra.append(2)
        """,
    ),
    "operators": (
        """
        class V:
            def __init__(self, x):
                self.x = x
            def __add__(self, other):
                return V(self.x + (other.x if isinstance(other, V) else other))
            __radd__ = __add__
            def __mul__(self, k):
                return V(self.x * k)
            __rmul__ = __mul__
            def __neg__(self):
                return V(-self.x)
            def __abs__(self):
                return abs(self.x)
            def __lt__(self, other):
                return self.x < other.x
            def __getitem__(self, n):
                return self.x + n
            def __iadd__(self, other):
                self.x += other
                return self
            def __bool__(self):
                return self.x != 0
            def __int__(self):
                return self.x
            def __contains__(self, x):
                return x == self.x
            def __call__(self, y):
                return self.x * y
            def __repr__(self):
                return f'V({self.x})'
            def __round__(self, n=0):
                return 7
        """,
        """
        assert (V(1) + V(2)).x == 3
        assert (V(1) + 2).x == 3
        assert (2 + V(1)).x == 3
        assert (V(2) * 3).x == 6
        assert (3 * V(2)).x == 6
        assert (-V(2)).x == -2
        assert abs(V(-2)) == 2
        assert V(1) < V(2)
        assert not V(2) < V(1)
        assert V(1)[4] == 5
        v = V(1)
        v += 5
        assert v.x == 6
        assert not V(0)
        assert int(V(3)) == 3
        assert 3 in V(3)
        assert 4 not in V(3)
        assert V(3)(4) == 12
        assert repr(V(3)) == 'V(3)' and str(V(3)) == 'V(3)' and f'{V(3)}' == 'V(3)'
        assert round(V(3)) == 7
        assert sum([V(1), V(2)]).x == 3
        assert max([V(1), V(2)]).x == 2
        assert [v.x for v in sorted([V(2), V(1)])] == [1, 2]
        """,
    ),
    "iteration and len": (
        """
        class Count:
            def __init__(self, n):
                self.n = n
            def __iter__(self):
                return iter(range(self.n))
            def __len__(self):
                return self.n
            def __reversed__(self):
                return iter(range(self.n)[::-1])
        class Once:
            def __init__(self):
                self.n = 0
            def __iter__(self):
                return self
            def __next__(self):
                self.n += 1
                if self.n > 3:
                    raise StopIteration
                return self.n
        """,
        """
        assert len(Count(3)) == 3
        assert list(Count(3)) == [0, 1, 2]
        assert [x for x in Count(2)] == [0, 1]
        assert list(reversed(Count(3))) == [2, 1, 0]
        assert 2 in Count(3)
        a, b = Count(2)
        assert (a, b) == (0, 1)
        assert list(Once()) == [1, 2, 3]
        once = Once()
        assert next(once) == 1
        assert list(once) == [2, 3]
        assert dict(zip('ab', Count(2))) == {'a': 0, 'b': 1}
        total = 0
        for x in Count(4):
            total += x
        assert total == 6
        """,
    ),
    "with": (
        """
        class Gate:
            def __init__(self):
                self.log = []
            def __enter__(self):
                self.log.append('in')
                return self
            def __exit__(self, kind, error, trace):
                self.log.append(kind and kind.__name__)
                return kind is ValueError
        from contextlib import contextmanager
        @contextmanager
        def lend(x):
            yield x
        """,
        """
        g = Gate()
        with g as inner:
            inner.log.append('mid')
        assert g.log == ['in', 'mid', None] or g.log == ['in', None]
        with Gate() as h:
            raise ValueError('x')
        assert h.log == ['in', 'ValueError']
        with lend(3) as three:
            assert three == 3
        """,
    ),
    "isinstance and issubclass": (
        """
        class Animal:
            pass
        class Dog(Animal):
            pass
        class Names(list):
            pass
        def make():
            return Dog()
        """,
        """
        assert isinstance(make(), Dog)
        assert isinstance(make(), Animal)
        assert issubclass(Dog, Animal)
        assert not isinstance(make(), (int, str))
        assert type(make()) is Dog
        assert type(make()).__name__ == 'Dog'
        assert isinstance(Names([1]), list)
        assert Names([1, 2]) == [1, 2]
        assert not isinstance(Animal(), Dog)
        """,
    ),
    "exceptions of the candidate's": (
        """
        class Broke(ValueError):
            def __init__(self, need):
                super().__init__(f'need {need}')
                self.need = need
        class Quiet(Exception):
            pass
        def pay(n):
            if n > 3:
                raise Broke(n)
            if n < 0:
                raise Quiet
            return n
        """,
        """
        try:
            pay(9)
            assert False
        except Broke as e:
            assert e.need == 9
            assert str(e) == 'need 9'
        try:
            pay(9)
        except ValueError as e:
            assert str(e) == 'need 9'
        else:
            assert False
        try:
            pay(-1)
        except Quiet:
            assert True
        assert issubclass(Broke, ValueError)
        """,
    ),
    "dataclasses": (
        """
        from dataclasses import dataclass, field
        @dataclass
        class Item:
            name: str
            tags: list = field(default_factory=list)
        @dataclass(frozen=True, order=True)
        class P:
            x: int
            y: int = 0
        """,
        """
        i = Item('a')
        assert i.name == 'a' and i.tags == []
        i.name = 'b'
        assert i.name == 'b'
        assert P(1) == P(1, 0)
        assert P(1) != P(2)
        assert P(1) < P(2)
        assert len({P(1), P(1), P(2)}) == 2
        assert repr(P(1)) == 'P(x=1, y=0)'
        try:
            P(1).x = 5
            assert False
        except AttributeError:
            pass
        """,
    ),
    "enums": (
        """
        from enum import Enum, IntEnum
        class Colour(Enum):
            RED = 1
            BLUE = 2
        class Level(IntEnum):
            LOW = 1
            HIGH = 2
        def best():
            return Colour.BLUE
        """,
        """
        assert Colour.RED.value == 1
        assert Colour.RED.name == 'RED'
        assert best() == Colour.BLUE
        assert best() is Colour.BLUE
        assert best() != Colour.RED
        assert Colour(1) == Colour.RED
        assert Colour['RED'] is Colour.RED
        assert [c.name for c in Colour] == ['RED', 'BLUE']
        assert len(Colour) == 2
        assert Level.LOW < Level.HIGH
        assert Level.HIGH == 2
        assert isinstance(best(), Colour)
        assert best() in (Colour.BLUE, Colour.RED)
        """,
    ),
    "generators": (
        """
        def count(n):
            for i in range(n):
                yield i
        def forever():
            n = 0
            while True:
                got = yield n
                n += got or 1
        """,
        """
        assert list(count(3)) == [0, 1, 2]
        assert next(count(1)) == 0
        g = count(2)
        assert next(g) == 0
        assert next(g) == 1
        assert next(g, 'end') == 'end'
        assert sum(count(4)) == 6
        f = forever()
        assert next(f) == 0
        assert f.send(5) == 5
        import itertools
        assert list(itertools.islice(forever(), 3)) == [0, 1, 2]
        import types
        assert isinstance(count(1), types.GeneratorType)
        """,
    ),
    "async functions": (
        """
        import asyncio
        async def double(x):
            await asyncio.sleep(0)
            return 2 * x
        async def fail():
            raise KeyError('k')
        """,
        """
        import asyncio
        assert asyncio.run(double(2)) == 4
        async def both():
            return await asyncio.gather(double(1), double(2))
        assert asyncio.run(both()) == [2, 4]
        try:
            asyncio.run(fail())
            assert False
        except KeyError:
            pass
        """,
    ),
    "arguments that are changed in place": (
        """
        def sort(xs):
            xs.sort()
        def put(d, k):
            d[k] = 1
        def deep(m):
            m[0][0] = 'x'
            m.append([2])
        def grow(s):
            s.add(9)
        """,
        """
        xs = [3, 1, 2]
        sort(xs)
        assert xs == [1, 2, 3]
        d = {}
        put(d, 'a')
        put(d, 'b')
        assert d == {'a': 1, 'b': 1}
        row = [1]
        m = [row]
        deep(m)
        assert m == [['x'], [2]]
        assert row == ['x']
        s = {1}
        grow(s)
        assert s == {1, 9}
        from collections import deque
        q = deque([2, 1])
        m = [[0]]
        deep(m)
        assert m[1] == [2]
        """,
    ),
    "functions as arguments": (
        """
        def apply(f, x):
            return f(x)
        def compose(*fs):
            def run(x):
                for f in fs:
                    x = f(x)
                return x
            return run
        def memo(f):
            seen = {}
            def inner(x):
                if x not in seen:
                    seen[x] = f(x)
                return seen[x]
            return inner
        """,
        """
        assert apply(lambda x: x + 1, 1) == 2
        def triple(x):
            return 3 * x
        assert apply(triple, 2) == 6
        assert apply(len, 'abc') == 3
        assert apply(str.upper, 'abc') == 'ABC'
        k = 10
        assert apply(lambda x: x * k, 2) == 20
        assert compose(lambda x: x + 1, triple)(1) == 6
        assert compose()(1) == 1
        import math
        assert apply(math.sqrt, 4) == 2.0
        @memo
        def fib(n):
            return n if n < 2 else fib(n - 1) + fib(n - 2)
        assert apply(lambda x: (lambda y: y + x)(1), 4) == 5
        def fact(n):
            return 1 if n == 0 else n * fact(n - 1)
        assert apply(fact, 5) == 120
        assert apply(apply and (lambda x: x), 1) == 1
        assert apply(sorted, [2, 1]) == [1, 2]
        """,
    ),
    "classes that the prompt defines for both": (
        """
        def walk(head):
            out = []
            while head:
                out.append(head.val)
                head = head.next
            return out
        def push(head, val):
            return Node(val, head)
        """,
        """
        assert walk(Node(1, Node(2))) == [1, 2]
        assert walk(push(Node(2), 1)) == [1, 2]
        n = push(None, 3)
        assert n.val == 3 and n.next is None
        assert isinstance(n, Node)
        """,
    ),
}
_NODE = """
class Node:
    def __init__(self, val=0, next=None):
        self.val = val
        self.next = next
"""


_SHARED = """
from collections import namedtuple
from enum import Enum, Flag, IntEnum
from typing import NamedTuple
class Color(Enum):
    RED = "red"
    BLUE = "blue"
class Size(IntEnum):
    SMALL = 1
    BIG = 2
class Right(Flag):
    READ = 1
    WRITE = 2
class Point(NamedTuple):
    x: int
    y: int = 0
Pair = namedtuple("Pair", "left right")
class TooMuchError(Exception):
    def __init__(self, amount, limit=5):
        super().__init__(f"{amount} > {limit}")
        self.amount = amount
class BadKeyError(KeyError):
    pass
"""
SHARED = {
    "members that are returned": (
        "def f(x): return Color(x)",
        """
        assert f("red") == Color.RED
        assert f("blue") is Color.BLUE
        assert f("red") != Color.BLUE
        assert f("red").value == "red" and f("red").name == "RED"
        assert {f("red"): 1}[Color.RED] == 1
        """,
    ),
    "members that are passed on": (
        "def f(c, s): return [c is Color.RED, c.value, s + 1, {c: s}]",
        "assert f(Color.RED, Size.BIG) == [True, 'red', 3, {Color.RED: Size.BIG}]",
    ),
    "members that are numbers": (
        "def f(x): return [Size(x)]",
        "assert f(1) == [Size.SMALL]\nassert f(2) == [2]\nassert f(2)[0].name == 'BIG'",
    ),
    "members that are combined": (
        "def f(x): return x | Right.WRITE",
        "assert f(Right.WRITE) == Right.WRITE",
    ),
    "named tuples": (
        "def f(p): return Point(p.y, p.x)\ndef g(p): return {p: Pair(*p)}",
        """
        assert f(Point(1, 2)) == Point(2, 1)
        assert f(Point(1)) == (0, 1)
        assert f(Point(1, 2)).x == 2
        assert isinstance(f(Point(1)), Point)
        assert g(Point(1, 2))[Point(1, 2)] == Pair(1, 2)
        """,
    ),
    "exceptions that are raised": (
        "def f(x):\n    if x > 5: raise TooMuchError(x)\n    raise BadKeyError(x)",
        """
        try:
            f(7)
        except TooMuchError as error:
            assert str(error) == "7 > 5" and error.amount == 7
        else:
            assert False
        try:
            f(1)
            assert False
        except KeyError as error:
            assert type(error) is BadKeyError and error.args == (1,)
        """,
    ),
    "exceptions that a class of the candidate's derives from": (
        "class Mine(TooMuchError): pass\ndef f(x): raise Mine(x)",
        """
        try:
            f(7)
        except TooMuchError as error:
            assert str(error) == "7 > 5" and error.amount == 7
        """,
    ),
}


@pytest.mark.parametrize(("program", "code"), SHARED.values(), ids=SHARED)
def test_classes_of_the_prompt_are_shared(executor: LocalExecutor, program: str, code: str) -> None:
    """Enum members, named tuples and exceptions of the prompt are the same on both sides."""
    score = scored(executor, program, code, prompt=_SHARED)

    assert set(verdicts(score)) == {PASS}


@pytest.mark.parametrize(
    "program",
    [
        "def f(x): return Color.BLUE",
        "class Color:\n    RED = 'red'\ndef f(x): return Color.RED",
        "class Color:\n    __eq__ = lambda *_: True\n    RED = None\ndef f(x): return Color()",
        "Color._member_map_['RED'] = Color.BLUE\ndef f(x): return Color['RED']",
        "def f(x): raise TooMuchError(x)",
    ],
)
def test_an_object_that_is_not_the_expected_enum_member_fails(
    executor: LocalExecutor, program: str
) -> None:
    """Only the member of the shared enumeration is that member for the tests."""
    score = scored(executor, program, "assert f('red') is Color.RED", prompt=_SHARED)

    assert PASS not in verdicts(score)


@pytest.mark.parametrize(("program", "code"), RIGHT.values(), ids=RIGHT)
def test_right_programs_pass(executor: LocalExecutor, program: str, code: str) -> None:
    """A program that passes in one process with its tests passes here."""
    prompt = _NODE if "Node(" in code else ""
    score = scored(executor, program, code, prompt=prompt)

    assert score.problem == ""
    assert [
        (n, case.execution.error) for n, case in enumerate(score.cases) if case.verdict != PASS
    ] == []


_CLIENT = """
class Client:
    async def get(self, x):
        return [x]
    async def __aenter__(self):
        return self
    async def __aexit__(self, *error):
        return None
"""


@pytest.mark.parametrize(
    "body",
    ["return await Client().get(1)", "async with Client() as c:\n        return await c.get(1)"],
    ids=["await", "async with"],
)
def test_tests_can_await_coroutines_of_the_candidate(
    executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    """A coroutine of the tests may await one of the candidate's."""
    limits = replace(jobs.HARNESS_LIMITS, cpu_seconds=2.0, wall_seconds=2.0)
    monkeypatch.setattr(jobs, "HARNESS_LIMITS", limits)
    code = f"import asyncio\nasync def go():\n    {body}\nassert asyncio.run(go()) == [1]\n"

    assert verdicts(scored(executor, _CLIENT, code)) == [PASS]


@pytest.mark.parametrize("test", ["bool(P)", "P and True", "not not P"])
def test_a_class_is_true(executor: LocalExecutor, test: str) -> None:
    """The truth value of a class is True: `pytest.raises(P, f)` needs it."""
    assert verdicts(scored(executor, _PAIR, f"assert P(1).x\nassert {test}\n")) == [PASS, PASS]


def test_a_keyword_argument_is_changed_in_place(executor: LocalExecutor) -> None:
    """The tests see what the candidate did to a list that they passed by keyword."""
    code = "xs = []\nf(xs=xs)\nassert xs == [1]\n"

    assert verdicts(scored(executor, "def f(xs): xs.append(1)", code)) == [PASS]


def test_an_argument_inside_a_tuple_is_changed_in_place(executor: LocalExecutor) -> None:
    """The tests see what the candidate did to a list in a tuple."""
    code = "row = []\nf((row, 2))\nassert row == [1]\n"

    assert verdicts(scored(executor, "def f(t): t[0].append(1)", code)) == [PASS]


def test_a_class_may_have_the_name_of_a_library_class(executor: LocalExecutor) -> None:
    """A candidate's class `partial` is a class like any other."""
    program = "class partial:\n    def __len__(self): return 3\n"

    assert verdicts(scored(executor, program, "assert len(partial()) == 3\n")) == [PASS]


def test_a_callback_may_change_the_tests(executor: LocalExecutor) -> None:
    """The candidate calls it, and the tests see what it did."""
    program = "def each(xs, f):\n    for x in xs: f(x)\n"
    code = "seen = []\neach([1, 2], lambda x: seen.append(x))\nassert seen == [1, 2]\n"

    assert verdicts(scored(executor, program, code)) == [PASS]


# Wrong programs


def test_every_assert_is_a_case(executor: LocalExecutor) -> None:
    """A program gets credit for each assert that holds."""
    code = "assert f(1) == 1\nassert f(2) == 4\nassert f(3) == 3\n"

    score = scored(executor, "def f(x): return {1: 1, 3: 3}.get(x)", code)

    assert verdicts(score) == [PASS, FAIL, PASS]
    assert score.pass_rate == 2 / 3


def test_a_case_keeps_the_last_answer_that_it_used(executor: LocalExecutor) -> None:
    """The execution has the unread answer, unless it is long, and no message of the tests."""
    code = "assert f(1) == 1, 'secret'\nassert f(7) == 7\nassert f(8) == 8\n"

    score = scored(executor, "def f(x): return {1: 'no', 8: 'a' * 9999}.get(x, x)", code)

    values = [case.execution.value for case in score.cases]
    assert values == [b'{"is":"no"}', b'{"is":7}', None]
    assert [case.message for case in score.cases] == ["secret", "", ""]
    assert "secret" not in repr([case.execution for case in score.cases])


_FORGED_ITEM = "('1', '{state}', {error}, '', False, 0)"


@pytest.mark.parametrize(
    "items",
    [
        "[('1',)]",
        "[[], 1]",
        "[]",
        f"[{_FORGED_ITEM.format(state='passed', error='10**5000')}]",
        f"[{_FORGED_ITEM.format(state='excellent', error=repr(''))}]",
    ],
)
def test_a_malformed_item_in_the_report_of_a_shared_process_fails(
    executor: LocalExecutor, items: str
) -> None:
    """An item whose fields do not have the right types counts as failed."""
    program = f"""
        from types import SimpleNamespace
        from nova_code_verifier.verifier.test_code.harness.runner import TestRun
        TestRun.report = lambda self: SimpleNamespace(items={items})
        def f(x): return x
    """

    score = scored(executor, program, "assert f(1) == 2", shared_process=True)

    assert verdicts(score) == [FAIL]


@pytest.mark.parametrize("report", ["5", "('', '')", "('', '', 7)", "(1, 2, 3)"])
def test_a_malformed_report_of_a_shared_process_fails_all_items(
    executor: LocalExecutor, report: str
) -> None:
    """A value that is no report gives no item a pass."""
    program = f"""
        import sys
        frame = sys._getframe()
        while "InProcessReport" not in frame.f_globals:
            frame = frame.f_back
        frame.f_globals["InProcessReport"] = lambda **_: {report}
        def f(x): return x
    """

    score = scored(executor, program, "assert f(1) == 1", shared_process=True)

    assert verdicts(score) == [verdict_of_ending(Ending.UNREADABLE)]


def test_an_unexpected_exception_of_the_candidate_is_a_runtime_error(
    executor: LocalExecutor,
) -> None:
    """It is another verdict than that of a wrong answer."""
    score = scored(executor, "def f(x): return 1 // x", "assert f(0) == 1\nassert f(1) == 2\n")

    assert verdicts(score) == [RAISE, FAIL]


def test_a_missing_name_costs_the_cases_that_use_it(executor: LocalExecutor) -> None:
    """A candidate without one of the functions gets credit for the others."""
    score = scored(executor, "def g(x): return x", "assert f(1) == 1\nassert g(1) == 1\n")

    assert verdicts(score) == [Verdict.NO_ENTRY_POINT, PASS]
    assert score.compile == 0.6


@pytest.mark.parametrize(
    ("code", "entry_point"),
    [
        ("def check(candidate):\n    assert candidate(2) == 4", "f"),
        ("def check(candidate):\n    assert candidate(2) == 4", "Solution().f"),
        ("from solution import f\ndef test_f():\n    assert f(2) == 4", ""),
    ],
)
def test_a_program_without_the_entry_point_has_its_own_verdict(
    executor: LocalExecutor, code: str, entry_point: str
) -> None:
    """As with calls, the verdict differs from that of a name that its own code lacks."""
    more = {"entry_point": entry_point} if entry_point else {}
    lacking = scored(executor, "def g(x): return x", code, **more)
    program = "def f(x): return y\nclass Solution:\n    def f(self, x): return y"
    raising = scored(executor, program, code, **more)

    assert (lacking.verdict, lacking.compile) == (Verdict.NO_ENTRY_POINT, 0.6)
    assert (raising.verdict, raising.compile) == (RAISE, 0.8)


_FATAL = """
import os
def f(x):
    if x == 1:
        os._exit(0)
    while x == 2:
        pass
    return x
"""


@pytest.mark.parametrize("fatal", [1, 2], ids=["exit", "endless loop"])
def test_a_fatal_question_fails_its_case_only(executor: LocalExecutor, fatal: int) -> None:
    """The cases before and after the one that ended the guest are judged."""
    code = f"assert f(0) == 0\nassert f({fatal}) == {fatal}\nassert f(3) == 3\n"

    before, lost, after = verdicts(scored(executor, _FATAL, code))

    assert (before, after) == (PASS, PASS)
    assert lost is not PASS


def test_a_case_whose_object_is_lost_is_judged_although_no_question_is_left(
    executor: LocalExecutor,
) -> None:
    """If all open questions are about an object of a lost case, the other cases have verdicts."""
    program = """
        import os
        class Account:
            def close(self): os._exit(1)
            def balance(self): return 1
    """
    code = """
        import solution
        assert (account := solution.Account()) is not None and account.close() is None
        assert account.balance() == 1
    """

    score = scored(executor, program, code)

    assert not score.problem
    assert verdicts(score) == [Verdict.RUNTIME_ERROR, Verdict.NO_ENTRY_POINT]


@pytest.mark.parametrize(
    ("fatal", "verdict"),
    [(1, Verdict.RUNTIME_ERROR), (2, Verdict.TIME_LIMIT_EXCEEDED)],
    ids=["exit", "endless loop"],
)
def test_the_ending_of_a_guest_determines_the_verdict(
    executor: LocalExecutor, fatal: int, verdict: Verdict
) -> None:
    """A case that ended the guest has another verdict than a wrong answer."""
    code = f"assert f({fatal}) == {fatal}\nassert f(3) == 3\n"

    assert verdicts(scored(executor, _FATAL, code)) == [verdict, PASS]


# Objects that lie

_LIAR = """
class Liar{base}:
    def yes(self, *other):
        return True
    def no(self, *other):
        return False
    def zero(self, *other):
        return 0.0
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = startswith = yes
    __ne__ = no
    __sub__ = __rsub__ = __mod__ = __float__ = __abs__ = zero
    def __hash__(self):
        return 1
    def __len__(self):
        return 3
    def __iter__(self):
        return iter([1, 2, 3])
def f(x=0):
    return Liar()
"""


@pytest.mark.parametrize("base", ["", "(int)", "(float)", "(str)", "(list)", "(dict)", "(tuple)"])
@pytest.mark.parametrize(
    "test",
    [
        "f(2) == 5",
        "5 == f(2)",
        "f(2) == 'abc'",
        "f(2) == [1, 2, 4]",
        "[1, 2, 4] == f(2)",
        "not f(2) != 5",
        "f(2) in (5, 6)",
        "f(2) in {1: 0}",
        "f(2) in [[1, 2, 4]]",
        "[f(2)] == [5]",
        "(f(2), 1) == (5, 1)",
        "{'a': f(2)} == {'a': 5}",
        "[5, 6].count(f(2)) == 1",
        "set([f(2)]) == {5}",
        "f(2) is True",
    ],
)
def test_plain_data_never_equals_an_object(executor: LocalExecutor, test: str, base: str) -> None:
    """A comparison of an object with plain data never calls the object's methods."""
    score = scored(executor, _LIAR.format(base=base), f"assert {test}\n")

    assert PASS not in verdicts(score)


@pytest.mark.parametrize(
    ("base", "test"),
    [
        ("", "abs(f(2) - 3.5) < 1e-6"),
        ("", "abs(3.5 - f(2)) < 1e-6"),
        ("(float)", "abs(f(2) - 3.5) < 1e-6"),
        ("(float)", "abs(3.5 - f(2)) < 1e-6"),
        ("", "3 < f(2) < 4"),
        ("", "f(2) >= 10 and f(2) <= 3"),
        ("", "3 in f(2)"),
        ("", "f(2).startswith('abc')"),
    ],
)
def test_an_object_with_lying_operators_passes_only_as_self_compared(
    executor: LocalExecutor, base: str, test: str
) -> None:
    """A case that rests on the candidate's own operators fails, or counts as `self_compared`."""
    score = scored(executor, _LIAR.format(base=base), f"assert {test}\n")

    assert PASS not in verdicts(score) or score.self_compared == 1


@pytest.mark.parametrize("test", ["abs(Solution().f(2) - 3.5) < 1e-6", "5 in Solution().f(2)"])
def test_a_subclass_of_the_tested_class_passes_only_as_self_compared(
    executor: LocalExecutor, test: str
) -> None:
    """A lying object gains nothing from a base class that the tests use."""
    program = _LIAR.format(base="(Solution)").replace("def f(x=0):", "def unused():")
    program = f"class Solution:\n    def f(self, x):\n        return Liar()\n{program}"

    score = scored(executor, program, f"assert {test}\n")

    assert PASS not in verdicts(score) or score.self_compared == 1


@pytest.mark.parametrize("test", ["f().count('abc') == 1", "f().find('abc') == 0"])
def test_a_method_that_receives_what_is_expected_passes_only_as_self_compared(
    executor: LocalExecutor, test: str
) -> None:
    """An object whose methods agree with any argument fails, or counts as `self_compared`."""
    program = "class X:\n    def count(self, x): return 1\n    equals = count\ndef f(): return X()"

    score = scored(executor, program, f"assert {test}\n")

    assert PASS not in verdicts(score) or score.self_compared == 1


_PAIR = """
class P:
    def __init__(self, x):
        self.x = x
    def __eq__(self, other):
        return self.x == other.x
    def __hash__(self):
        return hash(self.x)
"""


@pytest.mark.parametrize(
    "test", ["P(1) == P(1)", "P(1) != P(2)", "P(1) in [P(1)]", "len({P(1), P(1)}) == 1"]
)
def test_a_comparison_of_two_objects_is_self_compared(executor: LocalExecutor, test: str) -> None:
    """Only the candidate knows whether two of its objects are equal; the case is counted."""
    score = scored(executor, _PAIR, f"assert {test}\nassert P(1).x == 1\n")

    assert verdicts(score) == [PASS, PASS]
    assert score.self_compared == 1


# Answers


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("def f(x): return 2 * x", "for n in range(200):\n    assert f(n) == 2 * n\n"),
        ("def f(x): return 2 * x", "for n in range(50): assert f(n) == 2 * n, f'{n}: {f(n)}'\n"),
        ("def f(x): return [x, {'a': x}]", "assert f(1)[1]['a'] == 1\nassert f(1)[0] + 1 == 2\n"),
        ("def f(x): return x, -x", "a, b = f(2)\nassert a == 2\nassert b == -2\n"),
        ("def f(x): return x", "assert sorted(f([2, 1])) == [1, 2]\nassert max(f([1])) == 1\n"),
        ("def f(x): return g(x)\ndef g(x): return x", "assert f(g(1)) == g(f(1))\n"),
        ("def f(x): return x - 1", "x = 300\nwhile x:\n    x = f(x)\nassert x == 0\n"),
    ],
    ids=["loop", "message", "items", "unpacking", "builtins", "nested", "dependent"],
)
def test_tests_may_do_with_answers_what_they_like(
    executor: LocalExecutor, program: str, code: str
) -> None:
    """An answer is there as soon as the tests need it, however many there are."""
    assert set(verdicts(scored(executor, program, code))) == {PASS}


# Loops over asserts

PLUS = """
def assertion(out, exp, atol):
    assert out == exp
def check(candidate):
    inputs = [[1, 2], [3, 4], [5, 6], [9, 9]]
    results = [3, 7, 11, 18]
    for i, (inp, exp) in enumerate(zip(inputs, results)):
        assertion(candidate(*inp), exp, 0)
"""


@pytest.mark.parametrize(
    ("body", "share", "correctness"),
    [
        ("return a + b", 1.0, 1.0),
        ("return a + b if a < 9 else 0", 0.75, (0.75 - 0.25) / 0.75),
        ("return a + b if a < 9 else 1 // 0", 0.75, (0.75 - 0.25) / 0.75),
        ("return 18", 0.25, 0.0),
        ("return 0", 0.0, 0.0),
    ],
)
def test_a_loop_over_asserts_pays_in_part(
    executor: LocalExecutor, body: str, share: float, correctness: float
) -> None:
    """It is one case, which pays the share of its iterations that held, without guesses."""
    score = scored(executor, f"def add(a, b):\n    {body}", PLUS, entry_point="add")

    assert (score.tests_passed, score.tests_total) == (int(share == 1.0), 1)
    assert score.share == share
    assert score.guess_baseline == 0.25
    assert score.correctness == pytest.approx(correctness)


# Problems with test code


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("x = 1", "contain no assert"),
        ("assert f(", "do not parse"),
        ("assert 1 == 1", "never use the candidate"),
        ("import no_such_module\nassert f(1)", "no_such_module"),
        ("while True: pass\nassert f(1)", "out_of_time"),
    ],
)
def test_tests_that_cannot_be_used_are_the_datasets_fault(
    executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch, code: str, problem: str
) -> None:
    """A sample with such tests is ungraded, and the reason is named."""
    limits = replace(jobs.HARNESS_LIMITS, cpu_seconds=1.0)
    monkeypatch.setattr(jobs, "HARNESS_LIMITS", limits)

    score = scored(executor, "def f(x): return x", code)

    assert (score.verdict, score.is_outage) == (Verdict.UNGRADED, False)
    assert problem in score.problem


# Tests that need one process

UNCARRIED = {
    "a frame that is passed": "import sys\nassert f(1) == 1\nassert f(sys._getframe()) is not None",
    "a base class": """
        import unittest
        from solution import Base, f
        class T(unittest.TestCase, Base):
            def test_one(self):
                self.assertEqual(f(1), 1)
            def test_two(self):
                self.assertEqual(self.two(), 2)
        """,
}
BASE = "class Base:\n    def two(self): return 2\n"


@pytest.mark.parametrize("code", UNCARRIED.values(), ids=UNCARRIED)
def test_tests_that_no_session_carries_are_ungraded(executor: LocalExecutor, code: str) -> None:
    """The problem says what they do, and how they can be graded nevertheless."""
    score = scored(executor, BASE + "def f(x): return x", code)

    assert (score.verdict, score.is_outage, score.shared_process) == (
        Verdict.UNGRADED,
        False,
        False,
    )
    assert score.problem.startswith("tests: do what needs one process: ")
    assert "VERIFIER_SHARED_PROCESS=allow" in score.problem


@pytest.mark.parametrize("code", UNCARRIED.values(), ids=UNCARRIED)
def test_an_operator_may_allow_one_process(executor: LocalExecutor, code: str) -> None:
    """The score says that tests and candidate shared it."""
    score = scored(executor, BASE + "def f(x): return x", code, may_share_process=True)

    assert (verdicts(score), score.shared_process) == ([PASS, PASS], True)


@pytest.mark.parametrize("code", UNCARRIED.values(), ids=UNCARRIED)
@pytest.mark.parametrize(
    "program",
    [
        "def f(x): return None",
        "import os\nos._exit(0)",
        "import os\ndef f(x): os._exit(0)",
        "import unittest\ndef f(x): raise unittest.SkipTest",
        "raise SystemExit",
        "import sys\ndef f(x): sys.exit()",
    ],
)
def test_one_process_does_not_pay_for_tests_that_do_not_come_to_their_end(
    executor: LocalExecutor, code: str, program: str
) -> None:
    """A program passes nothing by its exit status, or by tests that it leaves out."""
    score = scored(executor, BASE + program, code, may_share_process=True)

    assert verdicts(score)[0] is not PASS
    assert score.tests_total == 2


def test_the_prelude_runs_in_one_process_too(executor: LocalExecutor) -> None:
    """A program finds what its site imports, wherever it runs."""
    program = "class Solution:\n    def f(self, x: Any) -> List[Any]: return [sqrt(4)]"
    code = "import sys\ndef check(c): assert c(sys._getframe()) == [2.0]"

    score = scored(executor, program, code, entry_point="Solution().f", may_share_process=True)

    assert (score.verdict, score.shared_process) == (PASS, True)


# Guesses

THREE_CASES = {
    "check": (
        "def check(c):\n    assert c(1) == 1\n    assert c(2) == 4\n    assert c(3) == 4",
        "sq",
    ),
    "method": (
        "def check(c):\n    assert c(1) == 1\n    assert c(n=2) == 4\n    assert c(3) == 4",
        "Solution().sq",
    ),
    "instance": ("s = Solution()\nassert s.sq(1) == 1\nassert s.sq(2) == s.sq(3) == 4", ""),
    "asserts": ("assert sq(1) == 1\nassert sq(2) == 4\nassert 4 == sq(3)", ""),
    "nearly": ("assert sq(1) == 1\nassert abs(sq(2) - 4) < 1\nassert 3 < sq(3) < 5", ""),
    "state": ("import os\nassert sq(1) == 1\nassert sq(2) == 4\nassert sq(3) == 4", ""),
    "pytest": (
        """
        import pytest
        from solution import sq
        @pytest.mark.parametrize("n, square", [(1, 1), (2, 4), (3, 4)])
        def test_square(n, square):
            assert sq(n) == square
        def test_two():
            assert sq(2) == 4
        """,
        "",
    ),
    "unittest": (
        """
        import unittest
        class TestSquare(unittest.TestCase):
            def test_one(self): self.assertEqual(sq(1), 1)
            def test_two(self): self.assertEqual(sq(2), 4)
            def test_three(self): self.assertAlmostEqual(sq(3), 4)
        """,
        "",
    ),
}


@pytest.mark.parametrize(("code", "entry_point"), THREE_CASES.values(), ids=THREE_CASES)
def test_a_constant_answer_earns_no_correctness(
    executor: LocalExecutor, code: str, entry_point: str
) -> None:
    """The share that the best constant passes is subtracted; a right program earns 1."""
    more = {"entry_point": entry_point} if entry_point else {}
    four = "def sq(n): return 4\nclass Solution:\n    def sq(self, n): return 4"
    right = "def sq(n): return [0, 1, 4, 4][n]\nclass Solution:\n    def sq(self, n): return sq(n)"

    guess = scored(executor, four, code, **more)
    solved = scored(executor, right, code, **more)

    assert 0 < guess.pass_rate == guess.guess_baseline < 1
    assert (guess.correctness, solved.correctness) == (0.0, 1.0)


def test_a_function_that_returns_its_argument_is_a_guess(executor: LocalExecutor) -> None:
    """A function that returns its first argument earns no correctness."""
    code = "assert f([1, 2]) == [1, 2]\nassert f([1]) == [1]\nassert f([2, 1]) == [1, 2]"

    echo = scored(executor, "def f(x):\n    return x", code)
    solved = scored(executor, "def f(x):\n    return sorted(x)", code)

    assert (echo.guess_baseline, echo.pass_rate) == (2 / 3, 2 / 3)
    assert (echo.correctness, solved.correctness) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("head", "calls"),
    [
        ("def f(a, b): return b", ["f(0, 1) == 1", "f(3, 2) == 2", "f(2, 2) == 4"]),
        ("def f(a): return a", ["f(a=1) == 1", "f(a=2) == 2", "f(a=3) == 6"]),
        (
            "class Solution:\n    def f(self, a): return a",
            ["Solution().f(1) == 1", "Solution().f([2]) == [2]", "Solution().f(a=3) == 6"],
        ),
    ],
)
def test_a_function_that_returns_any_argument_is_a_guess(
    executor: LocalExecutor, head: str, calls: list[str]
) -> None:
    """So is one that returns the second argument, a keyword argument, or that of a method."""
    echo = scored(executor, head, "\n".join(f"assert {call}" for call in calls))

    assert (echo.pass_rate, echo.guess_baseline, echo.correctness) == (2 / 3, 2 / 3, 0.0)


def test_a_guess_is_one_answer_for_all_cases(executor: LocalExecutor) -> None:
    """A case that needs two different answers is passed by no guess."""
    score = scored(executor, "def f(n): return n", "assert f(1) != f(2)\nassert f(3) == 5")

    assert (score.guess_baseline, score.correctness) == (0.5, 0.0)


# Several candidates

PROGRAMS = {
    "right": ("def f(x): return [x]", [PASS, PASS]),
    "wrong": ("def f(x): return [x + 1]", [FAIL, FAIL]),
    "half right": ("def f(x): return [x] if x < 2 else x", [PASS, FAIL]),
    "raising": ("def f(x): raise KeyError(x)", [RAISE, RAISE]),
    "huge": ("def f(x): return list(range(4 * 10**5))", [FAIL, FAIL]),
    "an object": ("class A:\n    __eq__ = lambda *_: True\ndef f(x): return A()", [FAIL, FAIL]),
}


@pytest.mark.parametrize("order", [1, -1])
def test_candidates_do_not_affect_each_other(executor: LocalExecutor, order: int) -> None:
    """Verdicts are the same in any order."""
    programs, expected = zip(*list(PROGRAMS.values())[::order] * 2, strict=True)

    runs = graded(executor, list(programs), "assert f(1) == [1]\nassert f(2) == [2]")

    assert [[case.verdict for case in run.cases] for run in runs] == list(expected)


def test_no_candidate_finds_what_the_tests_of_another_one_left(executor: LocalExecutor) -> None:
    """Each has a directory of its own, which it shares with its tests."""
    code = """
        import os
        open("count", "a").write("x")
        assert os.path.getsize("count") == f()
    """
    program = "import os\ndef f(): return os.path.getsize('count')"

    runs = graded(executor, ["def f(): return 1", program] * 2, code)

    assert [[case.verdict for case in run.cases] for run in runs] == [[PASS]] * 4


# Hostile objects

_HOSTILE = {
    "no attribute": "class X:\n    def __getattribute__(self, name): raise SystemExit",
    "no class": "class X:\n    @property\n    def __class__(self): raise RecursionError",
    "a class that hides": "class M(type):\n    def __getattribute__(cls, name): raise OSError\n"
    "class X(metaclass=M): pass",
    "names that leave": "import os\nclass M(type):\n    @property\n"
    "    def __name__(cls): os._exit(0)\nclass X(metaclass=M): pass",
    "no end": "class X(dict):\n    def __iter__(self):\n        while True: yield 1\n"
    "    items = __iter__",
    "a deep value": "def X():\n    v = []\n    for _ in range(10**5): v = [v]\n    return v",
    "an endless value": "def X():\n    v = []\n    v.append(v)\n    return v",
    "a long value": "def X():\n    return 'x' * 10**7",
}


@pytest.mark.parametrize("body", _HOSTILE.values(), ids=_HOSTILE)
def test_a_hostile_object_fails_its_case_only(executor: LocalExecutor, body: str) -> None:
    """An object that does harm when it is inspected does not affect the other cases."""
    program = f"{body}\ndef f(): return X()\ndef g(): return 1\n"
    code = "assert g() == 1\nassert f() == 1\nassert g() + 0 == 1\n"

    before, hostile, after = verdicts(scored(executor, program, code))

    assert (before, after) == (PASS, PASS)
    assert hostile is not PASS


def test_items_that_take_too_long_together_are_out_of_time(executor: LocalExecutor) -> None:
    """The items that ran keep their results, and the others are late: plain asserts, too."""
    program = "def f(x):\n    import time\n    time.sleep(0.4)\n    return x"
    limits = {"total_wall_seconds": 1.5}
    for code in (
        "\n".join(f"assert f({n}) == {n}" for n in range(12)),
        "\n".join(f"assert [f({n})] == [int({n})]" for n in range(12)),
    ):
        reference = {"tests": {"kind": "code", "code": code}, "limits": limits}
        completion = f"```python\n{program}\n```\n"
        (score,) = judge([Sample(completion=completion, reference=reference)], executor)

        assert score.verdict is Verdict.TIME_LIMIT_EXCEEDED
        assert 0 < score.tests_passed < 6
        last = verdicts(score)[score.tests_passed :]
        assert set(last) == {Verdict.TIME_LIMIT_EXCEEDED}


def test_all_sessions_of_a_candidate_count_together(executor: LocalExecutor) -> None:
    """A candidate that ends in an item gets another session, but no more time."""
    program = """
        import os, time
        def f(x):
            time.sleep(0.4)
            if x % 2:
                os._exit(1)
            return x
    """
    code = "\n".join(f"assert [f({n})] == [int({n})]" for n in range(8))
    plan = CodePlan(test_code=TestCode(source=code), limits=Limits(total_wall_seconds=2.0))
    run = TestCodeRun(program=dedent(program), plan=plan)

    assert list(grade_all([run], executor, DiscoveryCache())) == [0]
    found = [case.verdict for case in run.cases]
    assert found[:2] == [Verdict.ACCEPTED, Verdict.RUNTIME_ERROR]
    assert found[-1] is Verdict.TIME_LIMIT_EXCEEDED
    assert len(run.lost_items) < 4
