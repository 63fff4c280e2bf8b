"""Load the HTTP service as trainers do: many callers, for minutes; compare it with the library.

    python -m benchmarks.serve [--quick] [--minutes 5] [--callers 128 512] [--clients 1]

Every caller sends one completion, waits for its row, and sends the next one: completions for all
kinds of tests, right and wrong ones. Every request has an id of its own, and the reward that the
library pays for it. The phases:

    steady   library, and each number of callers, in turns of half a minute at most. The ratio is
             that of a turn to the turn of the library before it; the target is 0.9
    full     a server whose queue is too short for its callers: it answers 429, and the callers send
             the same request again after the seconds of Retry-After
    flood    few honest callers: alone; beside 1 and beside 24 callers whose completions print,
             sleep, fork, allocate, loop and write files without end; alone again
    drain    the server gets SIGTERM while all callers call

Latencies are those that a caller sees, pauses for 429 included. Clients are processes of their own:
the table has their share of the processor time that clients and server use together. Where they
share the processors, divide the ratio by what is left: the column "by CPU" compares the
completions in a second of processor time instead.

The exit status is 1 if a request was lost, answered twice, graded twice, ungraded, or paid another
reward than by the library. `--quick` takes two minutes, and its figures are rough.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.serve.callers import Order, Report, Template
from benchmarks.serve.samples import Library, Pace, honest_bodies, hostile_bodies
from benchmarks.serve.server import Server, running_server
from nova_code_verifier import LocalExecutor

RATIO_TARGET = 0.9
_TURN_SECONDS_MAX = 30.0
_WARM_UP_CALLERS, _WARM_UP_SECONDS = 32, 6.0
_HONEST_CALLERS = 16
_FLOODS = (1, 24)
_SHORT_QUEUE = 64
_DRAIN_SECONDS = 3.0
_PROBLEMS_SHOWN = 20
_MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Results that clients saw, and the processor time that they and the server used."""

    reports: list[Report]
    seconds: float
    server_cpu_seconds: float

    @property
    def rate(self) -> float:
        """Completions in a second, without those after the end of the time."""
        return sum(report.answered_in_time for report in self.reports) / self.seconds

    @property
    def answered(self) -> int:
        """The number of requests that were answered."""
        return sum(report.answered for report in self.reports)

    @property
    def busy(self) -> int:
        """How often the server asked to send a request again."""
        return sum(report.busy for report in self.reports)

    @property
    def client_cpu_seconds(self) -> float:
        """The processor time of the clients."""
        return sum(report.cpu_seconds for report in self.reports)

    @property
    def latencies(self) -> list[float]:
        """The seconds of all requests, sorted."""
        return sorted(chain.from_iterable(self.seconds_by_kind.values()))

    @property
    def seconds_by_kind(self) -> dict[str, list[float]]:
        """The seconds of all requests, by the kind of their tests."""
        found: dict[str, list[float]] = defaultdict(list)
        for report in self.reports:
            for kind, seconds in report.seconds.items():
                found[kind] += seconds
        return found


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a *share* of the sorted *values* is."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


# -- clients ---------------------------------------------------------------------------


class Load:
    """Sends requests to one server, and keeps what went wrong."""

    def __init__(self, server: Server, clients: int) -> None:
        """Send from so many processes."""
        self.problems: list[str] = []
        self.problem_count = 0
        self.graded = 0
        self._server = server
        self._clients = clients
        self._turns = 0

    def run(self, templates: Sequence[Template], callers: int, seconds: float) -> Turn:
        """Call for so many *seconds*."""
        cpu_before = self._server.cpu_seconds
        with self.running(templates, callers, seconds) as clients:
            reports = [_report_of(client) for client in clients]
        turn = Turn(
            reports=reports,
            seconds=seconds,
            server_cpu_seconds=self._server.cpu_seconds - cpu_before,
        )
        self.count(turn)
        return turn

    @contextmanager
    def running(
        self,
        templates: Sequence[Template],
        callers: int,
        seconds: float,
        *,
        until_the_end: bool = False,
    ) -> Iterator[list[subprocess.Popen[str]]]:
        """Start clients, and kill those that still run at the end of the `with` block."""
        self._turns += 1
        first = len(templates) // self._clients
        order = Order(
            name="",
            url=f"{self._server.url}/score",
            callers=callers // self._clients,
            seconds=seconds,
            templates=[],
            until_the_end=until_the_end,
        )
        started = []
        try:
            for number in range(self._clients):
                # Not all of them send the same requests at the same time.
                shifted = [*templates[first * number :], *templates[: first * number]]
                name = f"{self._turns}.{number}"
                started.append(_started(replace(order, name=name, templates=shifted)))
            yield started
        finally:
            for client in started:
                if client.poll() is None:
                    client.kill()
                client.wait()

    def count(self, turn: Turn) -> None:
        """Add what went wrong in a turn."""
        for report in turn.reports:
            self.problems += report.problems
            self.problem_count += report.problem_count
            self.graded += report.done

    def compare_with_log(self) -> None:
        """Add every sample that was graded twice, and the difference of graded and answered."""
        found = self._server.samples_in_log()
        twice = [name for name, count in found.items() if count > 1]
        for name in twice:
            self.problems.append(f"{name}: graded {found[name]} times")
        self.problem_count += len(twice)
        if found.total() - len(twice) != self.graded:
            self.problems.append(f"{found.total()} samples in the log, {self.graded} answered")
            self.problem_count += 1


def _started(order: Order) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.serve.callers"]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert client.stdin is not None
    json.dump(asdict(order), client.stdin)
    client.stdin.close()
    return client


def _report_of(client: subprocess.Popen[str]) -> Report:
    assert client.stdout is not None
    return Report(**json.loads(client.stdout.read()))


# -- phases ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A turn of the service, and the turn of the library before it."""

    callers: int
    library: Pace
    service: Turn

    @property
    def ratio(self) -> float:
        """The ratio of completions in a second."""
        return self.service.rate / self.library.rate

    @property
    def ratio_by_cpu(self) -> float:
        """The ratio of completions in a second of processor time, of the server's alone."""
        return self.service.answered / self.service.server_cpu_seconds / self.library.rate_by_cpu


def measure_steady(
    load: Load,
    library: Library,
    templates: Sequence[Template],
    callers: Sequence[int],
    minutes: float,
) -> Iterator[Comparison]:
    """Measure library and service in turns."""
    seconds = min(_TURN_SECONDS_MAX, minutes * 60 / 2)
    bodies = [template.body for template in templates]
    count = len(bodies)
    for _ in range(round(minutes * 60 / seconds)):
        for number in callers:
            pace = library.pace(bodies, count)
            count = max(len(bodies), int(pace.rate * seconds / 2))
            service = load.run(templates, number, seconds)
            yield Comparison(callers=number, library=pace, service=service)


def measure_flood(
    load: Load, honest: Sequence[Template], hostile: Sequence[Template], seconds: float
) -> dict[str, tuple[Turn, int]]:
    """Measure honest callers alone, and beside floods; return the flood's answers, too."""
    found = {"alone": (load.run(honest, _HONEST_CALLERS, seconds), 0)}
    for callers in _FLOODS:
        with load.running(hostile, callers, seconds + 2.0) as clients:
            time.sleep(1.0)  # until the flood is in the queue
            turn = load.run(honest, _HONEST_CALLERS, seconds)
            reports = [_report_of(client) for client in clients]
        flood = Turn(reports=reports, seconds=seconds + 2.0, server_cpu_seconds=0.0)
        load.count(flood)
        found[f"beside {callers}"] = turn, flood.answered
    found["alone again"] = load.run(honest, _HONEST_CALLERS, seconds), 0
    return found


def measure_drain(load: Load, server: Server, templates: Sequence[Template], callers: int) -> Turn:
    """End the server while it is called."""
    with load.running(templates, callers, 600.0, until_the_end=True) as clients:
        time.sleep(_DRAIN_SECONDS)
        status = server.end()
        reports = [_report_of(client) for client in clients]
    turn = Turn(reports=reports, seconds=_DRAIN_SECONDS, server_cpu_seconds=0.0)
    load.count(turn)
    if status:
        load.problems.append(f"the server ended with status {status}")
        load.problem_count += 1
    return turn


# -- tables ----------------------------------------------------------------------------


def steady_table(found: Sequence[Comparison]) -> Table:
    """Return the table of library and callers."""
    table = Table(title=f"steady: ratios are medians of the turns; target {RATIO_TARGET}")
    titles = ("callers", "a second", "ratio", "by CPU", *_LATENCIES, "429", "clients")
    for title in titles:
        table.add_column(title, justify="right")
    rate = statistics.median(comparison.library.rate for comparison in found)
    table.add_row("library", f"{rate:.0f}", "1", "1")
    for callers in dict.fromkeys(comparison.callers for comparison in found):
        ours = [comparison for comparison in found if comparison.callers == callers]
        turns = [comparison.service for comparison in ours]
        client = sum(turn.client_cpu_seconds for turn in turns)
        all_cpu = client + sum(turn.server_cpu_seconds for turn in turns)
        table.add_row(
            str(callers),
            f"{statistics.median(turn.rate for turn in turns):.0f}",
            f"{statistics.median(comparison.ratio for comparison in ours):.2f}",
            f"{statistics.median(comparison.ratio_by_cpu for comparison in ours):.2f}",
            *_shown_latencies(sorted(chain.from_iterable(turn.latencies for turn in turns))),
            str(sum(turn.busy for turn in turns)),
            f"{100 * client / all_cpu:.0f} %",
        )
    return table


_LATENCIES = ("p50", "p99")


def _shown_latencies(seconds: Sequence[float]) -> list[str]:
    return [f"{percentile(seconds, share):.2f} s" for share in (0.5, 0.99)]


def kinds_table(found: Sequence[Comparison]) -> Table:
    """Return the table of latencies by the kind of tests, for the first number of callers."""
    callers = found[0].callers
    table = Table(title=f"{callers} callers: latencies by the kind of tests")
    for title in ("", *_LATENCIES):
        table.add_column(title, justify="right")
    turns = [comparison.service for comparison in found if comparison.callers == callers]
    for kind in turns[0].seconds_by_kind:
        seconds = sorted(chain.from_iterable(turn.seconds_by_kind[kind] for turn in turns))
        table.add_row(kind, *_shown_latencies(seconds))
    return table


def flood_table(found: dict[str, tuple[Turn, int]]) -> Table:
    """Return the table of the honest callers."""
    table = Table(title=f"flood: {_HONEST_CALLERS} honest callers, and hostile ones beside them")
    for title in ("", "a second", *_LATENCIES, "flood's answers"):
        table.add_column(title, justify="right")
    for name, (turn, answers) in found.items():
        shown = _shown_latencies(turn.latencies)
        table.add_row(name, f"{turn.rate:.0f}", *shown, str(answers or ""))
    return table


# -- all -------------------------------------------------------------------------------


def measure(arguments: argparse.Namespace, console: Console) -> int:
    """Run all phases, print, and return how many problems there were."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    errors = Console(stderr=True)
    with (
        LocalExecutor() as executor,
        tempfile.TemporaryDirectory(prefix="serve-") as directory,
        Progress(*columns, console=errors, transient=True) as progress,
    ):

        def show(text: str) -> None:
            progress.update(task, description=text)

        task = progress.add_task("library: what each sample is paid", total=None)
        library = Library(executor)
        honest = library.with_rewards(honest_bodies())
        hostile = library.with_rewards(hostile_bodies())
        loads = []
        with running_server(Path(directory)) as server:
            load = Load(server, arguments.clients)
            loads.append(load)
            show("warm-up")
            load.run(honest, _WARM_UP_CALLERS, _WARM_UP_SECONDS)
            memory = [server.memory_bytes]
            steady = []
            for found in measure_steady(
                load, library, honest, arguments.callers, arguments.minutes
            ):
                steady.append(found)
                show(f"steady: turn {len(steady)}, ratio {found.ratio:.2f}")
            memory.append(server.memory_bytes)
            show("flood")
            flood = measure_flood(load, honest, hostile, arguments.flood_seconds)
            memory.append(server.memory_bytes)
            show("drain")
            drained = measure_drain(load, server, honest, max(arguments.callers))
            load.compare_with_log()
        show("full")
        full_directory = Path(directory, "full")
        full_directory.mkdir()
        with running_server(full_directory, "--max-queue", str(_SHORT_QUEUE)) as server:
            load = Load(server, arguments.clients)
            loads.append(load)
            load.run(honest, _WARM_UP_CALLERS, _WARM_UP_SECONDS)
            full = load.run(honest, max(arguments.callers), arguments.flood_seconds)
        load.compare_with_log()  # now: the log's last lines come late
    problems = [problem for load in loads for problem in load.problems]
    count = sum(load.problem_count for load in loads)
    for problem in problems[:_PROBLEMS_SHOWN]:
        console.print(problem, markup=False, highlight=False, soft_wrap=True)
    console.print(steady_table(steady))
    console.print(kinds_table(steady))
    console.print(flood_table(flood))
    console.print(
        f"queue of {_SHORT_QUEUE}, {max(arguments.callers)} callers: {full.rate:.0f} a second, "
        f"{full.busy} answers 429, all sent again; "
        f"p50 and p99: {', '.join(_shown_latencies(full.latencies))}"
    )
    console.print(f"drain: {drained.answered} answered, then the server ended")
    shown = ", ".join(f"{size / _MIB:.0f}" for size in memory)
    console.print(f"memory of the server: {shown} MiB (warm, after steady, after the flood)")
    answered = sum(load.graded for load in loads)
    console.print(f"{answered} requests answered and compared, {count} problems")
    return count


def main() -> int:
    """Measure, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serve",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="two minutes in all")
    parser.add_argument(
        "--minutes",
        type=float,
        default=5.0,
        help="for each number of callers (default: %(default)s)",
    )
    parser.add_argument(
        "--callers", type=int, nargs="+", default=[128, 512], metavar="N",
        help="numbers of callers (default: 128 512)",
    )  # fmt: skip
    parser.add_argument(
        "--clients", type=int, default=1, metavar="N",
        help="client processes (default: %(default)s, enough for 2000 completions a second)",
    )  # fmt: skip
    arguments = parser.parse_args()
    arguments.flood_seconds = 5.0 if arguments.quick else 30.0
    if arguments.quick:
        arguments.minutes = 0.25
    return int(measure(arguments, Console()) > 0)


if __name__ == "__main__":
    sys.exit(main())
