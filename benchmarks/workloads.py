"""Workloads: completions for our verifier, and the same ones for graders that read no references.

Each workload is written anew for every round, with other names or a comment in its programs, so
that no cache of results can answer.
"""

import ast
import builtins
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from nova_code_verifier import LocalExecutor, Sample, Verdict, judge
from nova_code_verifier.sandbox.types import Limits
from tests.known.published import (
    BIGCODEBENCH,
    BUGGY,
    HUMANEVAL,
    MBPP,
    SANITIZED,
    Collection,
    Solution,
    read_solutions,
)

CASES = 10
GROUP = 8
_ENDLESS_SECONDS = 0.3  # the CPU time after which a buggy completion counts as endless


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One completion. A grader that reads no references gets the fields of `item`."""

    sample: Sample
    is_right: bool
    program: str
    tests: str = ""
    cases: tuple[tuple[str, str], ...] = ()
    style: str = "script"
    row: dict[str, str] | None = None

    @property
    def item(self) -> dict[str, Any]:
        """What `peer_host.py` reads."""
        joined = f"{self.program}\n{self.tests}"
        files, command = {"program.py": joined}, ["program.py"]
        if self.style == "pytest":
            files = {"solution.py": self.program, "test_solution.py": self.tests}
            command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_solution.py"]
        return {
            "program": self.program, "joined": joined, "cases": self.cases, "files": files,
            "command": command, "row": self.row,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A row of the table. `write` makes the completions of a round, about as many as asked for.

    At *first sight*, no test was seen before. `target` is the ratio to the fastest peer that
    we want.
    """

    name: str
    peers: tuple[str, ...]
    write: Callable[[int, int], list[Work]]
    count: int
    first_sight: bool = False
    target: float | None = None


def fenced(program: str) -> str:
    """Return a program as a completion."""
    return f"```python\n{program}\n```"


# -- cases -----------------------------------------------------------------------------

_STDIN_PROGRAMS = (
    """
import sys
from collections import Counter

def main():
    words_{n} = sys.stdin.read().split()
    for word, count in sorted(Counter(words_{n}).items()):
        print(word, count)

if __name__ == "__main__":
    main()
""",
    """
words_{n} = input().split()
seen = dict()
for word in words_{n}:
    seen[word] = seen.get(word, 0) + 1
for word in sorted(seen):
    print(word, seen[word])
""",
    """
import sys
input = sys.stdin.readline
words_{n} = list(map(str, input().split()))
print("\\n".join(f"{{w}} {{words_{n}.count(w)}}" for w in sorted(set(words_{n}))))
""",
)
_CALL_PROGRAM = """
from typing import List

class Solution:
    def twoSum(self, nums: List[int], target: int) -> List[int]:
        seen_{n} = {{}}
        for index, number in enumerate(nums):
            if target - number in seen_{n}:
                return [seen_{n}[target - number], index]
            seen_{n}[number] = index
        return []
"""


def write_stdin(
    round_number: int, count: int, *, right: int = CASES, cases: int = CASES
) -> list[Work]:
    """Write programs that count the words of standard input; *right* of the cases are right."""
    texts = [" ".join(f"w{(n * k) % 7}" for k in range(50)) + "\n" for n in range(1, cases + 1)]
    counts = [
        "\n".join(f"{w} {text.split().count(w)}" for w in sorted(set(text.split())))
        for text in texts
    ]
    outputs = [f"{text}\n" if n < right else "nothing\n" for n, text in enumerate(counts)]
    reference = {"inputs": texts, "outputs": outputs}
    programs = [
        _STDIN_PROGRAMS[n % len(_STDIN_PROGRAMS)].format(n=f"{round_number}_{n}")
        for n in range(count)
    ]
    return [
        Work(
            sample=Sample(completion=fenced(program), reference=reference),
            is_right=right == cases,
            program=program,
            cases=tuple(zip(texts, outputs, strict=True)),
        )
        for program in programs
    ]


def write_calls(round_number: int, count: int, *, cases: int = CASES) -> list[Work]:
    """Write methods that find two numbers with a given sum."""
    rows = [
        {"args": [list(range(n % 50 + 2)), 2 * (n % 50) + 1], "expected": [n % 50, n % 50 + 1]}
        for n in range(cases)
    ]
    tests = {"kind": "call", "entry_point": "Solution().twoSum", "cases": rows}
    asserts = [f"assert Solution().twoSum(*{row['args']!r}) == {row['expected']!r}" for row in rows]
    programs = [_CALL_PROGRAM.format(n=f"{round_number}_{n}") for n in range(count)]
    return [
        Work(
            sample=Sample(completion=fenced(program), reference={"tests": tests}),
            is_right=True,
            program=program,
            tests="\n".join(asserts),
        )
        for program in programs
    ]


# -- test code -------------------------------------------------------------------------


@cache
def _solutions(collection: Collection) -> tuple[Solution, ...]:
    return read_solutions(collection)


@cache
def _endless_tasks() -> frozenset[str]:
    """Return the buggy completions that never end, which would only measure a limit."""
    buggy = _solutions(BUGGY)
    with LocalExecutor() as executor:
        scores = judge(
            [solution.sample for solution in buggy],
            executor,
            default_limits=Limits(cpu_seconds=_ENDLESS_SECONDS),
        )
    return frozenset(
        solution.task
        for solution, score in zip(buggy, scores, strict=True)
        if any(case.verdict is Verdict.TIME_LIMIT_EXCEEDED for case in score.cases)
    )


def _marked(work: Work, mark: str, *, tests: bool) -> Work:
    """Return the same work with a comment in the program and, if asked for, in the *tests*."""
    completion = (work.sample.completion or "").replace("```python\n", f"```python\n# {mark}\n", 1)
    reference: Any = work.sample.reference
    if tests:
        reference = json.loads(json.dumps(reference))
        _mark_tests(reference, mark)
    return Work(
        sample=Sample(completion=completion, reference=reference),
        is_right=work.is_right,
        program=f"# {mark}\n{work.program}",
        tests=work.tests,
        style=work.style,
        row=work.row,
    )


def _mark_tests(reference: dict[str, Any], mark: str) -> None:
    if "test_list" in reference:
        reference["test_list"][0] += f"  # {mark}"
    else:
        reference["test"] += f"\n# {mark}\n"


def _spread(works: list[Work], count: int) -> list[Work]:
    """Return *count* of *works*, from all parts of the list."""
    return works[:: max(1, len(works) // count)][:count]


@cache
def _humaneval(collection: Collection) -> list[Work]:
    """Return the solutions of HumanEval, or the buggy ones, which have the call in their tests."""
    rows = {solution.task.partition("/")[2]: solution.row for solution in _solutions(HUMANEVAL)}
    is_right = collection is HUMANEVAL
    return [
        Work(
            sample=solution.sample,
            is_right=is_right,
            program=row["prompt"] + row["canonical_solution" if is_right else "buggy_solution"],
            tests=row["test"] + (f"\ncheck({row['entry_point']})\n" if is_right else ""),
            row=rows[solution.task.partition("/")[2]],
        )
        for solution in _solutions(collection)
        if (row := solution.row) and (is_right or solution.task not in _endless_tasks())
    ]


@cache
def _mbpp(collection: Collection) -> list[Work]:
    return [
        Work(
            sample=solution.sample,
            is_right=True,
            program=row["code"],
            tests="\n".join(
                [*row.get("test_imports", ()), row.get("test_setup_code", ""), *row["test_list"]]
            ),
        )
        for solution in _solutions(collection)
        if (row := solution.row)
    ]


def _loops() -> list[Work]:
    """Write the asserts of each row as a loop over literals, as HumanEval+ and MBPP+ have it."""
    return [
        replace(
            work,
            sample=replace(work.sample, reference={"tests": {"kind": "code", "code": tests}}),
            tests=tests,
        )
        for work in _mbpp(SANITIZED)
        if (tests := _loop(work.tests))
    ]


def _loop(asserts: str) -> str:
    """Return a loop over the arguments and results of `assert f(…) == …`; "" for other asserts."""
    functions, inputs, results = set[str](), [], []
    for node in ast.parse(asserts).body:
        match node:
            case ast.Assert(test=ast.Compare(
                left=ast.Call(func=ast.Name(id=name), args=args, keywords=[]),
                ops=[ast.Eq()],
                comparators=[result],
            )):  # fmt: skip
                functions.add(name)
                inputs.append(f"[{', '.join(map(ast.unparse, args))}]")
                results.append(ast.unparse(result))
            case _:
                return ""
    if len(functions) != 1 or functions & vars(builtins).keys():
        return ""
    return _LOOP.format(
        inputs=", ".join(inputs), results=", ".join(results), function=functions.pop()
    )


_LOOP = """
def assertion(out, exp):
    exact_match = out == exp
    assert exact_match, f"out: {{out}}, exp: {{exp}}"

inputs = [{inputs}]
results = [{results}]
for i, (inp, exp) in enumerate(zip(inputs, results)):
    assertion({function}(*inp), exp)
"""


def _pytest() -> list[Work]:
    return [
        Work(
            sample=Sample(
                completion=fenced(work.program),
                reference={"tests": {"kind": "code", "code": tests, "style": "pytest"}},
            ),
            is_right=True,
            program=work.program,
            tests=tests,
            style="pytest",
        )
        for work in _mbpp(SANITIZED)
        if (tests := _test_functions(work.tests))
    ]


def _test_functions(asserts: str) -> str:
    lines = [line for line in asserts.split("\n") if line]
    functions = [
        f"def test_{number}():\n    {line}\n"
        for number, line in enumerate(lines)
        if line.startswith("assert")
    ]
    others = [line for line in lines if not line.startswith("assert")]
    return "\n".join(["from solution import *", *others, *functions])


# Its tests shuffle for 8 seconds: they would weigh more than all other tests in any grader.
_LONG_TASKS = ("BigCodeBench/0",)


def _unittest() -> list[Work]:
    return [
        Work(
            sample=solution.sample,
            is_right=True,
            program=row["prompt"] + row["canonical_solution"],
            tests=f"{row['test']}\nimport unittest\nunittest.main()\n",
        )
        for solution in _solutions(BIGCODEBENCH)
        if (row := solution.row) and solution.task not in _LONG_TASKS
    ]


def _write(
    works: Callable[[], list[Work]], round_number: int, count: int, *, new_tests: bool = False
) -> list[Work]:
    return [
        _marked(work, f"{round_number}.{number}", tests=new_tests)
        for number, work in enumerate(_spread(works(), count))
    ]


def _write_groups(round_number: int, count: int) -> list[Work]:
    """Write groups of 8 completions of a prompt: 4 equal right ones, 2 others, and 2 wrong ones."""
    wrong = {work.row["task_id"]: work for work in _humaneval(BUGGY) if work.row}
    found = []
    for work in _spread(_humaneval(HUMANEVAL), count // GROUP):
        assert work.row is not None
        # Not every prompt has a wrong completion.
        others = [work, work, *[wrong.get(work.row["task_id"], work)] * 2]
        found += [_marked(work, f"{round_number}", tests=False)] * (GROUP - len(others))
        found += [
            _marked(other, f"{round_number}.{number}", tests=False)
            for number, other in enumerate(others)
        ]
    return found


def _workloads() -> tuple[Workload, ...]:
    humaneval, mbpp = partial(_humaneval, HUMANEVAL), partial(_mbpp, MBPP)
    stdin, code = ("naive", "streams", "floor"), ("naive", "joined", "floor")
    with_evalplus = (*code, "evalplus")
    return (
        Workload(
            name=f"stdin, {CASES} cases, right", peers=stdin, write=write_stdin, count=40, target=5
        ),
        Workload(
            name=f"stdin, {CASES} cases, half of them wrong",
            peers=stdin,
            write=partial(write_stdin, right=CASES // 2),
            count=40,
            target=2,
        ),
        Workload(
            name=f"stdin, {CASES} cases, all wrong",
            peers=stdin,
            write=partial(write_stdin, right=0),
            count=40,
            target=1.5,
        ),
        Workload(name=f"calls, {CASES} cases", peers=code, write=write_calls, count=40),
        Workload(
            name="HumanEval, later",
            peers=with_evalplus,
            write=partial(_write, humaneval),
            count=164,
            target=1.5,
        ),
        Workload(
            name="HumanEval, first sight",
            peers=with_evalplus,
            write=partial(_write, humaneval, new_tests=True),
            count=164,
            first_sight=True,
            target=1,
        ),
        Workload(
            name="HumanEval, wrong, later",
            peers=with_evalplus,
            write=partial(_write, partial(_humaneval, BUGGY)),
            count=80,
        ),
        Workload(
            name="HumanEval, groups of 8, half of each equal",
            peers=with_evalplus,
            write=_write_groups,
            count=160,
            target=2.5,
        ),
        Workload(
            name="MBPP, later", peers=code, write=partial(_write, mbpp), count=164, target=1.5
        ),
        Workload(
            name="MBPP, first sight",
            peers=code,
            write=partial(_write, mbpp, new_tests=True),
            count=164,
            first_sight=True,
            target=1,
        ),
        Workload(
            name="MBPP as loops over literals, later",
            peers=code,
            write=partial(_write, _loops),
            count=164,
        ),
        Workload(
            name="MBPP as pytest modules, later",
            peers=("naive",),
            write=partial(_write, _pytest),
            count=24,
            target=1.5,
        ),
        Workload(
            name="BigCodeBench (unittest), later",
            peers=("naive",),
            write=partial(_write, _unittest),
            count=59,
            target=1.5,
        ),
    )


WORKLOADS = _workloads()
