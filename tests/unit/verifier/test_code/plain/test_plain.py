"""Plain tests: which tests are, and that questions decide as a session does."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace

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
from nova_code_verifier.verifier.test_code.discovery import Discovery, DiscoveryCache, discover
from nova_code_verifier.verifier.test_code.plain.baseline import read_plain_tests
from nova_code_verifier.verifier.test_code.plain.reader import PlainAssert, plain_tests
from nova_code_verifier.verifier.types import Sample, Score, TestCode, Verdict

PASS, FAIL, RAISE = Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR


def asserts_of(
    source: str, entry_point: str = "", *, shared_process: bool = False
) -> list[PlainAssert]:
    """Read tests of a candidate that defines `f`, `g` and `Solution`."""
    tests = TestCode(source=source, entry_point=entry_point, shared_process=shared_process)
    return list(plain_tests(tests, ["Solution", "f", "g"]) or ())


PLAIN = [
    "assert f(1) == 2",
    "assert 2 == f(x=1)",
    "assert f([1, (2.5, 'a')], {'b': {1}}) is None",
    "assert not f(-1, 2 ** 10, 'a' * 3, float('inf'))",
    "assert abs(f(1) - 2.5) < 1e-6, 'message'",
    "assert sorted(f(1)) == [1, 2]",
    "assert f(1)[0] == f(2)",
    "assert isinstance(f(1), int)",
    "assert round(f(1), 2) == 0.33, f'{1}'",
    "assert 1 < f(1) <= 3",
    "assert f(1) in (1, 2)",
    "assert set(f(1)) == {1, 2}",
    "x = 7\nassert f(x) == x",
    "x = [7]\nassert f(x) == [7]",
    "assert Solution().f(1) == 2",
    "METADATA = {}\ndef check(candidate):\n    assert True\n    assert candidate(1)\ncheck(f)",
]
NOT_PLAIN = {
    "no call": "x = 1",
    "a nested call": "assert f(g(1)) == 2",
    "a value that may have changed": "x = [1]\nassert f(x) == 2\nassert x == [1]",
    "an order that is not sent": "assert f({1, 2}) == 3",
    "nan": "assert f(float('nan')) is None",
    "identity": "assert f(1) is f(1)",
    "a call that may not take place": "assert f(1) or f(2)",
    "a method of an answer": "assert f(1).count('a') == 1",
    "a method that plain data has": "assert Solution().count('a') == 1",
    "a loop": "for x in (1, 2):\n    assert f(x) == 2",
    "an import": "import math\nassert math.isclose(f(1), 2)",
    "a helper": "def same(a, b):\n    assert a == b\nsame(f(1), 2)",
    "a huge value": "assert f('a' * 10 ** 9) == 2",
    "a huge number": "assert f(10 ** 10 ** 10) == 2",
    "a name of the tests": "def f(x):\n    return 2\nassert f(1) == 2",
    "arguments in a star": "assert f(*[1]) == 2",
    "a built-in function of the candidate's": "abs = 1\nassert f(1) == 2",
}


@pytest.mark.parametrize("source", PLAIN)
def test_plain_tests_are_recognised(source: str) -> None:
    """Each asks something, and has one assert for each assert."""
    asserts = asserts_of(source)

    assert len(asserts) == source.count("assert")
    assert any(part.calls for part in asserts)


@pytest.mark.parametrize("source", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_other_tests_are_left_to_a_session(source: str) -> None:
    """What is not certain to mean the same is not plain."""
    assert not any(part.calls for part in asserts_of(source))


def test_the_entry_point_is_the_argument_of_check() -> None:
    """One object serves all calls of a method, as where `check` is called with it."""
    source = "def check(candidate):\n    assert candidate(1) == 2\n    assert candidate(2) == 3"
    first, second = asserts_of(source, "Solution().twice")

    assert [call.entry_point for call in (*first.calls, *second.calls)] == ["Solution().twice"] * 2
    assert all(call.keeps_object for call in (*first.calls, *second.calls))


def test_a_name_has_the_value_that_it_had_when_it_was_used() -> None:
    """What is assigned later changes no value that was made of the name before."""
    source = "a = 1\nb = (a,)\na = a + 1\nassert f(a, b) == 3"
    (part,) = asserts_of(source)

    assert part.calls[0].arguments == (2, (1,))


def test_tests_in_one_process_are_not_plain() -> None:
    """They ask for the process, so they get it."""
    assert asserts_of("assert f(1) == 2", shared_process=True) == []


# -- the same results as in a session --------------------------------------------------

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
            execution=replace(case.execution, cpu_seconds=0, wall_seconds=0, memory_bytes=0),
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


def test_other_tests_stay_ungraded_there(executor: LocalExecutor) -> None:
    """The reason is the one that the executor gives."""
    elsewhere = _WithoutSessions(executor, fast_paths=True)
    (score,) = rows(["def f(x): return x"], "assert f(f(1)) == 1", elsewhere)

    assert (score.verdict, score.problem) == (Verdict.UNGRADED, "tests: must not be sent")


# -- discovery -------------------------------------------------------------------------

DISCOVERED = [
    TestCode(source="assert f(1) == 2\nassert f(2) == 2\nassert f(3) == 'a'"),
    TestCode(source="assert f(1) == 1\nassert not f([])\nassert f(x=3) == 3"),
    TestCode(source="assert f(1) is None\nassert abs(f(2) - 2.5) < 1e-3\nassert abs(f(3) - 2) < 1"),
    TestCode(source="assert len(f(1)) == 3\nassert f(2)[0] == 1\nassert f(3)[1] == 4"),
    TestCode(source="assert f(1) > 3\nassert f(2) < 5\nassert f(3) in (4, 9)\nassert f(1) != f(2)"),
    TestCode(source="assert isinstance(f(1), str)\nassert 'a' in f(2)\nassert 'b' not in f(3)"),
    TestCode(
        source="def check(candidate):\n    assert True\n    assert candidate(1, 2) == 2",
        entry_point="f",
        prompt="from typing import List\ndef f(x: List[int]) -> 'int':\n    '''Doc.'''\n",
    ),
]


@pytest.mark.parametrize("test_code", DISCOVERED, ids=lambda test_code: test_code.source)
def test_nothing_has_to_run_for_discovery(executor: LocalExecutor, test_code: TestCode) -> None:
    """Items and the guess baseline are those of a run without a candidate."""
    found = discover([test_code], executor, DiscoveryCache())[test_code]
    plain = read_plain_tests(test_code)

    assert plain is not None
    assert isinstance(found, Discovery)
    assert [part.item for part in plain.asserts] == found.items
    assert plain.guessed == found.guessed


@pytest.mark.parametrize(
    "prompt",
    [
        "import no_such_module", "from typing import NoSuchName", "x = 1 / 0",
        "def f(x: List): ...",
        "from typing import Optional\ndef f(x: Optional[int, str]): ...", "class Node: ...",
        "@print\ndef f(): ...", "def f(x=1 / 0): ...", "def f(x: print('x')): ...",
    ],
)  # fmt: skip
def test_a_prompt_that_may_raise_is_run(prompt: str) -> None:
    """Whether it does, or what it defines, is for a run without a candidate to find out."""
    assert read_plain_tests(TestCode(source="assert f(1) == 2", prompt=prompt)) is None


def test_the_random_numbers_of_this_process_stay_as_they_are() -> None:
    """A trainer may have set their seed."""
    random.seed(7)
    expected = random.random()
    random.seed(7)

    assert read_plain_tests(TestCode(source="assert f(1) == 2")) is not None
    assert random.random() == expected
