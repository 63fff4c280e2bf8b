"""Measure samples per second, compared with a naive grader, and the cost of a guest.

    python -m benchmarks.throughput [--rounds N]

The speed of a machine varies, so every round measures all contestants in turn, and the ratio is
taken within the round; the table shows medians. The naive grader starts one interpreter for every
test case (`stdio`) or for every sample (`call`), as many at a time as there are processors, and
protects nothing. The cost of a guest is compared with a bare fork and wait.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from nova_code_verifier import Sample, judge
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Job, Run

CASES = 10
SAMPLES = 24
FORKS = 200
PROCESSORS = len(os.sched_getaffinity(0))

STDIO_PROGRAM = """
import sys
from collections import Counter

def main():
    words = sys.stdin.read().split()
    for word, count in sorted(Counter(words).items()):
        print(word, count)

if __name__ == "__main__":
    main()
"""
CALL_PROGRAM = """
from typing import List

class Solution:
    def twoSum(self, nums: List[int], target: int) -> List[int]:
        seen = {}
        for index, number in enumerate(nums):
            if target - number in seen:
                return [seen[target - number], index]
            seen[number] = index
        return []
"""

# It imports the zygote's own modules, so that it forks a process of the same size.
BARE_FORK = """
import os, sys, gc, time
sys.path.insert(0, sys.argv[2])
from nova_code_verifier.sandbox.confinement import audit, confine, kernel, seccomp
from nova_code_verifier.sandbox.guest import main
from nova_code_verifier.sandbox.protocol import channel, control, encoding
import array, bisect, heapq, itertools, math, operator, re, select, socket, string, typing
register, os.register_at_fork = os.register_at_fork, lambda **_: None
import random
gc.collect(); gc.freeze()
count = int(sys.argv[1])
started = time.perf_counter()
for _ in range(count):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
print((time.perf_counter() - started) / count)
"""

READY = """
import json, sys, time
started = time.perf_counter()
from nova_code_verifier.handlers import reward
reward.EXECUTOR.level
seconds = time.perf_counter() - started
with open("/proc/self/statm") as file:
    own = int(file.read().split()[1]) * 4
with open(f"/proc/{reward.EXECUTOR.zygote_pids[0]}/statm") as file:
    zygote = int(file.read().split()[1]) * 4
print(json.dumps([seconds, own / 1024, zygote / 1024]))
"""


def _different(program: str, reference: object) -> list[Sample]:
    """Return samples whose programs do the same: equal ones would run once."""
    return [
        Sample(completion=f"```python{program}# {number}\n```", reference=reference)
        for number in range(SAMPLES)
    ]


def stdio_samples() -> list[Sample]:
    """Return samples that count the words of standard input."""
    texts = [" ".join(f"w{(n * k) % 7}" for k in range(50)) + "\n" for n in range(1, CASES + 1)]
    outputs = []
    for text in texts:
        words = text.split()
        outputs.append("\n".join(f"{w} {words.count(w)}" for w in sorted(set(words))))
    reference = {"inputs": texts, "outputs": outputs}
    return _different(STDIO_PROGRAM, reference)


def call_samples() -> list[Sample]:
    """Return samples with a method that finds two numbers with a given sum."""
    cases = [
        {"args": [list(range(n + 2)), 2 * n + 1], "expected": [n, n + 1]} for n in range(CASES)
    ]
    tests = {"kind": "call", "entry_point": "Solution().twoSum", "cases": cases}
    return _different(CALL_PROGRAM, {"tests": tests})


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _ours(executor: LocalExecutor, samples: list[Sample]) -> float:
    """Return the seconds per sample. Only the time of right samples means anything: check one."""
    scores = judge(samples[:1], executor)
    assert scores[0].correctness == 1.0, scores[0]
    return _timed(lambda: judge(samples, executor)) / len(samples)


def _one_guest(executor: LocalExecutor) -> float:
    """Return the seconds per guest for the smallest program, on a single worker."""
    job = Job(program="pass", questions=(Run(),) * FORKS)
    return _timed(lambda: list(executor.run([job]))) / FORKS


def _naive_stdio(directory: Path, samples: list[Sample]) -> float:
    program = directory / "solution.py"
    program.write_text(STDIO_PROGRAM)
    reference = samples[0].reference
    assert isinstance(reference, dict)
    pairs = list(zip(reference["inputs"], reference["outputs"], strict=True)) * SAMPLES

    def grade(pair: tuple[str, str]) -> bool:
        done = subprocess.run(
            [sys.executable, str(program)], input=pair[0], capture_output=True, text=True,
            timeout=10, check=True,
        )  # fmt: skip
        return done.stdout.split() == pair[1].split()

    with ThreadPoolExecutor(PROCESSORS) as pool:
        return _timed(lambda: all(list(pool.map(grade, pairs)))) / SAMPLES


def _naive_call(directory: Path, samples: list[Sample]) -> float:
    program = directory / "tested.py"
    reference = samples[0].reference
    assert isinstance(reference, dict)
    asserts = [
        f"assert Solution().twoSum(*{case['args']!r}) == {case['expected']!r}"
        for case in reference["tests"]["cases"]
    ]
    program.write_text(CALL_PROGRAM + "\n".join(asserts))

    def grade(_: int) -> bool:
        command = [sys.executable, str(program)]
        return subprocess.run(command, capture_output=True, timeout=10, check=True).returncode == 0

    with ThreadPoolExecutor(PROCESSORS) as pool:
        return _timed(lambda: all(list(pool.map(grade, range(SAMPLES))))) / SAMPLES


def _bare_fork() -> float:
    root = str(Path(__file__).resolve().parent.parent)
    command = [sys.executable, "-c", BARE_FORK, str(FORKS), root]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _ready() -> tuple[float, float, float]:
    command = [sys.executable, "-c", READY]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, own, zygote = json.loads(done.stdout)
    return seconds, own, zygote


def measure(rounds: int, console: Console) -> dict[str, list[float]]:
    """Measure every contestant once in each round, and return the seconds by contestant."""
    seconds: dict[str, list[float]] = {}
    stdio, calls = stdio_samples(), call_samples()
    with (
        LocalExecutor() as executor,
        LocalExecutor(workers=1) as single,
        tempfile.TemporaryDirectory() as scratch,
    ):
        contestants: dict[str, Callable[[], float]] = {
            "bare fork": _bare_fork,
            "guest": lambda: _one_guest(single),
            "stdio ours": lambda: _ours(executor, stdio),
            "stdio naive": lambda: _naive_stdio(Path(scratch), stdio),
            "call ours": lambda: _ours(executor, calls),
            "call naive": lambda: _naive_call(Path(scratch), calls),
        }
        console.print(
            f"isolation level [bold]{executor.level}[/], {PROCESSORS} processors, {rounds} rounds"
        )
        for _ in track(range(rounds), description="measuring", console=console, transient=True):
            for name, contestant in contestants.items():
                seconds.setdefault(name, []).append(contestant())
    return seconds


def show(seconds: dict[str, list[float]], console: Console) -> None:
    """Print the medians, and the medians of the ratios."""
    middle = {name: statistics.median(values) for name, values in seconds.items()}

    def ratio(slower: str, faster: str) -> float:
        pairs = zip(seconds[slower], seconds[faster], strict=True)
        return statistics.median(a / b for a, b in pairs)

    table = Table(title=f"samples with {CASES} cases, per second")
    for column in ("kind of tests", "this verifier", "naive grader", "ratio"):
        table.add_column(column, justify="right")
    for kind in ("stdio", "call"):
        table.add_row(
            kind, f"{1 / middle[f'{kind} ours']:.0f}", f"{1 / middle[f'{kind} naive']:.0f}",
            f"{ratio(f'{kind} naive', f'{kind} ours'):.1f}",
        )  # fmt: skip
    console.print(table)
    console.print(
        f"one guest with all protections: {middle['guest'] * 1e3:.2f} ms; a bare fork and wait: "
        f"{middle['bare fork'] * 1e3:.2f} ms; ratio {ratio('guest', 'bare fork'):.1f}"
    )
    readings = [_ready() for _ in range(3)]
    ready, own, zygote = (statistics.median(column) for column in zip(*readings, strict=True))
    console.print(
        f"from the import of the handler until it is ready: {ready:.2f} s; resident memory: "
        f"handler {own:.0f} MB, zygote {zygote:.0f} MB"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    console = Console()
    show(measure(arguments.rounds, console), console)


if __name__ == "__main__":
    main()
