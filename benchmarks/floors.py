"""What is not a rate of a batch: latency, start, memory; the cost of guests, cases and requests."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.graders import Ours
from benchmarks.workloads import WORKLOADS, Work, fenced, write_calls, write_stdin
from nova_code_verifier import Sample, judge
from nova_code_verifier.sandbox.types import Job, Run

FORKS = 200
REQUESTS = 5_000
_ROOT = str(Path(__file__).resolve().parent.parent)
_LATER = next(workload for workload in WORKLOADS if workload.name == "HumanEval, later")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A row of the table: `measure(round_number)` returns the value. `target` is a maximum.

    With `at_least`, it is a minimum.
    """

    name: str
    unit: str
    measure: Callable[[int], float]
    target: float | None = None
    at_least: bool = False

    def holds(self, value: float) -> bool | None:
        """Return whether the target is met; None without a target."""
        if self.target is None:
            return None
        return value >= self.target if self.at_least else value <= self.target


# It imports the zygote's own modules, so that it forks a process of the same size.
_BARE_FORK = """
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

# In: a list of events to warm up with, and one to measure. Out: seconds from the import to the
# first response, resident memory of handler and zygotes in MB, and the seconds of each event.
_HANDLER = """
import json, os, sys, time
warm_up, events = json.load(sys.stdin)
results, sys.stdout = sys.stdout, open(os.devnull, "w")  # it logs to stdout
started = time.perf_counter()
from nova_code_verifier.handlers import reward
reward.lambda_handler(warm_up[0])
ready = time.perf_counter() - started
for event in warm_up[1:]:
    reward.lambda_handler(event)
def resident(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
memory = resident("self") + resident(reward.EXECUTOR.zygote_pids[0])
seconds = []
for event in events:
    started = time.perf_counter()
    reward.lambda_handler(event)
    seconds.append(time.perf_counter() - started)
print(json.dumps([ready, memory, seconds]), file=results)
"""

_REQUEST_TESTS = f"""
import time
from solution import f

def test_cost():
    f(0)
    started = time.perf_counter()
    for number in range({REQUESTS}):
        f(number)
    raise ValueError(str((time.perf_counter() - started) / {REQUESTS}))
"""


def _output(program: str, *arguments: str, text: str = "") -> str:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def _event(work: Work) -> list[dict[str, object]]:
    message = {"role": "assistant", "content": work.sample.completion}
    return [{"id": 1, "messages": [message], "reference_answer": work.sample.reference}]


def _handler(warm_up: list[Work], works: list[Work]) -> tuple[float, float, list[float]]:
    events = json.dumps([list(map(_event, warm_up)), list(map(_event, works))])
    ready, memory, seconds = json.loads(_output(_HANDLER, text=events))
    return ready, memory, seconds


def _one_at_a_time(write: Callable[[int, int], list[Work]], round_number: int) -> float:
    """Return the milliseconds of a call of the handler with one completion of a known prompt."""
    *_, seconds = _handler(write(-1, 20), write(round_number, 20))
    return statistics.median(seconds) * 1000


def _start(index: int, round_number: int) -> float:
    """Return the seconds from the import to the first verdict, or the memory in MB then."""
    return (*_handler(write_stdin(round_number, 1), [])[:2],)[index]


def _guest(single: Ours, _round_number: int) -> float:
    """Return the time of the smallest guest, in times of a bare fork and wait."""
    job = Job(program="pass", questions=(Run(),) * FORKS)
    started = time.perf_counter()
    list(single.executor.run([job]))
    guest = (time.perf_counter() - started) / FORKS
    return guest / float(_output(_BARE_FORK, str(FORKS), _ROOT))


def _gain(
    single: Ours, double: Ours, write: Callable[[int, int], list[Work]], round_number: int
) -> float:
    """Return how much faster two workers are than one."""
    works = write(round_number, 80)
    return single.grade(works).seconds / double.grade(works).seconds


def _flatness(ours: Ours, write: Callable[..., list[Work]], cases: int, round_number: int) -> float:
    """Return the cost of a case among many, in times of that of one among ten."""
    few, many = write(round_number, 50, cases=10), write(round_number, 1, cases=cases)
    cost_of_many = ours.grade(many).seconds / cases
    return cost_of_many / (ours.grade(few).seconds / 500)


def _request(ours: Ours, _round_number: int) -> float:
    """Return the milliseconds of a request from the tests to the candidate."""
    tests = {"kind": "code", "code": _REQUEST_TESTS, "style": "pytest"}
    completion = fenced("def f(x):\n    return x")
    [score] = judge([Sample(completion=completion, reference={"tests": tests})], ours.executor)
    return float(score.cases[0].message) * 1000


def figures(ours: Ours, single: Ours, double: Ours, plain: Ours, *, cases: int) -> list[Figure]:
    """Return all figures.

    *single* and *double* have one and two workers, and *plain* has one worker and no fast paths.
    The cost of a case is measured among up to *cases*.
    """
    stdin: Callable[[int, int], list[Work]] = write_stdin
    return [
        Figure(
            name="one at a time through the handler, HumanEval",
            unit="ms", measure=partial(_one_at_a_time, _LATER.write), target=4,
        ),
        Figure(
            name="one at a time through the handler, stdin, 10 cases",
            unit="ms", measure=partial(_one_at_a_time, stdin), target=5,
        ),
        Figure(
            name="guest without fast paths : bare fork and wait",
            unit="x", measure=partial(_guest, plain), target=2,
        ),
        Figure(
            name=f"cost of a stdin case, of {cases:,} : of 10",
            unit="x", measure=partial(_flatness, ours, write_stdin, cases), target=1.1,
        ),
        Figure(
            name=f"cost of a call, of {cases:,} : of 10",
            unit="x", measure=partial(_flatness, ours, write_calls, cases), target=1.1,
        ),
        Figure(
            name="two workers : one, stdin, 10 cases",
            unit="x", measure=partial(_gain, single, double, stdin), target=1.8, at_least=True,
        ),
        Figure(
            name="two workers : one, HumanEval",
            unit="x", measure=partial(_gain, single, double, _LATER.write), target=1.8,
            at_least=True,
        ),
        Figure(
            name="import of the handler to first verdict",
            unit="s", measure=partial(_start, 0), target=0.4,
        ),
        Figure(
            name="memory of handler and zygote", unit="MB", measure=partial(_start, 1), target=80
        ),
        Figure(
            name="a request from tests to candidate",
            unit="ms", measure=partial(_request, ours), target=0.06,
        ),
    ]  # fmt: skip
