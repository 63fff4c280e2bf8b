"""How fast is test code judged? On HumanEval, compared with a naive grader and with evalplus.

    python -m benchmarks.test_code [--rounds N] [--rollouts N] [--evalplus PYTHON]

Completions are HumanEval's own solutions and the buggy ones of HumanEvalPack, without those that
never end, which would only measure a limit. Discovery of all tests is cached before, as when a
trainer sends many completions of a prompt; `--rollouts N` puts N completions of each prompt into
the batch (the same completion N times, which saves no work). Every round measures all graders in
turn, with as many processes as there are processors, and computes the ratio within the round; the
table shows medians. The naive grader starts an interpreter for every completion. evalplus forks its
own pool, with the inputs of HumanEval's tests as its base inputs; PYTHON is an interpreter that can
import it (`pip install evalplus` in a scratch environment). Neither protects anything from a
hostile program.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from nova_code_verifier import Score, Verdict
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import (
    Execution,
    Executor,
    IsolationLevel,
    Job,
    JobRunner,
    Limits,
)
from nova_code_verifier.verifier.pipeline import judge
from nova_code_verifier.verifier.test_code.discovery import DiscoveryCache
from tests.known.published import BUGGY, HUMANEVAL, Solution, read_solutions

PROCESSORS = len(os.sched_getaffinity(0))
LIMITS = Limits()
WARM_UP_LIMITS = Limits(cpu_seconds=0.3)  # finds the completions that never end

# For every line that it reads, it grades all completions once, and prints how long that took and
# which of them passed. It does what `evalplus.evaluate` does, except that it takes the inputs and
# the tolerance from the tests, in place of a download.
EVALPLUS = """
import copy, json, sys, time
from concurrent.futures import ProcessPoolExecutor
from evalplus.evaluate import check_correctness
from evalplus.gen.util import trusted_exec

def problem_of(row):
    inputs, names, name = [], {}, row["entry_point"]
    exec(row["prompt"] + row["canonical_solution"] + row["test"], names)
    def candidate(*arguments):
        inputs.append(copy.deepcopy(arguments))
        return names[name](*arguments)
    names["check"](candidate)
    solution = row["prompt"] + row["canonical_solution"]
    outputs, seconds = trusted_exec(solution, inputs, name, record_time=True)
    atol = 1e-4 if name == "find_zero" else 0
    problem = {k: row[k] for k in ("task_id", "entry_point")} | {"base_input": inputs, "atol": atol}
    return problem, {"base": outputs, "base_time": seconds}

workers, work = json.load(open(sys.argv[1]))
problems = {}
for row, _ in work:
    if row["task_id"] not in problems:
        problems[row["task_id"]] = problem_of(row)
with ProcessPoolExecutor(workers) as pool:
    list(pool.map(abs, range(workers)))
    print("ready", flush=True)
    for _ in sys.stdin:
        started = time.perf_counter()
        futures = []
        for number, (row, program) in enumerate(work):
            problem, expected = problems[row["task_id"]]
            futures.append(pool.submit(
                check_correctness, "humaneval", number, problem, program, expected,
                base_only=True, fast_check=True,
            ))
        passed = [future.result()["base"][0] == "pass" for future in futures]
        print(json.dumps([time.perf_counter() - started, passed]), flush=True)
"""

Grader = Callable[[], tuple[float, list[bool]]]
"""Grades all completions once; returns the seconds that it took, and which of them passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A completion, as a program and tests for graders that do not read our references."""

    solution: Solution
    is_right: bool
    program: str
    tests: str
    humaneval_row: dict[str, str]


class CountingRunner:
    """Counts jobs: of test code, each has one guest; a session has two."""

    def __init__(self, runner: JobRunner, counts: Counter[str], kind: str = "candidates") -> None:
        """Count the jobs of *kind* in *counts*."""
        self._runner = runner
        self._counts = counts
        self._kind = kind

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Count the jobs, and run them."""
        listed = list(jobs)
        self._counts[self._kind] += len(listed)
        return self._runner.run(listed)


class CountingExecutor(CountingRunner):
    """An executor that counts jobs."""

    def __init__(self, executor: Executor, counts: Counter[str], kind: str = "candidates") -> None:
        """Count the jobs of *kind* in *counts*."""
        super().__init__(executor, counts, kind)
        self._executor = executor

    @property
    def level(self) -> IsolationLevel:
        """Return the executor's level."""
        return self._executor.level

    @property
    def isolates_trusted_code(self) -> bool:
        """Return whether the executor does so."""
        return self._executor.isolates_trusted_code

    def with_preloaded(self, modules: tuple[str, ...]) -> "CountingExecutor":
        """Count the jobs of harnesses separately."""
        return CountingExecutor(self._executor.with_preloaded(modules), self._counts, "harnesses")

    def with_sessions(self, modules: tuple[str, ...]) -> "CountingRunner":
        """Count the jobs of sessions separately."""
        return CountingRunner(self._executor.with_sessions(modules), self._counts, "sessions")


def _entries() -> list[Entry]:
    right = read_solutions(HUMANEVAL)
    rows = {solution.task.partition("/")[2]: solution.row for solution in right}
    entries = []
    for solution in (*right, *read_solutions(BUGGY)):
        row = solution.row
        is_right = "canonical_solution" in row
        call = (
            f"\ncheck({row['entry_point']})\n" if is_right else ""
        )  # the buggy ones contain it already
        body = row["canonical_solution"] if is_right else row["buggy_solution"]
        entry = Entry(
            solution=solution,
            is_right=is_right,
            program=row["prompt"] + body,
            tests=row["test"] + call,
            humaneval_row=rows[solution.task.partition("/")[2]],
        )
        entries.append(entry)
    return entries


def _judged(
    entries: list[Entry],
    executor: Executor,
    discovery_cache: DiscoveryCache,
    limits: Limits = LIMITS,
) -> list[Score]:
    samples = [entry.solution.sample for entry in entries]
    return judge(samples, executor, default_limits=limits, discovery_cache=discovery_cache)


def _without_endless(
    entries: list[Entry], executor: Executor, discovery_cache: DiscoveryCache
) -> list[Entry]:
    """Judge all once, which fills the cache, and leave out those that ran out of time."""
    scores = _judged(entries, executor, discovery_cache, WARM_UP_LIMITS)
    return [
        entry
        for entry, score in zip(entries, scores, strict=True)
        if all(case.verdict is not Verdict.TIME_LIMIT_EXCEEDED for case in score.cases)
    ]


def _ours(entries: list[Entry], executor: Executor, discovery_cache: DiscoveryCache) -> Grader:
    def grade() -> tuple[float, list[bool]]:
        started = time.perf_counter()
        scores = _judged(entries, executor, discovery_cache)
        return time.perf_counter() - started, [score.correctness == 1.0 for score in scores]

    return grade


def _naive(entries: list[Entry], directory: Path) -> Grader:
    programs = [directory / f"{number}.py" for number in range(len(entries))]
    for entry, program in zip(entries, programs, strict=True):
        program.write_text(f"{entry.program}\n{entry.tests}")

    def passes(program: Path) -> bool:
        command = [sys.executable, str(program)]
        return subprocess.run(command, capture_output=True, timeout=10, check=False).returncode == 0

    def grade() -> tuple[float, list[bool]]:
        with ThreadPoolExecutor(PROCESSORS) as pool:
            started = time.perf_counter()
            passed = list(pool.map(passes, programs))
            return time.perf_counter() - started, passed

    return grade


@contextmanager
def _evalplus(entries: list[Entry], directory: Path, python: str) -> Iterator[Grader | None]:
    """Start evalplus in an interpreter of its own; None where that cannot import it."""
    command = [python, "-c", "import evalplus.evaluate"]
    imported = subprocess.run(command, capture_output=True, check=False)
    if imported.returncode != 0:
        yield None
        return
    work = directory / "work.json"
    work.write_text(
        json.dumps([PROCESSORS, [[entry.humaneval_row, entry.program] for entry in entries]])
    )
    with subprocess.Popen(
        [python, "-c", EVALPLUS, str(work)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        requests, replies = process.stdin, process.stdout
        assert requests is not None
        assert replies is not None and replies.readline() == "ready\n"  # noqa: PT018

        def grade() -> tuple[float, list[bool]]:
            requests.write("again\n")
            requests.flush()
            seconds, passed = json.loads(replies.readline())
            return seconds, passed

        yield grade
        requests.close()


def measure(rounds: int, rollouts: int, python: str, console: Console) -> None:
    """Measure every grader once a round, and print."""
    counts: Counter[str] = Counter()
    discovery_cache = DiscoveryCache()
    with LocalExecutor() as executor, tempfile.TemporaryDirectory() as scratch:
        entries = _without_endless(_entries(), executor, discovery_cache)
        entries = [entry for entry in entries[::rollouts] for _ in range(rollouts)]
        with _evalplus(entries, Path(scratch), python) as evalplus:
            ours = _ours(entries, executor, discovery_cache)
            graders = {"ours": ours, "naive": _naive(entries, Path(scratch))}
            if evalplus is None:
                console.print(f"evalplus is skipped: {python} cannot import it")
            else:
                graders["evalplus"] = evalplus
            console.print(f"isolation level [bold]{executor.level}[/], {PROCESSORS} processors")
            _show(_measured(graders, entries, rounds, console), len(entries), console)
        _judged(entries, CountingExecutor(executor, counts), discovery_cache)
    _show_guests(len(entries), counts, console)


def _measured(
    graders: dict[str, Grader], entries: list[Entry], rounds: int, console: Console
) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in graders}
    mistaken: dict[str, set[str]] = {}
    for _ in track(range(rounds), description="measuring", console=console, transient=True):
        for name, grade in graders.items():
            took, passed = grade()
            seconds[name].append(took)
            graded = zip(entries, passed, strict=True)
            wrong = {entry.solution.task for entry, passes in graded if passes != entry.is_right}
            mistaken.setdefault(name, set()).update(wrong)
    for name, tasks in mistaken.items():
        if tasks:  # the speed of a grader that is wrong does not count
            console.print(f"{name} is wrong about {', '.join(sorted(tasks))}")
    return seconds


def _show(seconds: dict[str, list[float]], count: int, console: Console) -> None:
    table = Table(title=f"{count} completions of HumanEval, {len(seconds['ours'])} rounds")
    for column in ("grader", "completions/s", "ours is faster by"):
        table.add_column(column, justify="right")
    for name, values in seconds.items():
        ratios = [other / ours for other, ours in zip(values, seconds["ours"], strict=True)]
        per_second = count / statistics.median(values)
        table.add_row(name, f"{per_second:.0f}", f"{statistics.median(ratios):.1f}")
    console.print(table)


def _show_guests(completions: int, counts: Counter[str], console: Console) -> None:
    console.print(
        f"guests per completion: {counts.total() / completions:.2f} "
        f"({counts['candidates']} of candidates, {counts['harnesses']} of harnesses)"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rollouts", type=int, default=1)
    parser.add_argument("--evalplus", default=sys.executable, metavar="PYTHON")
    arguments = parser.parse_args()
    measure(arguments.rounds, arguments.rollouts, arguments.evalplus, Console())


if __name__ == "__main__":
    main()
