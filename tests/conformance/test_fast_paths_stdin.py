"""Rows do not depend on whether runs are tried in company: only durations and memory differ.

The programs here carry something from one run to the next, where that is possible. So each is
judged twice: by the outputs of its runs alone, and by those that it would have in one process.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nova_code_verifier import Sample, judge
from nova_code_verifier.sandbox.host import event_loop, schedule
from nova_code_verifier.sandbox.host.company_keeper import CompanyKeeper
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import (
    Ending,
    Execution,
    Executor,
    IsolationLevel,
    Job,
    Limits,
    Run,
)
from nova_code_verifier.verifier.program.traces import leaves_no_trace
from nova_code_verifier.verifier.types import CaseResult, Score
from tests.known.datasets import read_dataset
from tests.paths import REPOSITORY

INPUTS = ("3 left\nover\n", "1", "2 \n\n")

# Each adds to what the program prints. `n` is the first number of the input.
HONEST = {
    "counter": "from collections import Counter\nprint(Counter('abca').most_common())",
    "memo": "from functools import cache\n@cache\ndef f(k): return k and f(k-1) + 1\n"
    "print(f(30), f.cache_info())",
    "recursion": "import sys\nprint(sys.getrecursionlimit())\nsys.setrecursionlimit(5000 + n)",
    "depth": "def depth(k=0):\n  try: return depth(k + 1)\n  except RecursionError: return k\n"
    "print(depth())",
    "decimal": "from decimal import Decimal, getcontext\nprint(Decimal(1) / 3)\n"
    "getcontext().prec = 5 + n",
    "decimal traps": "import decimal\nprint(decimal.getcontext())\ndecimal.setcontext("
    "decimal.Context(Emax=9, Emin=-9))",
    "random": "import random\nprint(random.random())\nrandom.seed(7)\nprint(random.randint(1, 99))",
    "gauss": "from random import gauss\nprint(gauss(0, 1))",
    "digits": "import sys\nprint(len(str(10 ** 5000)))\nsys.set_int_max_str_digits(640)",
    "rest of stdin": "import sys\nprint(repr(sys.stdin.read()))",
    "rest of stdin by line": "import sys\nfor line in sys.stdin: print(line.split())\n"
    "print(repr(sys.stdin.readline()))",
    "stdin by descriptor": "f = open(0)\nprint(repr(f.read()))",
    "stdin in a cycle": "c = [open(0, closefd=True)]\nc.append(c)\nprint(repr(c[0].read()))",
    "bytes": "import sys\nsys.stdout.flush()\nsys.stdout.buffer.write(b'raw\\n')",
    "stream": "import sys, io\nout = sys.stdout\nsys.stdout = io.StringIO()\nprint('lost')\n"
    "sys.stdout = out",
    "stays replaced": "import sys, io\nsys.stdin = io.StringIO('x')\nprint(input())",
    "exits": "if n == 1: exit()",
    "exits by raising": "import sys\nif n == 2: sys.exit(0)",
    "no newline": "print('x', end='')",
    "long": "print('x' * 200_000)",
    "class": "class A:\n  count = 0\n  def __init__(self): A.count += 1\nA()\nA()\nprint(A.count)",
    "function attribute": "def g(): g.calls += 1\ng.calls = 0\ng()\nprint(g.calls)",
    "default argument": "def h(x=[]):\n  x.append(n)\n  return x\nh()\nprint(h())",
    "set of texts": "print({'a', 'b', 'c', str(n)})",
    "arguments": "import sys\nprint(sys.argv)\nsys.argv.append('x')",
    "globals": "try: print(kept)\nexcept NameError: kept = n",
    "pattern": "import re\nprint(re.findall('[a-z]+', 'ab1' * n))",
    "garbage": "x = [[0] * 10_000 for _ in range(20)]\nx.append(x)",
    "depth of constructors": "class A:\n  def __init__(self, k):\n    self.k = k\n    seen[0] = k\n"
    "    A(k + 1)\nseen = [0]\ntry: A(0)\nexcept RecursionError: print(seen)",
    "depth of sorting": "seen = [0]\ndef f(k):\n  seen[0] = k\n"
    "  sorted([1, 2], key=lambda _: f(k + 1))\ntry: f(0)\nexcept RecursionError: print(seen)",
    "depth of generators": "seen = [0]\ndef f(k):\n  seen[0] = k\n"
    "  return sum(f(k + 1) for _ in '12')\ntry: f(0)\nexcept RecursionError: print(seen)",
    "depth in a cache": "from functools import lru_cache\nseen = [0]\n@lru_cache(None)\n"
    "def f(k):\n  seen[0] = k\n  return f(k + 1)\ntry: f(0)\nexcept RecursionError: print(seen)",
    "stdin in the arguments": "import sys\nsys.argv.append(open(0))\nprint(sys.argv[1].readline())",
    "stdin as stdout": "import sys\nkept = sys.stdout\nsys.stdout = open(0)\nsys.stdout = kept",
    "seeded": "import random\nrandom.seed('x')\nprint(random.random())",
    "memory refused": "try: x = [0] * 10 ** 14\nexcept MemoryError: print('refused')",
    "exception kept": "try: 1 / 0\nexcept ZeroDivisionError as e: kept = [e]; kept.append(kept)",
    "type of a record": "from collections import namedtuple\nprint(namedtuple('P', 'x y')(1, n))",
}
FAILING = {
    "fails": "if n == 2: 1 / 0",
    "fails deep": "def f(k):\n  if k == 0: raise ValueError(n)\n  f(k - 1)\nf(40 * n)",
    "fails at the end of the stack": "def f(k): f(k + 1)\nf(0)",
    "fails at the end of a short stack": "import sys\nsys.setrecursionlimit(30 * n)\n"
    "def f(k): f(k + 1)\nf(0)",
    "fails in constructors": "class A:\n  def __init__(self, k): A(k + 1)\nA(0)",
    "fails while it fails": "try: 1 / 0\nexcept ZeroDivisionError: [][n]",
    "fails from another": "try: [][n]\nexcept IndexError as e: raise KeyError(n) from e",
    "fails with its own exception": "class Odd(Exception):\n"
    "  def __str__(self): return 'o' * 3000\nraise Odd(n)",
    "fails with an exception that fails": "class Odd(Exception):\n  def __str__(self): 1 / 0\n"
    "if n == 1: raise Odd(n)",
    "fails at the end of input": "while True: print(input())",
    "fails with a list": "raise IndexError([n, 'é\\ud800'])",
    "fails an assertion": "assert n == 1, f'not {n}'",
    "fails with a status": "import sys\nif n == 2: sys.exit(3)",
    "fails with a large status": "exit(2 ** 70 + n)",
    "fails with a negative status": "raise SystemExit(-n)",
    "fails with a text": "import sys\nif n == 2: sys.exit('no')",
    "fails with a list as status": "exit([n])",
    "interrupted": "if n == 2: raise KeyboardInterrupt",
    "ended by a base exception": "class B(BaseException): pass\nif n < 3: raise B(n)",
    "lacks a name": "print(m)",
    "lacks an attribute": "print(n.real.reel)",
    "lacks memory": "if n == 2: raise MemoryError",
    "lacks a module's name": "from math import cosine",
    "fails with digits": "import sys\nsys.set_int_max_str_digits(640)\nprint(10 ** 700 * n)",
    "fails with a decimal": "import decimal\ndecimal.getcontext().prec = n\n"
    "print(decimal.Decimal(1) / 0)",
    "fails with a replaced stream": "import sys, io\nsys.stdout = io.StringIO()\nprint(n)\n1 / 0",
    "fails with a closed stream": "import sys\nprint(n, end='')\nsys.stdout.close()\n1 / 0",
    "fails and keeps stdin": "f = open(0)\nf = [f]\nf.append(f)\n1 / 0",
    "prints much and fails": "print('x' * 200_000)\n1 / 0",
    "prints much to stderr": "exit('x' * 200_000)",
    "closes stdout": "import sys\nsys.stdout.close()",
    "closes stdin": "import sys\nsys.stdin.close()\nprint(input())",
    "warns": "print(n is 1)",
    "warns and fails": "print(n is 1)\n1 / 0",
    "prints bytes that are no text": "import sys\nsys.stdout.buffer.write(bytes([255, n]))",
    "prints what cannot be encoded": "print('\\ud800')",
    "writes to stderr": "import sys\nprint('x', file=sys.stderr)",
    "does not end": "while n == 3: pass",
    "needs too much": "x = [0] * 10 ** 9",
    "prints too much": "while n == 3: print('x' * 10_000)",
}
STATEFUL = {
    "suspended": "def g():\n  try: yield\n  finally: print('ended')\ni = g()\nnext(i)",
    "suspended in a cycle": "def g(c):\n  try: yield\n  finally: print('ended')\nc = []\n"
    "c.append(g(c))\nnext(c[0])",
    "freed later": "import sys, decimal\nprint(sys.getrecursionlimit(), decimal.getcontext())\n"
    "def late():\n  try: yield\n  finally:\n    sys.setrecursionlimit(400)\n"
    "    decimal.getcontext().prec = 3\n"
    "class S: pass\nsys.stdin = S()\nsys.stdin.late = late()\nnext(sys.stdin.late)",
    "module": "import math\nmath.seen = getattr(math, 'seen', 0) + 1\nprint(math.seen)",
    "builtin": "import builtins\nbuiltins.seen = getattr(builtins, 'seen', 0) + n\n"
    "print(builtins.seen)",
    "modules": "import sys\nprint('seen' in sys.modules)\nsys.modules['seen'] = sys",
    "library class": "from collections import Counter\n"
    "Counter.seen = getattr(Counter, 'seen', 0) + 1\nprint(Counter.seen)",
    "by its type": "from collections import Counter\nk = type(Counter())\n"
    "print(hasattr(k, 'mark'))\nk.mark = 1",
    "library function": "import heapq\nprint(heapq.merge.__dict__)\nheapq.merge.x = 1",
    "defaults": "import heapq\nprint(heapq.merge.__kwdefaults__)\n"
    "heapq.merge.__kwdefaults__['key'] = int",
    "pattern cache": "import re\nprint(len(re._cache))\nre.compile('a' * (n + 10))",
    "format": "import re\nprint('{0.search.__globals__[_cache]}'.format(re))\nre.compile('b' * n)",
    "environment": "import os\nprint(os.environ.get('SEEN'))\nos.environ['SEEN'] = '1'",
    "file": "open('seen', 'a').write('x')\nprint(open('seen').read())",
    "temporary file": "open('/tmp/seen', 'a').write('x')\nprint(open('/tmp/seen').read())",
    "thread": "import threading, time\ndef late():\n  time.sleep(9)\n  print('late')\n"
    "threading.Thread(target=late, daemon=True).start()",
    "local of a thread": "import threading\nthreading.main_thread().seen = n",
    "descriptor": "import os\nos.dup2(1, 9)\nos.write(9, b'x')",
    "many descriptors": "import os\nprint(os.dup(0))",
    "at exit": "import atexit\natexit.register(print, 'bye')",
    "process ends": "import os\nprint(n, flush=True)\nif n == 1: os._exit(0)",
    "time": "import time\nprint(time.process_time() > 0)",
    "collector": "import gc\nprint(gc.isenabled())\ngc.disable()",
    "signal": "import signal\nprint(signal.getsignal(signal.SIGTERM))\n"
    "signal.signal(signal.SIGTERM, lambda *_: None)",
    "context variable": "import contextvars, sys\nv = sys.__dict__.setdefault('v',"
    " contextvars.ContextVar('v', default=0))\nprint(v.get())\nv.set(v.get() + 1)",
    "evaluated": "exec('import math\\nmath.e2 = getattr(math, \"e2\", 0) + 1\\nprint(math.e2)')",
    "finaliser": "class D:\n  def __del__(self): print('gone')\nd = D()\nd.d = d",
    "identity": "print(id([]) == id([]))",
    "text of another kind": "import re\nclass S(str):\n  def __hash__(self): return 5\n"
    "  def __eq__(self, o):\n    print(getattr(o, 'n', 0))\n    return True\n"
    "s = S(r'\\1')\ns.n = n\nre.sub('(a)', s, 'aa')",
}
SLOW = {"does not end", "needs too much", "prints too much"}
FRAGMENTS = HONEST | FAILING | STATEFUL


class _InOrder(random.Random):
    def sample(self, population: object, _k: int) -> list[int]:  # type: ignore[override]
        """Return the runs in order: a program that counts them then gains most."""
        return list(population)  # type: ignore[call-overload, no-any-return]


@pytest.fixture(scope="module", autouse=True)
def in_order() -> Iterator[None]:
    """Let the programs know the order of the runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule, "_RANDOM", _InOrder())
        yield


@pytest.fixture(scope="module")
def pair(level: IsolationLevel) -> Iterator[tuple[LocalExecutor, LocalExecutor]]:
    """Return an executor without fast paths, and one with them."""
    with (
        LocalExecutor(workers=1, level=level, fast_paths=False) as plain,
        LocalExecutor(workers=1, level=level) as fast,
    ):
        yield plain, fast


def row_of(score: Score) -> Score:
    """Return a score without what differs between two runs of the same program."""
    return replace(score, cases=tuple(map(_without_noise, score.cases)))


def _without_noise(case: CaseResult) -> CaseResult:
    execution = replace(
        case.execution, cpu_seconds=0.0, wall_seconds=0.0, own_seconds=0.0, memory_bytes=0
    )
    if execution.ending is Ending.FINISHED:
        return replace(case, execution=execution)
    # How much was read before the guest was killed is chance.
    return replace(case, execution=replace(execution, stdout=b""), stdout_bytes=0)


def sample_of(program: str, outputs: list[str], inputs: tuple[str, ...] = INPUTS) -> Sample:
    """Return a sample with limits that hold on a busy machine."""
    limits = {"cpu_seconds": 1, "wall_seconds": 20, "output_bytes": 2**20}
    reference = {"inputs": list(inputs), "outputs": outputs, "limits": limits}
    return Sample(completion=f"```python\n{program}\n```", reference=reference)


def program_of(names: tuple[str, ...]) -> str:
    """Return a program that consists of fragments."""
    return "\n".join(
        ["n = int(input().split()[0])", *(FRAGMENTS[name] for name in names), "print(n)"]
    )


def outputs_alone(executor: LocalExecutor, program: str) -> list[str]:
    """Return what each run prints in a guest of its own."""
    score = judge([sample_of(program, ["?"] * len(INPUTS))], executor)[0]
    return [case.execution.stdout.decode("utf-8", "replace") for case in score.cases]


def expected_outputs(executor: LocalExecutor, program: str) -> Iterator[list[str]]:
    """Yield what to expect: the outputs alone, each with one replaced, and those of the last run.

    A program that carries anything from run to run is right by one of these only in company.
    """
    alone = outputs_alone(executor, program)
    yield alone
    yield [alone[-1], *alone[1:]]
    yield [alone[0]] * len(alone)


def require_same_rows(
    pair: tuple[LocalExecutor, LocalExecutor], program: str, outputs: list[str]
) -> Score:
    """Judge with and without fast paths; return the score."""
    sample = sample_of(program, outputs)
    without, with_fast_paths = (row_of(judge([sample], executor)[0]) for executor in pair)
    assert with_fast_paths == without
    return without


@pytest.mark.parametrize("name", FRAGMENTS)
def test_rows_are_the_same_for_each_kind_of_program(
    pair: tuple[LocalExecutor, LocalExecutor], name: str
) -> None:
    """What a program keeps, replaces or ends is the same whether tried in company or not."""
    program = program_of((name,))

    for outputs in expected_outputs(pair[0], program):
        require_same_rows(pair, program, outputs)
        if name in SLOW:
            break


@pytest.mark.parametrize("name", STATEFUL)
def test_programs_that_carry_something_on_do_not_qualify(name: str) -> None:
    """None of the programs that carry something from run to run is tried in company."""
    assert not leaves_no_trace(program_of((name,)))


@pytest.mark.parametrize("name", sorted(HONEST.keys() - {"arguments"}))
def test_honest_programs_qualify(name: str) -> None:
    """Programs that only use what each run has for itself are tried in company."""
    assert leaves_no_trace(program_of((name,)))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(names=st.lists(st.sampled_from(sorted(FRAGMENTS.keys() - SLOW)), max_size=5, unique=True))
def test_rows_are_the_same_for_programs_of_several_kinds(
    pair: tuple[LocalExecutor, LocalExecutor], names: list[str]
) -> None:
    """Whatever a program combines, its row is the same."""
    program = program_of(tuple(names))

    for outputs in expected_outputs(pair[0], program):
        require_same_rows(pair, program, outputs)


class _Counting:
    """Counts the runs that an executor asks about, and accepts them by a rule."""

    def __init__(self, rule: Callable[[int], bool] = lambda _: True) -> None:
        self._rule = rule
        self.asked: list[int] = []

    def may_share_guest(self, _job: int) -> bool:
        """Return True, whatever the program does."""
        return True

    def accepts(self, _job: int, question: int, _execution: Execution) -> bool:
        """Count the run, and apply the rule."""
        self.asked.append(question)
        return self._rule(question)


class _Expecting(_Counting):
    """Accepts what prints these outputs."""

    def __init__(self, outputs: list[bytes]) -> None:
        super().__init__()
        self._outputs = outputs

    def accepts(self, _job: int, question: int, execution: Execution) -> bool:
        """Compare the output."""
        return execution.exit_status == 0 and execution.stdout == self._outputs[question]


def job_of(program: str, *inputs: str, limits: Limits = Limits()) -> Job:
    """Return a job with several runs."""
    questions = tuple(Run(stdin=text.encode()) for text in inputs)
    return Job(program=program, questions=questions, limits=limits)


def run_once(executor: Executor, job: Job, company: _Counting) -> tuple[Execution, ...]:
    """Run one job."""
    [(_, executions)] = executor.run([job], company=company)
    return executions


@pytest.fixture
def keepers(monkeypatch: pytest.MonkeyPatch) -> list[CompanyKeeper]:
    """Return a list that gets the keeper of each company."""
    made: list[CompanyKeeper] = []

    class Listed(CompanyKeeper):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            made.append(self)

    monkeypatch.setattr(event_loop, "CompanyKeeper", Listed)
    return made


def test_the_runs_of_a_right_program_share_a_guest(
    pair: tuple[LocalExecutor, LocalExecutor], keepers: list[CompanyKeeper]
) -> None:
    """All runs are asked about once, and every execution looks like one of a guest of its own."""
    job = job_of("print(int(input()) ** 2)", *map(str, range(20)))
    company = _Counting()
    executions = run_once(pair[1], job, company)

    assert company.asked == list(range(20))
    assert len({execution.memory_bytes for execution in executions}) == 1
    assert [execution.stdout for execution in executions] == [b"%d\n" % (n * n) for n in range(20)]
    assert [tuple(keeper.executions) for keeper in keepers] == [executions]
    assert facts_of(executions) == facts_of(run_once(pair[0], job, _Counting()))


def test_a_thousand_small_runs_share_a_guest(
    pair: tuple[LocalExecutor, LocalExecutor], keepers: list[CompanyKeeper]
) -> None:
    """The start of the guest says nothing about how long later runs take."""
    job = job_of("print(int(input()) ** 2)", *map(str, range(1000)))
    executions = run_once(pair[1], job, _Counting())

    assert [int(execution.stdout) for execution in executions] == [n * n for n in range(1000)]
    assert [tuple(keeper.executions) for keeper in keepers] == [executions]


def facts_of(executions: Iterable[Execution]) -> list[Execution]:
    """Return executions without what is measured."""
    return [
        replace(execution, cpu_seconds=0, wall_seconds=0, own_seconds=0, memory_bytes=0)
        for execution in executions
    ]


@pytest.mark.parametrize(
    "name",
    sorted(
        FAILING.keys()
        - SLOW
        - {"fails at the end of a short stack"}
        - {"warns", "warns and fails", "writes to stderr", "lacks memory", "lacks a module's name"}
    ),
)
def test_the_runs_of_a_wrong_program_share_a_guest(
    pair: tuple[LocalExecutor, LocalExecutor], keepers: list[CompanyKeeper], name: str
) -> None:
    """Executions of failing runs are those of guests of their own, and a single guest confirms it.

    There are enough runs for the interpreter to specialise code.
    """
    program = program_of((name,))
    job = job_of(program, *(f"{1 + n % 3} left\nover\n" for n in range(24)))
    executions = run_once(pair[1], job, _Counting(lambda index: index % 2 == 0))

    assert leaves_no_trace(program)
    assert facts_of(executions) == facts_of(run_once(pair[0], job, _Counting()))
    assert [keeper.executions for keeper in keepers] == [list(executions)]


@pytest.mark.parametrize("name", sorted(STATEFUL))
def test_a_run_alone_reveals_what_a_program_carries_on(
    pair: tuple[LocalExecutor, LocalExecutor], name: str
) -> None:
    """Even if its text did not: what it does in company is not held against it."""
    job = job_of(program_of((name,)), *INPUTS)
    alone = run_once(pair[0], job, _Counting())
    company = _Expecting([execution.stdout for execution in alone])

    assert facts_of(run_once(pair[1], job, company)) == facts_of(alone)


@pytest.mark.parametrize(
    "program",
    [
        "import threading as t\nt.Thread(target=t.Event().wait, daemon=True).start()",
        "import os\nos.dup(0)",
        "import sys\nprint('x', file=sys.stderr)",
        "raise MemoryError",
        "import os\nos._exit(0)",
        "import os\nos.write(3, b'nonsense')",
        "import os\nos.close(3)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
        "while True: pass",
        "import time\ntime.sleep(9)",
        "x = bytearray(120 * 2**20)",
        "while True: print('x' * 1000)",
        "syntax error",
    ],
)
def test_any_odd_sign_ends_the_company(
    pair: tuple[LocalExecutor, LocalExecutor], program: str, keepers: list[CompanyKeeper]
) -> None:
    """A program that does not leave no trace after all is never accepted in company."""
    limits = Limits(cpu_seconds=0.4, wall_seconds=1, memory_bytes=2**27, output_bytes=2**20)
    company = _Counting()
    executions = run_once(pair[1], job_of(program, "a", "b", limits=limits), company)
    alone = run_once(pair[0], job_of(program, "a", "b", limits=limits), _Counting())

    assert [one.ending for one in executions] == [one.ending for one in alone]
    assert [keeper.executions for keeper in keepers] == [[]]


def test_messages_that_claim_an_end_do_not_help(pair: tuple[LocalExecutor, LocalExecutor]) -> None:
    """A guest that reports the end of runs that it was not given is not believed."""
    message = b'["ended", "0"]'
    claim = f"import os\nos.write(3, {(len(message).to_bytes(4, 'big') + message) * 3!r})"
    executions = run_once(pair[1], job_of(claim, "a", "b", "c"), _Counting())

    assert {execution.ending for execution in executions} == {Ending.UNREADABLE}


def test_a_deadline_ends_the_company(pair: tuple[LocalExecutor, LocalExecutor]) -> None:
    """Runs that a deadline stops were not run."""
    job = job_of("while True: pass", "a", "b")
    [(_, executions)] = pair[1].with_deadline(0.0).run([job], company=_Counting())

    assert [execution.ending for execution in executions] == [Ending.NOT_RUN] * 2


@pytest.mark.slow
def test_known_solutions_have_the_same_rows(pair: tuple[LocalExecutor, LocalExecutor]) -> None:
    """Real contest programs, right and wrong, get the same rows."""
    known = [
        solution
        for solution in read_dataset(REPOSITORY / "tests/known/data/kodsport.jsonl")
        if "partial" not in solution.name
    ][::6]
    samples = [
        Sample(
            completion=solution.sample["messages"][-1]["content"],  # type: ignore[index]
            reference=solution.sample["reference_answer"],
        )
        for solution in known
    ]

    without, with_fast_paths = (
        [row_of(score) for score in judge(samples, executor)] for executor in pair
    )

    assert with_fast_paths == without
