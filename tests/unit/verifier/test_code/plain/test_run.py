"""Plain tests: questions decide as a session does."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import (
    Ending,
    Execution,
    Executor,
    IsolationLevel,
    Job,
    JobRunner,
)
from nova_code_verifier.verifier.pipeline import judge
from nova_code_verifier.verifier.types import Sample, Score, Verdict

PASS, FAIL, RAISE = Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR
ANSWERS = [
    "(1, 2)", "[1, 2]", "{1: 2}", "True", "1", "1.0", "iter([1])", "b'a'", "None", "10**400",
    "float('nan')", "'\\ud800'", "{3, 1, 2}", "type('T', (int,), {})(1)", "int", "print('x')",
    "__import__('collections').Counter('a')", "__import__('decimal').Decimal(1)", "[[[]]] * 99",
    "1 / 0", "{}['k']", "undefined", "exit(1)", "exec('raise AssertionError(1)')", "f(0)",
    "__import__('os')._exit(0)", "__import__('random').random()", "'a' * 100_000",
]  # fmt: skip
TESTS = """
assert f(0) == 1
assert f(1) == (1, 2), "tuple"
assert (
    f(
        2)
    == [1, 2]
)
assert f(3) is not None, "none".upper()
assert f(4) == {1, 2, 3}, (
    "set")
assert not (
    f(5)
)
assert \\
    f(
  6) < (
    7
  )
"""


def rows(programs: Iterable[str], tests: str, executor: Executor) -> list[Score]:
    """Return the scores, without what differs from run to run."""
    limits = {"cpu_seconds": 0.5, "wall_seconds": 5}
    reference = {"tests": {"kind": "code", "code": tests}, "limits": limits}
    samples = [
        Sample(completion=f"```python\n{program}\n```\n", reference=reference)
        for program in programs
    ]
    return [_without_usage(score) for score in judge(samples, executor)]


def _without_usage(score: Score) -> Score:
    cases = (
        replace(
            case,
            message=re.sub("0x[0-9a-f]+", "", case.message),
            execution=replace(
                case.execution, cpu_seconds=0, wall_seconds=0, own_seconds=0, memory_bytes=0
            ),
        )
        for case in score.cases
    )
    return replace(score, cases=tuple(cases))


def test_questions_decide_as_a_session_does(executor: LocalExecutor) -> None:
    """Verdicts, messages, lines and shown answers are the same, whatever a program answers."""
    programs = [f"def f(x):\n    return {answer}" for answer in ANSWERS]
    programs += [
        "def f(x): return",
        "def f(x) return",
        "1 / 0",
        "def g(x): return 1",
        "f = 1",
        "def f(x):\n    global f\n    f = lambda x: None\n    return x",
        "calls = []\ndef f(x):\n    calls.append(x)\n    return len(calls)",
        "def f(x):\n    return x == 9 or 1 + f(x)",
    ]

    with LocalExecutor(workers=1, fast_paths=False) as sessions:
        assert rows(programs, TESTS, executor) == rows(programs, TESTS, sessions)


LOOPS = """
from math import inf
import math

def same(out, exp, atol):
    exact = out == exp
    if isinstance(exp, float) and atol == 0:
        atol = 1e-6
    if not exact and atol != 0:
        assert math.isclose(out, exp, abs_tol=atol)
    else:
        assert exact, f"out: {out}, exp: {exp}"

inputs = [[0], [1], [2], [3]]
results = [1, (1, 2), inf, 0.5]
for i, (inp, exp) in enumerate(zip(inputs, results)):
    same(f(*inp), exp, 0)
for x in range(2):
    # a comment
    answer = f(
        x)
    assert answer == 1, \\
        "message"
for x in [1, 2]:
    assert f(x) != 1, f"not {x}"
    assert f(x) != 2
"""


def test_iterations_count_as_in_a_session(executor: LocalExecutor) -> None:
    """A loop pays the share of its iterations that held, and reports its first failure."""
    programs = [f"def f(x):\n    return {answer}" for answer in ANSWERS]
    programs += [
        "def f(x): return [1, (1, 2), 1e400, 0.5 + 1e-9][x]",
        "def f(x): return [1, (1, 2), 1e400, 0.6][x]",
        "def f(x): return 1 // (1 - x)",
        "def f(x): return 1 if x % 2 else exit()",
        "def f(x): return math.inf if x == 2 else 1",
        "import math\ndef f(x): return math.inf if x == 2 else 1",
        "def f(x): return globals().get('inf')",
        "calls = []\ndef f(x):\n    calls.append(x)\n    return calls",
    ]

    with LocalExecutor(workers=1, fast_paths=False) as sessions:
        found = rows(programs, LOOPS, executor)

        assert found == rows(programs, LOOPS, sessions)
    assert [case.share for case in found[len(ANSWERS)].cases] == [1, Fraction(1, 2), 1]


SUITES = {
    "pytest": """
import pytest
from solution import f
ONE = 1
def test_b():
    expected = [1, 2]
    result = f(ONE)
    assert result == expected, f"got {result}"
    for x in range(3):
        assert f(x) == [1, 2]
def test_a():
    assert f(3)[0] == pytest.approx(1.0)
class TestF:
    def test_c(self):
        result = f(4)
        assert result == [
            1, 2], "message"
    def test_d(self):
        assert f(
            5)
""",
    "unittest": """
from unittest import TestCase
class TestF(TestCase):
    def test_b(self):
        self.assertEqual(f(1), [1, 2])
        self.assertTrue(f(2), "message")
    def test_a(self):
        self.assertIn(1, f(3))
""",
}


@pytest.mark.parametrize("tests", SUITES.values(), ids=SUITES)
def test_tests_of_a_tool_are_accepted_as_in_a_session(executor: LocalExecutor, tests: str) -> None:
    """And so they fail: a session decides where it is not known how their tool reports it."""
    programs = [
        "def f(x): return [1, 2]",
        "def f(x): return [1, 2] if x else []",
        "def f(x): return (1, 2)",
        "def f(x): return [1, 2] if x < 4 else []",
        "def f(x): return [1, 2] if x < 4 else x / 0",
        "def f(x): return [1, 2] if x < 5 else exit()",
        "calls = []\ndef f(x):\n    calls.append(x)\n    return [1, 2] if calls[0] == 3 else 0",
        "calls = []\ndef f(x):\n    calls.append(x)\n    return [1, 2] if calls[0] == 1 else 0",
    ]

    with LocalExecutor(workers=1, fast_paths=False) as sessions:
        found = rows(programs, tests, executor)

        assert found == rows(programs, tests, sessions)
    assert found[0].verdict == PASS


STATEFUL = {
    "an answer that a later call changes": (
        "found = []\ndef f(x):\n    found.append(x)\n    return found",
        "assert f(1) == f(2)",
    ),
    "an argument that contains one object twice": (
        "def f(x):\n    x[0][0] = 5\n    return x",
        "assert f([[0] * 2] * 2) == [[5, 0], [5, 0]]",
    ),
    "a call that does not take place": (
        "calls = []\ndef f(x):\n    calls.append(x)\n    return x // (x - 1) and len(calls)",
        "assert f(1) == f(2)\nassert f(3) == 2",
    ),
}


@pytest.mark.parametrize(("program", "tests"), STATEFUL.values(), ids=STATEFUL)
def test_state_counts_as_in_a_session(executor: LocalExecutor, program: str, tests: str) -> None:
    """What the tests do with objects of theirs, and which calls take place, is the same."""
    with LocalExecutor(workers=1, fast_paths=False) as sessions:
        assert rows([program], tests, executor) == rows([program], tests, sessions)


def test_the_stack_is_as_deep_as_in_a_session(executor: LocalExecutor) -> None:
    """A program that recurses almost too deeply passes in both, or in neither."""
    programs = [
        f"def f(x, left={left}): return 1 if left == 0 else f(x, left - 1)"
        for left in range(980, 1000)
    ]

    with LocalExecutor(workers=1, fast_paths=False) as sessions:
        assert rows(programs, "assert f(0) == 1", executor) == rows(
            programs, "assert f(0) == 1", sessions
        )


class _Unsendable:
    """Runs no session: its machine must not have the tests."""

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """End each session as unsendable."""
        unsent = Execution(ending=Ending.UNSENDABLE, detail="tests: must not be sent")
        yield from ((index, (unsent,)) for index, _ in enumerate(jobs))


class _WithoutSessions:
    """An executor on another machine, which must not have tests."""

    isolates_trusted_code = True
    environment = ""

    def __init__(self, executor: LocalExecutor, *, fast_paths: bool) -> None:
        self._executor, self.fast_paths = executor, fast_paths
        self.run, self.with_preloaded = executor.run, executor.with_preloaded
        self.environment = executor.environment

    @property
    def level(self) -> IsolationLevel:
        """Return the level of the other executor."""
        return self._executor.level

    def with_sessions(self, _modules: tuple[str, ...]) -> JobRunner:
        """Return what runs no session."""
        return _Unsendable()


PROGRAMS = {
    "def f(x): return x + 1": [PASS, PASS],
    "def f(x): return 1": [PASS, FAIL],
    "def f(x): return undefined if x else 1": [PASS, RAISE],
    "def f(x): return exit() if x else 1": [PASS, RAISE],
    "def f(x): return iter([x]) if x else 1": [PASS, FAIL],
    "def f(x): return float('nan') if x else 1": [PASS, FAIL],
    "import os\ndef f(x): return os._exit(0) if x else 1": [PASS, RAISE],
    "def f(x):\n    while x: pass\n    return 1": [PASS, Verdict.TIME_LIMIT_EXCEEDED],
    "def f(x) return 1": [Verdict.COMPILE_ERROR] * 2,
}


def test_the_argument_of_check_is_looked_up_once(executor: LocalExecutor) -> None:
    """A program that gives its name to another function changes nothing, as in Python."""
    program = "def f(x):\n    global f\n    f = lambda x: 7\n    return x"
    tests = "def check(candidate):\n    assert candidate(1) == 1\n    assert candidate(2) == 2"
    (score,) = rows([program], f"{tests}\ncheck(f)", executor)

    assert [case.verdict for case in score.cases] == [PASS, PASS]


@pytest.mark.parametrize("fast_paths", [True, False])
@pytest.mark.parametrize("program", PROGRAMS)
def test_questions_decide_where_no_session_may_be_sent(
    executor: LocalExecutor, program: str, *, fast_paths: bool
) -> None:
    """Every test item gets a verdict of its own."""
    elsewhere = _WithoutSessions(executor, fast_paths=fast_paths)
    (score,) = rows([program], "assert f(0) == 1\nassert f(1) == 2", elsewhere)

    assert [case.verdict for case in score.cases] == PROGRAMS[program]


MATCH = "import re\ndef f(x): return re.match('a', x)"
COUNTER = "from collections import Counter as f"
PAIR = "from collections import namedtuple\nP = namedtuple('P', 'x y')\ndef f(x): return [P(x, 2)]"
SUBSTITUTES = [
    (MATCH, "assert f('a')\nassert not f('b')", [PASS, PASS]),
    (MATCH, "assert f('a') == True", [FAIL]),
    (MATCH, "assert f('a') and 1 == 2", [FAIL]),
    ("def f(x): return object()", "assert f(1) == 1", [FAIL]),
    (COUNTER, "assert f('aba') == {'a': 2, 'b': 1}", [PASS]),
    (COUNTER, "assert f('aba') == {'a': 2}", [FAIL]),
    (PAIR, "assert f(1) == [(1, 2)]\nassert f(1) == [[1, 2]]", [PASS, FAIL]),
    ("def f(x): return {}.keys()", "assert f(1) == []", [FAIL]),
    (
        "class All(int):\n    def __eq__(self, other): return True\ndef f(x): return All(2)",
        "assert f(1) == 1",
        [FAIL],
    ),
    ("class C:\n    def __bool__(self): 1 / 0\ndef f(x): return C()", "assert f(1)", [RAISE]),
]


@pytest.mark.parametrize(("program", "tests", "verdicts"), SUBSTITUTES)
def test_answers_need_not_be_exactly_plain_there(
    executor: LocalExecutor, program: str, tests: str, verdicts: list[Verdict]
) -> None:
    """What Python compares with plain data, or asks for its truth, gets the verdict of Python."""
    elsewhere = _WithoutSessions(executor, fast_paths=True)
    (score,) = rows([program], tests, elsewhere)

    assert [case.verdict for case in score.cases] == verdicts


def test_other_tests_stay_ungraded_there(executor: LocalExecutor) -> None:
    """The reason is the one that the executor gives."""
    elsewhere = _WithoutSessions(executor, fast_paths=True)
    (score,) = rows(["def f(x): return x"], "assert f(f(1)) == 1", elsewhere)

    assert (score.verdict, score.problem) == (Verdict.UNGRADED, "tests: must not be sent")
