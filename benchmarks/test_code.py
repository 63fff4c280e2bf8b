"""How fast is test code judged? Compared with a naive grader, and with evalplus.

    python -m benchmarks.test_code [--rounds N] [--rollouts N] [--evalplus PYTHON] [WORKLOAD...]

Workloads:

    scripts    HumanEval's own solutions, and the buggy ones of HumanEvalPack without those that
               never end, which would only measure a limit
    unittest   solutions of BigCodeBench, whose tests are classes of unittest
    pytest     solutions of MBPP; each of its asserts is a test function of a module for pytest

*First sight* includes discovery and the guess baseline of all tests. Later, these are cached, as
when a trainer sends many completions of a prompt. `--rollouts N` puts N completions of each prompt
into the batch (the same completion N times, which saves no work). Every round measures all graders
in turn, with as many processes as there are processors, and computes the ratio within the round;
the table shows medians. The naive grader starts an interpreter for every completion. evalplus forks
its own pool, with the inputs of HumanEval's tests as its base inputs; PYTHON is an interpreter that
can import it (`pip install evalplus` in a scratch environment). Neither protects anything from a
hostile program. The last line is the cost of a request from the tests to a candidate.
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

from nova_code_verifier import Sample, Score, Verdict
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import (
    Company,
    Execution,
    Executor,
    IsolationLevel,
    Job,
    JobRunner,
    Limits,
    Session,
)
from nova_code_verifier.verifier.pipeline import judge
from nova_code_verifier.verifier.test_code.discovery import DiscoveryCache
from tests.known.published import BIGCODEBENCH, BUGGY, HUMANEVAL, SANITIZED, read_solutions

PROCESSORS = len(os.sched_getaffinity(0))
LIMITS = Limits()
WARM_UP_LIMITS = Limits(cpu_seconds=0.3)  # finds the completions that never end
PYTEST_PROMPTS = 24
REQUESTS = 10_000
REQUEST_TESTS = f"""
import time
from solution import f

def test_cost():
    f(0)
    started = time.perf_counter()
    for number in range({REQUESTS}):
        f(number)
    raise ValueError(str((time.perf_counter() - started) / {REQUESTS}))
"""

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
    """A completion; and for graders that do not read our references, a program and its tests."""

    task: str
    sample: Sample
    is_right: bool
    program: str
    tests: str
    humaneval_row: dict[str, str] | None = None


class CountingExecutor:
    """An executor that counts guests, by the kind of their jobs."""

    isolates_trusted_code = False
    fast_paths = True

    def __init__(self, executor: Executor, counts: Counter[str]) -> None:
        """Count in *counts*."""
        self._executor = executor
        self._counts = counts

    @property
    def level(self) -> IsolationLevel:
        """Return the executor's level."""
        return self._executor.level

    def run(
        self, jobs: Iterable[Job], *, company: Company | None = None
    ) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Count the guests of the jobs, and run each question on its own."""
        del company
        yield from self._run(jobs, self._executor)

    def with_preloaded(self, modules: tuple[str, ...]) -> "CountingExecutor":
        """Count the guests of trusted programs, too."""
        return CountingExecutor(self._executor.with_preloaded(modules), self._counts)

    def with_sessions(self, modules: tuple[str, ...]) -> JobRunner:
        """Count both guests of a session."""
        return self.with_preloaded(modules)

    def _run(
        self, jobs: Iterable[Job], runner: JobRunner
    ) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        listed = list(jobs)
        of_sessions = sum(isinstance(job.questions[0], Session) for job in listed)
        self._counts["candidates"] += of_sessions
        self._counts["harnesses"] += of_sessions
        self._counts["others"] += len(listed) - of_sessions
        return runner.run(listed)


def _scripts() -> list[Entry]:
    right = read_solutions(HUMANEVAL)
    rows = {solution.task.partition("/")[2]: solution.row for solution in right}
    entries = []
    for solution in (*right, *read_solutions(BUGGY)):
        row = solution.row
        is_right = "canonical_solution" in row
        # The buggy ones contain the call already.
        call = f"\ncheck({row['entry_point']})\n" if is_right else ""
        entry = Entry(
            task=solution.task,
            sample=solution.sample,
            is_right=is_right,
            program=row["prompt"] + row["canonical_solution" if is_right else "buggy_solution"],
            tests=row["test"] + call,
            humaneval_row=rows[solution.task.partition("/")[2]],
        )
        entries.append(entry)
    return entries


def _unittests() -> list[Entry]:
    return [
        Entry(
            task=solution.task,
            sample=solution.sample,
            is_right=True,
            program=solution.row["prompt"] + solution.row["canonical_solution"],
            tests=f"{solution.row['test']}\nimport unittest\nunittest.main()\n",
        )
        for solution in read_solutions(BIGCODEBENCH)
    ]


def _pytests() -> list[Entry]:
    entries = []
    for solution in read_solutions(SANITIZED)[:PYTEST_PROMPTS]:
        asserts = enumerate(solution.row["test_list"])
        functions = [f"def test_{number}():\n    {text}\n" for number, text in asserts]
        imports = ["from solution import *", *solution.row.get("test_imports", ())]
        tests = "\n".join([*imports, *functions])
        reference = {"tests": {"kind": "code", "code": tests, "style": "pytest"}}
        sample = Sample(completion=solution.sample.completion, reference=reference)
        program = solution.row["code"]
        entries.append(
            Entry(task=solution.task, sample=sample, is_right=True, program=program, tests=tests)
        )
    return entries


WORKLOADS = {"scripts": _scripts, "unittest": _unittests, "pytest": _pytests}


def _judged(
    entries: list[Entry],
    executor: Executor,
    discovery_cache: DiscoveryCache,
    limits: Limits = LIMITS,
) -> list[Score]:
    samples = [entry.sample for entry in entries]
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


def _ours(
    entries: list[Entry], executor: Executor, discovery_cache: DiscoveryCache | None
) -> Grader:
    """Return our grader; without a cache, it sees all tests for the first time in every round."""

    def grade() -> tuple[float, list[bool]]:
        cache = discovery_cache or DiscoveryCache()
        started = time.perf_counter()
        scores = _judged(entries, executor, cache)
        return time.perf_counter() - started, [score.correctness == 1.0 for score in scores]

    return grade


def _naive(entries: list[Entry], directory: Path) -> Grader:
    commands = [
        _naive_command(entry, directory / str(number)) for number, entry in enumerate(entries)
    ]

    def passes(command: list[str]) -> bool:
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0

    def grade() -> tuple[float, list[bool]]:
        with ThreadPoolExecutor(PROCESSORS) as pool:
            started = time.perf_counter()
            passed = list(pool.map(passes, commands))
            return time.perf_counter() - started, passed

    return grade


def _naive_command(entry: Entry, directory: Path) -> list[str]:
    directory.mkdir()
    if "from solution import *" in entry.tests:
        (directory / "solution.py").write_text(entry.program)
        (directory / "test_solution.py").write_text(entry.tests)
        options = ["-q", "-p", "no:cacheprovider"]
        return [sys.executable, "-m", "pytest", *options, f"--rootdir={directory}", str(directory)]
    program = directory / "program.py"
    program.write_text(f"{entry.program}\n{entry.tests}")
    return [sys.executable, str(program)]


@contextmanager
def _evalplus(entries: list[Entry], directory: Path, python: str) -> Iterator[Grader | None]:
    """Start evalplus in an interpreter of its own; None where that cannot import it."""
    command = [python, "-c", "import evalplus.evaluate"]
    if not python or subprocess.run(command, capture_output=True, check=False).returncode != 0:
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


def measure(workload: str, rounds: int, rollouts: int, python: str, console: Console) -> None:
    """Measure every grader once a round, and print."""
    counts: Counter[str] = Counter()
    discovery_cache = DiscoveryCache()
    with LocalExecutor() as executor, tempfile.TemporaryDirectory() as scratch:
        entries = WORKLOADS[workload]()
        if workload == "scripts":
            entries = _without_endless(entries, executor, discovery_cache)
        entries = [entry for entry in entries[::rollouts] for _ in range(rollouts)]
        with _evalplus(entries, Path(scratch), python) as evalplus:
            naive = _naive(entries, Path(scratch))
            graders = {
                "ours": _ours(entries, executor, discovery_cache),
                "ours, first sight": _ours(entries, executor, None),
                "naive": naive,
            }
            graders["ours"]()  # start the zygotes
            if evalplus is not None:
                graders["evalplus"] = evalplus
            elif workload == "scripts":
                console.print(f"evalplus is skipped: {python} cannot import it")
            console.print(f"isolation level [bold]{executor.level}[/], {PROCESSORS} processors")
            seconds = _measured(graders, entries, rounds, console)
            _show(f"{len(entries)} completions, {workload}", len(entries), seconds, console)
        _judged(entries, CountingExecutor(executor, counts), discovery_cache)
    _show_guests(len(entries), counts, console)


def measure_request(console: Console) -> None:
    """Print the cost of one request."""
    reference = {"tests": {"kind": "code", "code": REQUEST_TESTS, "style": "pytest"}}
    sample = Sample(completion="```python\ndef f(x):\n    return x\n```", reference=reference)
    with LocalExecutor() as executor:
        costs = [float(_only(judge([sample], executor)).cases[0].message) for _ in range(5)]
    console.print(f"a request: {min(costs) * 1000:.3f} ms")


def _only(scores: list[Score]) -> Score:
    (score,) = scores
    return score


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
            wrong = {entry.task for entry, passes in graded if passes != entry.is_right}
            mistaken.setdefault(name, set()).update(wrong)
    for name, tasks in mistaken.items():
        if tasks:  # the speed of a grader that is wrong does not count
            console.print(f"{name} is wrong about {', '.join(sorted(tasks))}")
    return seconds


def _show(title: str, count: int, seconds: dict[str, list[float]], console: Console) -> None:
    table = Table(title=f"{title}, {len(seconds['ours'])} rounds")
    for column in ("grader", "completions/s", "ours is faster by"):
        table.add_column(column, justify="right")
    for name, values in seconds.items():
        ratios = [other / ours for other, ours in zip(values, seconds["ours"], strict=True)]
        per_second = count / statistics.median(values)
        table.add_row(name, f"{per_second:.0f}", f"{statistics.median(ratios):.1f}")
    console.print(table)


def _show_guests(completions: int, counts: Counter[str], console: Console) -> None:
    kinds = ", ".join(f"{count} of {kind}" for kind, count in counts.items() if count)
    console.print(f"guests per completion: {counts.total() / completions:.2f} ({kinds})")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rollouts", type=int, default=1)
    parser.add_argument("--evalplus", default=sys.executable, metavar="PYTHON")
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(WORKLOADS))
    arguments = parser.parse_args()
    console = Console()
    for workload in arguments.workloads or WORKLOADS:
        python = arguments.evalplus if workload == "scripts" else ""
        measure(workload, arguments.rounds, arguments.rollouts, python, console)
    measure_request(console)


if __name__ == "__main__":
    main()
