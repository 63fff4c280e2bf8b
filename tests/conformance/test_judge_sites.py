"""Programs as people write them for judge sites, graded by the rows of datasets."""

from typing import Any

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.verifier.pipeline import judge
from nova_code_verifier.verifier.types import Sample, Score, Verdict

STARTER = "class Solution:\n    def f(self, a: List[int]) -> int:\n        "
CALLS: dict[str, Any] = {
    "fn_name": "f",
    "inputs": [[[1, 2, 3]], [[4]], [[]]],
    "outputs": [6, 4, 0],
    "starter_code": STARTER,
}
LIVECODEBENCH: dict[str, Any] = {
    "starter_code": STARTER,
    "public_test_cases": '[{"input": "[1, 2, 3]", "output": "6", "testtype": "functional"}]',
    "private_test_cases": '[{"input": "[4]", "output": "4", "testtype": "functional"}]',
    "metadata": '{"func_name": "f"}',
}
CANONICAL: dict[str, Any] = {
    "tests": {
        "kind": "call",
        "entry_point": "Solution().f",
        "cases": [{"args": [[1, 2, 3]], "expected": 6}, {"args": [[4]], "expected": 4}],
    }
}
LEETCODE: dict[str, Any] = {
    "test": "def check(f):\n    assert f(a=[1, 2]) == 3\n    assert f(a=[4]) == 4\n",
    "entry_point": "Solution().f",
    "starter_code": STARTER,
}
CODE_R1: dict[str, Any] = {
    "functional": "assert Solution().f([1, 2]) == 3\nassert Solution().f([]) == 0"
}
RUNS: dict[str, Any] = {"inputs": ["1 2", "4"], "outputs": ["3", "4"]}
ROWS = {
    "calls": CALLS,
    "LiveCodeBench": LIVECODEBENCH,
    "canonical": CANONICAL,
    "LeetCodeDataset": LEETCODE,
    "Code-R1": CODE_R1,
}


def scores(executor: LocalExecutor, programs: list[str], reference: object) -> list[Score]:
    """Grade programs, each in a block of its own completion."""
    completions = [f"```python\n{program}\n```" for program in programs]
    return judge([Sample(completion=text, reference=reference) for text in completions], executor)


def verdict(executor: LocalExecutor, program: str, reference: object) -> Verdict:
    """Grade one program."""
    return scores(executor, [program], reference)[0].verdict


def method(body: str, before: str = "") -> str:
    """Write a solution on the starter code."""
    return f"{before}{STARTER}{body}"


SITE_PROGRAMS = [
    method("return sum(a)"),
    method("return reduce(add, a, 0)"),
    method("return functools.reduce(operator.add, a, 0)"),
    method("return list(accumulate(a, initial=0))[-1]"),
    method("seen: Counter[int] = Counter(a)\n        return sum(k * v for k, v in seen.items())"),
    method("seen = defaultdict(int)\n        for x in a: seen[0] += x\n        return seen[0]"),
    method("q = deque(a)\n        s = 0\n        while q: s += q.popleft()\n        return s"),
    method("heapify(a)\n        s = 0\n        while a: s += heappop(a)\n        return s"),
    method("best = -inf\n        for x in a: best = max(best, x)\n        return sum(a)"),
    method("@cache\n        def g(i): return i and a[i - 1] + g(i - 1)\n        return g(len(a))"),
    method("return sum(sorted(a, key=cmp_to_key(lambda x, y: x - y)))"),
    method(
        "return sum(a) + bisect_left([1, 2], 1) + bisect([1], 0) + bisect.bisect([1], 0)"
    ).replace(" + bisect([1], 0)", ""),
    method("return sum(a) + bisect([1], 0)"),
    method("return sum(copy(a)) + len(deepcopy([]))"),
    method("return sum(a) + len(ascii_lowercase) - len(string.ascii_lowercase)"),
    method("return sum(a) + (datetime(2020, 3, 1) - datetime(2020, 2, 28)).days - 2"),
    method("return sum(a) + (datetime.date(2020, 3, 1) - date(2020, 2, 28)).days - 2"),
    method("return int(sum(map(Fraction, a)))"),
    method("return sum(map(int, re.findall('[0-9]+', str(a)))) + int(random.random())"),
    method("return sum(a) + pow(2, 3, 7) - 1 + int(sqrt(0))"),
    method("return sum(a)", before="from __future__ import annotations\n"),
    method("return sum(a)", before="from typing import *\nList = list\n"),
    method("return eval('reduce(add, a, 0)', globals(), {'a': a})"),
    method(
        "return sum(a) if limit() == 5 else 0",
        before="try:\n    inf\nexcept NameError:\n    inf = 5\ndef limit(): return inf\n",
    ),
    "def f(self, a: List[int]) -> int:\n    return self.g(a)\n\ndef g(self, a):\n    return sum(a)",
    "    def f(self, a: List[int]) -> int:\n        return sum(a)",
    "class Solution:\n    f = lambda self, a: sum(chain(a, repeat(0, 2)))",
]


@pytest.mark.parametrize("row", ROWS)
def test_a_program_of_a_judge_site_is_accepted(row: str, executor: LocalExecutor) -> None:
    """A program may leave out the imports of its site and the class of its starter code."""
    found = scores(executor, SITE_PROGRAMS, ROWS[row])

    assert [score.verdict for score in found] == [Verdict.ACCEPTED] * len(SITE_PROGRAMS)


@pytest.mark.parametrize("row", ["calls", "LiveCodeBench", "LeetCodeDataset"])
def test_a_body_continues_the_starter_code(row: str, executor: LocalExecutor) -> None:
    """A base model's continuation is graded, with or without a fence around it."""
    body = "total = 0\n        for x in a:\n            total += x\n        return total"
    texts = [body, f"        {body}", f"```python\n        {body}\n```"]

    found = judge([Sample(completion=text, reference=ROWS[row]) for text in texts], executor)

    assert [score.verdict for score in found] == [Verdict.ACCEPTED] * 3


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (method("return summ(a)"), Verdict.RUNTIME_ERROR),
        (method("return sum(a) + 1"), Verdict.WRONG_ANSWER),
        (method("return sum(a"), Verdict.COMPILE_ERROR),
        (method("return sum(a)", before="x = ListNode()\n"), Verdict.RUNTIME_ERROR),
        ("def g(self, a: List[int]) -> int:\n    return sum(a)", Verdict.NO_ENTRY_POINT),
        ("class Solution:\n    def g(self, a: List[int]): return sum(a)", Verdict.NO_ENTRY_POINT),
    ],
)
def test_a_prelude_makes_no_wrong_program_right(
    program: str, expected: Verdict, executor: LocalExecutor
) -> None:
    """Other missing names, wrong answers and errors of syntax fail as before."""
    assert verdict(executor, program, CALLS) is expected


@pytest.mark.parametrize("name", ["gcd", "median", "permutations", "reduce"])
def test_a_library_function_is_not_the_candidate_s(name: str, executor: LocalExecutor) -> None:
    """A program that only names the function that it should define is not paid for it."""
    reference = {"fn_name": name, "inputs": [[4, 6], [3, 5]], "outputs": [2, 1]}

    assert scores(executor, [f"print({name})"], reference)[0].correctness == 0.0


@pytest.mark.parametrize("row", ROWS)
def test_a_cached_function_recurses_as_deeply_as_on_a_site(
    row: str, executor: LocalExecutor
) -> None:
    """Three thousand calls deep are no error, though Python's own limit allows a tenth."""
    program = method(
        "@cache\n        def g(n): return n and g(n - 1)\n        return sum(a) + g(3000)"
    )

    assert verdict(executor, program, ROWS[row]) is Verdict.ACCEPTED


def test_a_program_that_is_run_has_no_prelude(executor: LocalExecutor) -> None:
    """A program for standard input must import what it uses, unless its row says otherwise."""
    program = "print(reduce(add, map(int, input().split())))"
    prelude = "from functools import *\nfrom operator import *"

    assert verdict(executor, program, RUNS) is Verdict.RUNTIME_ERROR
    assert verdict(executor, program, RUNS | {"prelude": prelude}) is Verdict.ACCEPTED


@pytest.mark.parametrize("row", [CALLS, LEETCODE])
def test_a_row_decides_about_its_prelude(row: dict[str, Any], executor: LocalExecutor) -> None:
    """With `none` nothing is imported; a prelude of the row replaces the usual one."""
    program = method("return sum(a)")

    assert verdict(executor, program, row | {"prelude": "none"}) is Verdict.RUNTIME_ERROR
    assert verdict(executor, program, row | {"prelude": "import math"}) is Verdict.RUNTIME_ERROR
    assert (
        verdict(executor, program, row | {"import_prefix": "from typing import *"})
        is Verdict.ACCEPTED
    )


@pytest.mark.parametrize("row", [RUNS, CALLS, LEETCODE])
@pytest.mark.parametrize("program", ["print(1)", "def f(:", "import os; os._exit(1)"])
def test_a_broken_prelude_is_never_the_candidate_s_fault(
    row: dict[str, Any], program: str, executor: LocalExecutor
) -> None:
    """Whatever the program is, its row is ungraded by the name of what is missing."""
    (score,) = scores(executor, [program], row | {"prelude": "import nonesuch"})

    assert (score.verdict, score.is_outage) == (Verdict.UNGRADED, False)
    assert "nonesuch" in score.problem


def test_a_candidate_cannot_choose_to_be_ungraded_by_its_prelude(executor: LocalExecutor) -> None:
    """An error of the program is its own failure if the prelude works without it."""
    program = "raise ModuleNotFoundError('prelude: nonesuch')"

    assert verdict(executor, program, CALLS | {"prelude": "import math"}) is Verdict.RUNTIME_ERROR
