"""Measure how `verifier score` grows with processes, and compute what more machines do.

    python -m benchmarks.scale [--prompts N] [--rounds N] [--processes N...] [--only TEXT]

First table: completions per second with 1, 2, 4 and 8 processes that each watch guests, in turns in
each round, and the ratios to one process. Each prompt has eight completions, all of them different,
and its tests are seen for the first time, as in a file of a trainer's rollouts. Where there are no
processors for more processes, the ratio cannot grow; it shows what they cost.

Second table, on paper: what one command does on a machine with many processors, and what Lambda
functions do, with the cost. It is computed from the processor time of a sample in the first table:
in the command (reads samples, writes rows), in the keepers (the processes that watch guests, which
also parse, compare and score) and in zygotes and guests. For many processors, the time of the
command is that of one that never waits ("busy"): on a processor of its own, it needs less than
beside guests. So the table does not depend on what else this machine does, but it assumes
processors as fast as these.
"""

import argparse
import json
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.scale.paper import LambdaPrices, LambdaSettings, SampleCost, fleet, machine
from benchmarks.scale.throughput import PROCESSORS, Measured, measure
from benchmarks.workloads import WORKLOADS, Workload

_NAMES = ("HumanEval, later", "MBPP, later", "stdin, 10 cases, half of them wrong")
_PARTS = ("command", "busy_command", "keepers", "guests")
_MILLION = 1_000_000
Runs = dict[int, list[Measured]]  # by the number of processes, one for each round


def measure_all(
    workloads: Sequence[Workload], arguments: argparse.Namespace, console: Console
) -> dict[str, Runs]:
    """Measure each number of processes in each round."""
    found: dict[str, Runs] = {
        workload.name: {count: [] for count in arguments.processes} for workload in workloads
    }
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    steps = arguments.rounds * len(workloads) * len(arguments.processes)
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=steps)
        for round_number in range(arguments.rounds):
            for workload in workloads:
                for count in arguments.processes:
                    progress.update(bar, description=f"{workload.name}: {count}")
                    run = measure(workload, arguments.prompts, count, round_number)
                    found[workload.name][count].append(run)
                    progress.advance(bar)
    return found


def throughput_table(found: dict[str, Runs]) -> Table:
    """Return the table of what was measured."""
    table = Table(title=f"{PROCESSORS} processors, Python {platform.python_version()}")
    for name in ("workload", "processes", "per second", "to one process"):
        table.add_column(name, justify="left" if name == "workload" else "right")
    for part in _PARTS:
        table.add_column(f"{part.replace('_', ' ')},\nms each", justify="right")
    for workload, runs in found.items():
        first = next(iter(runs.values()))
        for count, rounds in runs.items():
            ratios = [one.seconds / run.seconds for one, run in zip(first, rounds, strict=True)]
            parts = [
                f"{1000 * statistics.median(getattr(run, part) / run.count for run in rounds):.2f}"
                for part in _PARTS
            ]
            rate = statistics.median(run.count / run.seconds for run in rounds)
            ratio = f"{statistics.median(ratios):.2f} x"
            table.add_row(workload, str(count), f"{rate:.0f}", ratio, *parts)
        table.add_section()
    return table


def cost_of(runs: Runs) -> SampleCost:
    """Return what a sample costs, by the runs with two processes, or with the first number."""
    rounds = runs.get(2) or next(iter(runs.values()))

    def each(part: str) -> float:
        return float(statistics.median(getattr(run, part) / run.count for run in rounds))

    return SampleCost(
        command=each("command"),
        busy_command=each("busy_command"),
        keeper=each("keepers"),
        guest=each("guests"),
    )


def paper_table(found: dict[str, Runs], arguments: argparse.Namespace) -> Table:
    """Return the table of what is computed, for a million samples."""
    settings, prices = _lambda_settings(arguments), _prices(arguments)
    table = Table(title="on paper: a million samples")
    cores, functions = arguments.processors, arguments.functions
    table.add_column("workload")
    for name in (
        f"{cores} processors:\nper second", "limited by", "minutes",
        f"Lambda, {settings.memory_mb} MB:\nms each", "functions that\none command\nkeeps busy",
        f"minutes in\n{functions} functions", "GB-seconds", "dollars,\nx86", "dollars,\narm",
    ):  # fmt: skip
        table.add_column(name, justify="right")
    for name, runs in found.items():
        cost = cost_of(runs)
        large = machine(cost, cores)
        many = fleet(cost, settings, samples=_MILLION, functions=functions)
        table.add_row(
            name,
            f"{large.rate:.0f}",
            large.limit,
            f"{_MILLION / large.rate / 60:.1f}",
            f"{1000 * many.handler_seconds:.1f}",
            f"{many.busy:.0f}",
            f"{many.seconds / 60:.1f}",
            f"{many.gb_seconds:.0f}",
            f"{many.dollars(prices.x86, prices):.2f}",
            f"{many.dollars(prices.arm, prices):.2f}",
        )
    return table


def _lambda_settings(arguments: argparse.Namespace) -> LambdaSettings:
    return LambdaSettings(
        memory_mb=arguments.memory_mb,
        batch=arguments.batch,
        overhead_seconds=arguments.overhead_ms / 1000,
        start_seconds=arguments.start_seconds,
        speed=arguments.speed,
    )


def _prices(arguments: argparse.Namespace) -> LambdaPrices:
    return LambdaPrices(
        x86=arguments.price_x86, arm=arguments.price_arm, request=arguments.price_request
    )


def main() -> None:
    """Measure, compute and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    calls, prices = LambdaSettings(), LambdaPrices()
    for name, kind, default, text in (
        ("prompts", int, 160, "of each run, with eight completions each"),
        ("rounds", int, 3, "how often each is measured"),
        ("processors", int, 64, "those of the machine on paper"),
        ("functions", int, 1000, "how many Lambda functions run at once"),
        ("memory-mb", int, calls.memory_mb, "memory of the function; 1769 MB have one vCPU"),
        ("batch", int, calls.batch, "samples of an invocation"),
        (
            "overhead-ms",
            float,
            1000 * calls.overhead_seconds,
            "billed for an invocation beside them",
        ),
        ("start-seconds", float, calls.start_seconds, "billed for the start of an environment"),
        ("speed", float, calls.speed, "of a vCPU, compared with a processor here"),
        ("price-x86", float, prices.x86, "dollars for a GB-second"),
        ("price-arm", float, prices.arm, "dollars for a GB-second"),
        ("price-request", float, prices.request, "dollars for a request"),
    ):
        parser.add_argument(
            f"--{name}", type=kind, default=default, metavar="N", help=f"{text}; default: {default}"
        )
    parser.add_argument(
        "--processes", type=int, nargs="+", default=[1, 2, 4, 8], metavar="N",
        help="default: 1 2 4 8; the first is what the others are compared with",
    )  # fmt: skip
    parser.add_argument("--only", default="", metavar="TEXT", help="only workloads with this text")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all values of all rounds")
    arguments = parser.parse_args()
    console, errors = Console(), Console(stderr=True)
    if not console.is_terminal:
        console.width = 160
    chosen = [
        workload
        for workload in WORKLOADS
        if workload.name in _NAMES and arguments.only.lower() in workload.name.lower()
    ]
    found = measure_all(chosen, arguments, errors)
    console.print(throughput_table(found))
    console.print(paper_table(found, arguments))
    if arguments.json:
        values = {
            name: {count: [asdict(run) for run in rounds] for count, rounds in runs.items()}
            for name, runs in found.items()
        }
        arguments.json.write_text(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    main()
