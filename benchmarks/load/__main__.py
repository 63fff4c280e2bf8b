"""Judge the same samples on an idle machine and on a busy one; report every difference.

    python -m benchmarks.load [--only TEXT] [--conditions NAME...]

About 500 samples: completions for all kinds of tests, right and wrong ones, and programs that use a
share of a limit, or more than all of it. They are judged in each of these conditions:

    idle     nothing else runs
    busy     beside eight endless loops
    four     four runs at once
    again    idle once more: what differs here is not due to load

The rewards, the verdicts of all cases and the metrics of every row must be those of the first run.
Differences are printed, and the exit status is 1 if there are any. The last table shows how often
something was run again because a time-out may have been noise (the metric `reruns`), and how long
each run took.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.load.rows import Row, row_of
from benchmarks.load.samples import write_samples
from nova_code_verifier import DiscoveryCache, LocalExecutor, judge

LOOPS = 8
RUNS = {"idle": 1, "busy": 1, "four": 4, "again": 1}
_CALIBRATION_STEPS = 3_000_000
_LOOP = "while True: pass"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: its rows by the names of the samples."""

    condition: str
    rows: dict[str, Row]
    seconds: float

    @property
    def reruns(self) -> int:
        """How often something was run again."""
        return sum(int(float(str(row["reruns"]))) for row in self.rows.values())


# -- a run -----------------------------------------------------------------------------


def judge_all(steps_per_second: int, only: str) -> dict[str, Row]:
    """Judge all samples in this process."""
    samples = {
        name: sample for name, sample in write_samples(steps_per_second).items() if only in name
    }
    with LocalExecutor() as executor:
        scores = judge(list(samples.values()), executor, discovery_cache=DiscoveryCache())
        level = executor.level
    return {name: row_of(score, level) for name, score in zip(samples, scores, strict=True)}


def start_run(steps_per_second: int, only: str) -> subprocess.Popen[str]:
    """Start a run in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.load", "--only", only]
    command += ["--steps-per-second", str(steps_per_second)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def measure(condition: str, steps_per_second: int, only: str) -> list[Run]:
    """Judge all samples in one of the conditions."""
    with _loops(LOOPS if condition == "busy" else 0):
        started = time.monotonic()
        runs = [start_run(steps_per_second, only) for _ in range(RUNS[condition])]
        rows = [json.loads(run.communicate()[0]) for run in runs]
        seconds = time.monotonic() - started
    return [Run(condition=condition, rows=found, seconds=seconds) for found in rows]


@contextmanager
def _loops(count: int) -> Iterator[None]:
    loops = [subprocess.Popen([sys.executable, "-c", _LOOP]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def calibrate() -> int:
    """Return how many steps of an empty loop take a second of CPU time."""
    program = (
        # In a function, like those of the samples: a loop of a module takes twice as long.
        "import time\ndef loop():\n"
        f"    for _ in range({_CALIBRATION_STEPS}): pass\n"
        "start = time.process_time()\nloop()\nprint(time.process_time() - start)"
    )
    command = [sys.executable, "-c", program]
    times = [float(subprocess.check_output(command, text=True)) for _ in range(5)]
    return int(_CALIBRATION_STEPS / min(times))


# -- compare ---------------------------------------------------------------------------


def differences(first: Run, other: Run) -> Iterator[str]:
    """Yield a line for each sample that was judged otherwise than in the first run."""
    for name, row in other.rows.items():
        expected = first.rows[name]
        changed = [key for key in row if key != "reruns" and row[key] != expected[key]]
        # A detail that says why a case ended may name another limit, if two are exceeded.
        if changed and changed != ["details"]:
            shown = "; ".join(f"{key}: {expected[key]} -> {row[key]}" for key in changed)
            yield f"{other.condition}: {name}: {shown}"


def table_of(runs: list[Run], counts: Counter[str]) -> Table:
    """Return the table of all runs."""
    table = Table(title=f"{len(runs[0].rows)} samples in each run")
    for title in ("condition", "seconds", "run again", "differences"):
        table.add_column(title, justify="right")
    for condition in dict.fromkeys(run.condition for run in runs):
        found = [run for run in runs if run.condition == condition]
        reruns = ", ".join(str(run.reruns) for run in found)
        table.add_row(condition, f"{found[0].seconds:.0f}", reruns, str(counts[condition]))
    return table


def main() -> int:
    """Judge in all conditions and print; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="only samples with this text")
    parser.add_argument(
        "--conditions", nargs="+", choices=RUNS, default=list(RUNS), metavar="NAME",
        help="default: all, in this order; the first one is what the others are compared with",
    )  # fmt: skip
    # A run in a process of its own: it prints its rows.
    parser.add_argument("--steps-per-second", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.steps_per_second:
        print(json.dumps(judge_all(arguments.steps_per_second, arguments.only)))
        return 0
    console, errors = Console(), Console(stderr=True)
    steps, counts = calibrate(), Counter[str]()
    runs: list[Run] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True) as progress:
        for condition in arguments.conditions:
            bar = progress.add_task(condition, total=None)
            for run in measure(condition, steps, arguments.only):
                runs.append(run)
                for line in differences(runs[0], run):
                    counts[condition] += 1
                    console.print(line, markup=False, highlight=False, soft_wrap=True)
            progress.update(bar, total=1, completed=1)
    console.print(table_of(runs, counts))
    return int(counts.total() > 0)


if __name__ == "__main__":
    sys.exit(main())
