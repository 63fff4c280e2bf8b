"""Hostile programs earn nothing, and honest ones everything, at both levels of isolation.

In: `tests/escapes/`. A program there says in its first lines what it is judged against (`code`,
`call`), which verdicts it must meet, which problem it pretends to solve, and, if it is not
none, how many cases it truly passes. `test code/` holds the tests of each problem, in several
styles. Must not know: how any of it is judged.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_code_verifier.sandbox.errors import IsolationRefusedError
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier import Sample, judge
from nova_code_verifier.verifier.types import Score

_ESCAPES = Path(__file__).parent.parent / "escapes"
_CALLS: dict[str, list[dict[str, object]]] = {
    "order": [
        {"args": [[3, 1, 2]], "expected": [1, 2, 3]},
        {"args": [[9, 7]], "expected": [7, 9]},
        {"args": [[5, 5, 4]], "expected": [4, 5, 5]},
    ],
    "mean": [
        {"args": [[1, 2]], "expected": 1.5},
        {"args": [[7, 7.5]], "expected": 7.25},
        {"args": [[2, 2, 5]], "expected": 3.0},
    ],
}
_SECONDS_MAX = 60.0  # no stall; how fast it is, benchmarks tell
# These run into every limit, once for each of their tests.
_SLOW = {"endless_chain", "endless_loop", "endless_objects", "huge_answer", "tracing"}
_LIMITS = {"cpu_seconds": 1.0, "wall_seconds": 3.0}


def _head(text: str) -> dict[str, str]:
    lines = [line[2:] for line in text.splitlines() if line.startswith("# ")]
    return {key: value for key, _, value in (line.partition(": ") for line in lines)}


def _papers(problem: str) -> list[Path]:
    """Find the tests of a problem; or, for one like `order_script`, these alone."""
    test_codes = _ESCAPES / "test_code"
    return sorted({*test_codes.glob(f"{problem}.py"), *test_codes.glob(f"{problem}_*.py")})


def _references(program: str) -> list[tuple[str, int, dict[str, object]]]:
    """Find what a program is judged against: a name, its number of cases, a reference."""
    head = _head(program)
    problem = head["problem"]
    found: list[tuple[str, int, dict[str, object]]] = []
    if "code" in head["against"]:
        for path in _papers(problem):
            source = path.read_text("ascii")
            test_code = _head(source)
            tests = {"kind": "code", "code": source, "entry_point": test_code.get("entry_point", "")}
            found.append((path.stem, int(test_code["cases"]), {"tests": tests, "limits": _LIMITS}))
    if "call" in head["against"] and problem in _CALLS:
        cases = _CALLS[problem]
        calls = {"kind": "call", "entry_point": "f", "cases": cases}
        found.append((f"{problem}_call", len(cases), {"tests": calls, "limits": _LIMITS}))
    return found


def _programs(folder: str) -> list[object]:
    return [
        pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if path.stem in _SLOW else [])
        for path in sorted((_ESCAPES / folder).glob("*.py"))
    ]


@pytest.fixture(
    scope="module",
    params=[
        IsolationLevel.KERNEL,
        pytest.param(IsolationLevel.INTERPRETER, marks=pytest.mark.slow),
    ],
    ids=str,
)
def executor(request: pytest.FixtureRequest) -> Iterator[LocalExecutor]:
    """Keep workers warm, at a level that this kernel grants."""
    try:
        with LocalExecutor(level=request.param) as executor:
            yield executor
    except IsolationRefusedError as refusal:
        pytest.skip(str(refusal))


def _judge_all(path: Path, executor: LocalExecutor) -> list[tuple[str, int, Score]]:
    program = path.read_text("utf-8")
    references = _references(program)
    completion = f"```python\n{program}\n```"
    samples = [Sample(completion=completion, reference=one) for _, _, one in references]
    started = time.monotonic()
    scores = judge(samples, executor)
    assert time.monotonic() - started < _SECONDS_MAX * len(samples), "it takes too long"
    names = [(name, cases) for name, cases, _ in references]
    return [(*one, score) for one, score in zip(names, scores, strict=True)]


@pytest.mark.parametrize("path", _programs("cheats"))
def test_cheat_earns_no_case_that_it_does_not_truly_answer(
    path: Path, executor: LocalExecutor
) -> None:
    """A cheat meets one of its verdicts, passes no case but its own, and loses none."""
    head = _head(path.read_text("utf-8"))
    passes = {int(number) for number in head.get("passes", "0").split("|")}

    for name, cases, score in _judge_all(path, executor):
        what = f"{name}: {score.verdict} {score.tests_passed}/{score.tests_total} {score.problem}"
        assert score.verdict in head["must"].split("|"), what
        assert score.tests_passed in passes, what
        assert score.tests_total == cases, what
        assert score.self_compared == int(head.get("self_compared", "0")), what


@pytest.mark.parametrize("path", _programs("honest"))
def test_honest_program_gets_full_marks(path: Path, executor: LocalExecutor) -> None:
    """An honest program passes every case, in whatever style it is written."""
    head = _head(path.read_text("utf-8"))

    for name, cases, score in _judge_all(path, executor):
        problems = [one.execution.error or one.execution.detail for one in score.cases]
        assert score.verdict == "accepted", f"{name}: {score.verdict} {score.problem} {problems}"
        assert score.tests_passed == score.tests_total == cases, name
        assert score.self_compared == int(head.get("self_compared", "0")), name


def test_every_problem_has_an_honest_solution() -> None:
    """No cheat fails merely because its tests could not be passed by anybody."""
    solved = {_head(path.read_text())["problem"] for path in (_ESCAPES / "honest").glob("*.py")}
    asked = {_head(path.read_text())["problem"] for path in (_ESCAPES / "cheats").glob("*.py")}

    assert {problem.removesuffix("_script") for problem in asked} <= solved
