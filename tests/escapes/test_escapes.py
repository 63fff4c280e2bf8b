"""Hostile programs earn nothing, and honest ones everything, at two levels of isolation.

In: `tests/escapes/`. The first lines of a program there say what judges it (`against`: `code`,
`call`, or `shared` for test code in the program's own process), which verdicts are right (`must`),
which problem it pretends to solve (`problem`), and, if not none, how many cases it may pass
(`passes`). With `earns: 0`, it may pass them as a guess that earns nothing. `test_code/` has the
tests of each problem, in several styles.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_code_verifier import Sample, judge
from nova_code_verifier.sandbox.errors import IsolationRefusedError
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.types import Score

_ESCAPES = Path(__file__).parent
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
# These run into every limit, once for each of their tests.
_SLOW = {
    *("endless_chain", "endless_loop", "endless_objects", "huge_answer", "tracing"),
    *("callback_forgets", "files_many", "files_pipes", "logs_many", "peer_endless"),
    "peer_only_reads",
}
_LIMITS = {"cpu_seconds": 1.0, "wall_seconds": 3.0}


def _head(path: Path) -> dict[str, str]:
    lines = [line[2:] for line in path.read_text("utf-8").splitlines() if line.startswith("# ")]
    return {key: value for key, _, value in (line.partition(": ") for line in lines)}


def _references(path: Path) -> list[tuple[str, int, dict[str, object]]]:
    """Return what judges a program: a name, the number of cases, and the reference."""
    head = _head(path)
    problem = head["problem"]
    found: list[tuple[str, int, dict[str, object]]] = []
    is_shared = head["against"] == "shared"
    if "code" in head["against"] or is_shared:
        # A problem like `order_script` names the tests of one style.
        folder = _ESCAPES / "test_code"
        for tests_path in sorted({*folder.glob(f"{problem}.py"), *folder.glob(f"{problem}_*.py")}):
            tests_head = _head(tests_path)
            tests = {
                "kind": "code",
                "code": tests_path.read_text("ascii"),
                "entry_point": tests_head.get("entry_point", ""),
                "shared_process": is_shared,
            }
            reference = {"tests": tests, "limits": _LIMITS}
            found.append((tests_path.stem, int(tests_head["cases"]), reference))
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
    """Keep workers warm, at a level that this kernel supports."""
    try:
        with LocalExecutor(level=request.param) as executor:
            yield executor
    except IsolationRefusedError as refusal:
        pytest.skip(str(refusal))


def _judge_all(path: Path, executor: LocalExecutor) -> list[tuple[str, int, Score]]:
    completion = f"```python\n{path.read_text('utf-8')}\n```"
    references = _references(path)
    samples = [Sample(completion=completion, reference=reference) for *_, reference in references]
    scores = judge(samples, executor)
    return [
        (name, cases, score) for (name, cases, _), score in zip(references, scores, strict=True)
    ]


def _numbers(head: dict[str, str], key: str) -> set[int]:
    return {int(number) for number in head.get(key, "0").split("|")}


@pytest.mark.parametrize("path", _programs("cheats"))
def test_a_cheat_passes_only_cases_that_it_answers_correctly(
    path: Path, executor: LocalExecutor
) -> None:
    """A cheat gets one of its verdicts, passes no case by its trick, and hides no case."""
    head = _head(path)
    passes, compared = _numbers(head, "passes"), _numbers(head, "self_compared")

    for name, cases, score in _judge_all(path, executor):
        found = f"{name}: {score.verdict} {score.tests_passed}/{score.tests_total} {score.problem}"
        assert score.verdict in head["must"].split("|"), found
        assert score.tests_passed in passes, found
        assert score.tests_total == cases, found
        assert score.self_compared in compared, found
        assert "earns" not in head or score.correctness == 0, found


@pytest.mark.parametrize("path", _programs("honest"))
def test_an_honest_program_passes_all_cases(path: Path, executor: LocalExecutor) -> None:
    """An honest program passes every case, whatever its style is."""
    head = _head(path)

    for name, cases, score in _judge_all(path, executor):
        problems = [case.execution.error or case.execution.detail for case in score.cases]
        assert score.verdict == "accepted", f"{name}: {score.verdict} {score.problem} {problems}"
        assert score.tests_passed == score.tests_total == cases, name
        assert score.self_compared == int(head.get("self_compared", "0")), name


def test_every_problem_has_an_honest_solution() -> None:
    """No cheat fails merely because no program can pass its tests."""
    solved = {_head(path)["problem"] for path in (_ESCAPES / "honest").glob("*.py")}
    attacked = {_head(path)["problem"] for path in (_ESCAPES / "cheats").glob("*.py")}

    assert {problem.removesuffix("_script") for problem in attacked} <= solved
