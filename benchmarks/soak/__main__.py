"""Judge for a long time, hostile samples among honest ones, and report what grows or changes.

    python -m benchmarks.soak [--samples 20000] [--hostile 0.1] [--level interpreter]

The honest samples are those of the other benchmarks, and known solutions, right and wrong ones; the
same ones again and again. The hostile ones are the programs of `tests/hostile/`. After each batch,
the machine is looked at from outside of the sandbox. The exit status is 1 if

- an honest sample got another reward, verdict or metric than at first;
- a hostile program did not end as it must;
- there are more processes, descriptors or files of guests than after a quarter of the time;
- the memory of this process or of the zygotes in the last quarter exceeds that of the second
  quarter (caches are full by then) by more than 10 % and 16 MiB.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from benchmarks.load.rows import Row, row_of
from benchmarks.load.samples import known_solutions, workload_samples
from nova_code_verifier import DiscoveryCache, LocalExecutor, Sample, Score, judge
from nova_code_verifier.sandbox.host.usage import usage
from nova_code_verifier.sandbox.types import IsolationLevel
from tests.hostile.programs import HostileProgram, read_all, sample_of
from tests.hostile.watch import Target, new_secret, target
from tests.processes import descendants

T = TypeVar("T")

_BATCH = 200
_GROWTH_SHARE, _GROWTH_BYTES = 1.1, 16 * 2**20
_REST_SECONDS = 20.0
_PROBLEMS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the machine held after a batch: numbers by name, memory in bytes."""

    counts: dict[str, int]
    memory: dict[str, int]


class Soak:
    """Batches of honest and hostile samples on one executor."""

    def __init__(self, executor: LocalExecutor, attacked: Target, *, share: float) -> None:
        """Judge on *executor*. A *share* of the samples attacks what is *attacked*."""
        self.problems: list[str] = []
        self.counted: Counter[str] = Counter()
        self._executor = executor
        self._attacked = attacked
        self._share = share
        self._cache = DiscoveryCache()
        self._honest = dict([*workload_samples(), *known_solutions()])
        self._hostile = read_all()
        self._first: dict[str, Row] = {}
        self._random = random.Random(0)  # the same order each time
        self._names = self._endless(list(self._honest))
        self._programs = self._endless(self._hostile)

    def run_batch(self, count: int) -> Look:
        """Judge *count* samples, compare, and look at the machine."""
        names: list[str | HostileProgram] = []
        for _ in range(count):
            is_hostile = self._random.random() < self._share
            names.append(next(self._programs) if is_hostile else next(self._names))
        samples = [self._sample(name) for name in names]
        scores = judge(samples, self._executor, discovery_cache=self._cache)
        for name, score in zip(names, scores, strict=True):
            if isinstance(name, HostileProgram):
                self._check_hostile(name, score)
            else:
                self._check_honest(name, row_of(score, self._executor.level))
        return self._look()

    def _endless(self, things: list[T]) -> Iterator[T]:
        while True:
            yield from self._random.sample(things, len(things))

    def _sample(self, name: str | HostileProgram) -> Sample:
        if isinstance(name, HostileProgram):
            return sample_of(name, self._attacked.facts(self._executor), new_secret())
        return self._honest[name]

    def _check_hostile(self, program: HostileProgram, score: Score) -> None:
        self.counted["hostile"] += 1
        if score.verdict not in program.verdicts[self._executor.level] or score.correctness:
            self.problems.append(f"{program.name}: {score.verdict}, {score.correctness:g}")

    def _check_honest(self, name: str, row: Row) -> None:
        self.counted["honest"] += 1
        first = self._first.setdefault(name, row)
        changed = [
            key for key in row if key not in ("reruns", "details") and row[key] != first[key]
        ]
        if changed:
            shown = "; ".join(f"{key}: {first[key]} -> {row[key]}" for key in changed)
            self.problems.append(f"{name}: {shown}")

    def _look(self) -> Look:
        """Look when what the last guests used is gone, or after a while."""
        deadline = time.monotonic() + _REST_SECONDS
        while True:
            zygotes = self._executor.zygote_pids
            counts = {
                "processes": len(descendants(os.getpid())),
                "descriptors": len(list(Path("/proc/self/fd").iterdir())),
                "files of guests": sum(map(_size, self._executor.writable_directories)),
                "temporary files": len(list(Path(tempfile.gettempdir()).iterdir())),
            }
            if counts["processes"] <= len(zygotes) or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        memory = {
            "this process": usage(os.getpid()).resident_bytes,
            "zygotes": sum(usage(pid).resident_bytes for pid in zygotes),
        }
        return Look(counts=counts, memory=memory)


def _size(directory: str) -> int:
    return len(list(Path(directory).rglob("*")))


def growth(looks: list[Look]) -> Iterator[str]:
    """Yield a line for each number that grew."""
    quarter = len(looks) // 4
    if not quarter:
        return
    # Further zygotes, for libraries and sessions, start when they are first needed.
    for name in looks[0].counts:
        before, last = looks[quarter].counts[name], looks[-1].counts[name]
        if last > before and name != "temporary files":
            yield f"{name}: {before} after a quarter, {last} at the end"
    for name in looks[0].memory:
        before = max(look.memory[name] for look in looks[quarter : 2 * quarter])
        after = max(look.memory[name] for look in looks[-quarter:])
        if after > before * _GROWTH_SHARE and after > before + _GROWTH_BYTES:
            yield f"memory of {name}: {before / 2**20:.0f} MiB, then {after / 2**20:.0f} MiB"


def table_of(looks: list[Look], counted: Counter[str], seconds: float) -> Table:
    """Return the table of all numbers over time."""
    title = f"{counted['honest']} honest and {counted['hostile']} hostile samples, {seconds:.0f} s"
    table = Table(title=title)
    table.add_column("")
    places = [0, len(looks) // 4, len(looks) // 2, 3 * len(looks) // 4, len(looks) - 1]
    for place in places:
        table.add_column(f"batch {place + 1}", justify="right")
    for name in looks[0].counts:
        table.add_row(name, *(str(looks[place].counts[name]) for place in places))
    for name in looks[0].memory:
        memory = [f"{looks[place].memory[name] / 2**20:.0f} MiB" for place in places]
        table.add_row(f"memory of {name}", *memory)
    return table


def main() -> int:
    """Judge, print the table and the problems; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument(
        "--samples", type=int, default=20_000, help="how many (default: %(default)s)"
    )
    parser.add_argument(
        "--hostile", type=float, default=0.1, metavar="SHARE", help="default: %(default)s"
    )
    parser.add_argument("--level", type=IsolationLevel, default=None, help="default: the strongest")
    arguments = parser.parse_args()
    console, errors = Console(), Console(stderr=True)
    looks: list[Look] = []
    started = time.monotonic()
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with (
        target() as attacked,
        LocalExecutor(level=arguments.level) as executor,
        Progress(*columns, TextColumn("{task.fields[problems]} problems"), console=errors) as bars,
    ):
        soak = Soak(executor, attacked, share=arguments.hostile)
        bar = bars.add_task("", total=arguments.samples, problems=0)
        for first in range(0, arguments.samples, _BATCH):
            count = min(_BATCH, arguments.samples - first)
            looks.append(soak.run_batch(count))
            bars.update(bar, advance=count, problems=len(soak.problems))
    problems = [*soak.problems[:_PROBLEMS_SHOWN], *growth(looks)]
    for line in problems:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if (more := len(soak.problems) - _PROBLEMS_SHOWN) > 0:
        console.print(f"and {more} more samples that differ")
    console.print(table_of(looks, soak.counted, time.monotonic() - started))
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
