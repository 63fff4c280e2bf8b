"""Measure speed: our verifier, other graders, and floors, in one table.

    python -m benchmarks [--quick] [--rounds N] [--evalplus PYTHON] [--only TEXT] [--json FILE]

Figures are completions per second. The speed of a machine varies, so every round measures all
graders in turn, and the ratio is that of our verifier to the fastest other grader of the round; the
table shows medians over the rounds. Every grader has as many processes at work as there are
processors. No cache can answer: programs get other names or comments in every round, and "first
sight" gets new tests, too.

The other graders have no sandbox: a hostile program can do to them what it likes.

    naive       a new interpreter for each completion, or for each stdin case
    evalplus    the package (`pip install evalplus` in a scratch environment; name its interpreter)
    joined      our rendering of what human-eval and open-instruct do: a child process executes the
                program and its tests as one text
    streams     our rendering of what LiveCodeBench, verl's prime_code and open-instruct do: a
                child process executes the program once for each case, with replaced streams
    floor       not a grader, and not among the peers: a bare fork that executes the program and
                compares. Each guest of ours pays at least that fork

Run it with the interpreter that you want to measure. "fast paths off" is our verifier without the
ways that only accept (VERIFIER_FAST_PATHS=off). The figures below the line have no peer.

On a busy machine, `--processor-time` computes the rates from the processor time that a grader and
all its processes used, as if each processor did nothing else. It does not see time spent waiting.
"""

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.floors import Figure, figures
from benchmarks.graders import Graded, Ours, Peer, evalplus_problem
from benchmarks.workloads import WORKLOADS, Work, Workload

PROCESSORS = len(os.sched_getaffinity(0))
PEERS = ("naive", "evalplus", "joined", "streams")
FLOOR = "floor"
OURS, PLAIN = "fast paths on", "fast paths off"
_QUICK_SHARE = 4
_COUNT_MIN = 40  # of fewer, the processor time is too short to be measured


@dataclass(slots=True)
class Rates:
    """What was measured of a workload: completions per second by grader, one for each round."""

    workload: Workload
    rates: dict[str, list[float]] = field(default_factory=dict)
    mistaken: dict[str, int] = field(default_factory=dict)

    def add(self, grader: str, works: Sequence[Work], graded: Graded, seconds: float) -> None:
        """Record a round of a grader. The speed of a grader that is wrong does not count."""
        self.rates.setdefault(grader, []).append(len(works) / seconds)
        pairs = zip(works, graded.passed, strict=True)
        wrong = sum(work.is_right != passed for work, passed in pairs)
        self.mistaken[grader] = max(wrong, self.mistaken.get(grader, 0))

    @property
    def ratio(self) -> float:
        """The median of the ratios of ours to the fastest peer within a round."""
        peers = [rates for grader, rates in self.rates.items() if grader in PEERS]
        rounds = zip(self.rates[OURS], *peers, strict=True)
        return float(statistics.median(ours / max(others) for ours, *others in rounds))


@dataclass(slots=True)
class Reading:
    """What was measured of a figure: a value for each round."""

    figure: Figure
    values: list[float] = field(default_factory=list)


class Benchmark:
    """All graders, started once."""

    def __init__(self, arguments: argparse.Namespace, stack: ExitStack, console: Console) -> None:
        """Start the graders; *stack* ends them."""
        self._share = _QUICK_SHARE if arguments.quick else 1
        self.rounds: int = arguments.rounds or (2 if arguments.quick else 5)
        self._counts_processors: bool = arguments.processor_time
        problem = evalplus_problem(arguments.evalplus)
        if problem:
            console.print(f"evalplus is skipped: {problem}")

        def peer(name: str) -> Peer:
            python = arguments.evalplus if name == "evalplus" else sys.executable
            return stack.enter_context(closing(Peer(name, PROCESSORS, python)))

        def ours(workers: int, *, fast_paths: bool = True) -> Ours:
            return stack.enter_context(closing(Ours(workers=workers, fast_paths=fast_paths)))

        self._peers = {
            name: peer(name) for name in (*PEERS, FLOOR) if name != "evalplus" or not problem
        }
        self._ours = {OURS: ours(PROCESSORS), PLAIN: ours(PROCESSORS, fast_paths=False)}
        self.level = self._ours[OURS].executor.level
        only = arguments.only.lower()
        self.rates = [Rates(workload) for workload in WORKLOADS if only in workload.name.lower()]
        found = figures(
            self._ours[OURS], ours(1), ours(2), ours(1, fast_paths=False),
            cases=1000 if arguments.quick else 10_000,
        )  # fmt: skip
        self.readings = [Reading(figure) for figure in found if only in figure.name.lower()]

    @property
    def steps(self) -> int:
        """How many measurements there are in all."""
        return self.rounds * (
            len(self.readings) + sum(len(self._graders(rates.workload)) for rates in self.rates)
        )

    def _graders(self, workload: Workload) -> list[str]:
        return [*(name for name in workload.peers if name in self._peers), *self._ours]

    def run(self, progress: Progress) -> None:
        """Measure every grader in every round."""
        bar = progress.add_task("", total=self.steps)
        for rates in self.rates:  # not measured: fills the caches that a trainer finds filled
            for ours in self._ours.values():
                ours.grade(self._works(rates.workload, -1))
        for round_number in range(self.rounds):
            for rates in self.rates:
                works = self._works(rates.workload, round_number)
                for name in self._graders(rates.workload):
                    progress.update(bar, description=f"{rates.workload.name}: {name}")
                    graded = self._grade(name, works, rates.workload)
                    rates.add(name, works, graded, self._seconds(graded))
                    progress.advance(bar)
            for reading in self.readings:
                progress.update(bar, description=reading.figure.name)
                reading.values.append(reading.figure.measure(round_number))
                progress.advance(bar)

    def _works(self, workload: Workload, round_number: int) -> list[Work]:
        return workload.write(round_number, max(workload.count // self._share, _COUNT_MIN))

    def _grade(self, name: str, works: list[Work], workload: Workload) -> Graded:
        if name in self._peers:
            return self._peers[name].grade(works)
        return self._ours[name].grade(works, first_sight=workload.first_sight)

    def _seconds(self, graded: Graded) -> float:
        return graded.processor_seconds / PROCESSORS if self._counts_processors else graded.seconds


# -- print -----------------------------------------------------------------------------


def table_of(benchmark: Benchmark) -> Table:
    """Return the table."""
    title = (
        f"completions per second, {PROCESSORS} processors, Python {platform.python_version()}, "
        f"level {benchmark.level}, medians of {benchmark.rounds} rounds"
    )
    table = Table(title=title)
    table.add_column("workload")
    for peer in (*PEERS, FLOOR):
        table.add_column(f"{peer}\n[red]no sandbox[/]", justify="right")
    for name in (f"ours,\n{PLAIN}", f"ours,\n{OURS}", "to the\nfastest peer", "target"):
        table.add_column(name, justify="right")
    for rates in benchmark.rates:
        cells = [_rate(rates, grader) for grader in (*PEERS, FLOOR, PLAIN, OURS)]
        target = rates.workload.target
        holds = None if target is None else rates.ratio >= target
        shown = "" if target is None else f"≥ {target:g} x"
        table.add_row(rates.workload.name, *cells, _coloured(f"{rates.ratio:.2f} x", holds), shown)
    table.add_section()
    for reading in benchmark.readings:
        figure, value = reading.figure, statistics.median(reading.values)
        sign = "≥" if figure.at_least else "≤"
        shown = "" if figure.target is None else f"{sign} {figure.target:g} {figure.unit}"
        cell = _coloured(f"{value:.3g} {figure.unit}", figure.holds(value))
        table.add_row(figure.name, *[""] * (len(PEERS) + 2), cell, "", shown)
    return table


def _rate(rates: Rates, grader: str) -> str:
    if grader not in rates.rates:
        return "-"
    mistakes = rates.mistaken[grader]
    wrong = f"\n[red]{mistakes} misjudged[/]" if mistakes else ""
    return f"{statistics.median(rates.rates[grader]):.4g}{wrong}"


def _coloured(text: str, holds: bool | None) -> str:  # noqa: FBT001
    return text if holds is None else f"[{'green' if holds else 'red'}]{text}[/]"


def as_json(benchmark: Benchmark) -> dict[str, object]:
    """Return everything that was measured."""
    return {
        "python": platform.python_version(),
        "processors": PROCESSORS,
        "level": benchmark.level,
        "completions_per_second": [
            {
                "workload": rates.workload.name,
                "graders": rates.rates,
                "misjudged": rates.mistaken,
                "ratio": rates.ratio,
                "target": rates.workload.target,
            }
            for rates in benchmark.rates
        ],
        "figures": [
            {
                "name": reading.figure.name,
                "unit": reading.figure.unit,
                "values": reading.values,
                "target": reading.figure.target,
            }
            for reading in benchmark.readings
        ],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="two rounds, a quarter of the work")
    parser.add_argument("--rounds", type=int, metavar="N", help="default: 5")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="only rows with this text, such as stdin"
    )
    parser.add_argument(
        "--evalplus", default="", metavar="PYTHON", help="an interpreter that can import evalplus"
    )
    parser.add_argument(
        "--processor-time", action="store_true", help="rates by processor time, on a busy machine"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all values of all rounds")
    arguments = parser.parse_args()
    console, errors = Console(), Console(stderr=True)
    if not console.is_terminal:
        console.width = 160
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with ExitStack() as stack:
        benchmark = Benchmark(arguments, stack, console)
        with Progress(*columns, console=errors, transient=True) as progress:
            benchmark.run(progress)
        console.print(table_of(benchmark))
        if arguments.json:
            arguments.json.write_text(json.dumps(as_json(benchmark), indent=1) + "\n")


if __name__ == "__main__":
    main()
