"""Measure one run of `verifier score` with some processes: where the processor time goes.

In: a workload, the number of processes. Out: wall time, and the processor time of the command, of
the processes that watch guests, and of zygotes and guests.
"""

import json
import os
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from math import ceil
from pathlib import Path

from benchmarks.graders import processor_seconds
from benchmarks.scale.command import command_seconds
from benchmarks.workloads import GROUP, Work, Workload
from nova_code_verifier.handlers.cli.score.file import score_file
from nova_code_verifier.handlers.cli.score.places.shard_plan import ShardPlan
from nova_code_verifier.handlers.cli.score.places.shards import Shards
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.host.memory import bytes_for_guests

PROCESSORS = len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A run: its samples, its wall time, and the processor seconds of all its processes.

    `busy_command` is what the command needs for the same samples if it never waits.
    """

    count: int
    seconds: float
    command: float
    busy_command: float
    keepers: float
    guests: float


def measure(workload: Workload, prompts: int, processes: int, round_number: int) -> Measured:
    """Score completions of *workload* as `verifier score` does, eight for each of so many prompts.

    The processes are warm, and see all tests for the first time.
    """
    workers = ceil((PROCESSORS + 1) / processes)
    plan = ShardPlan(workers=(workers,) * processes, guests_bytes=bytes_for_guests())
    with tempfile.TemporaryDirectory() as directory, Shards(Settings(), plan) as place:
        source, out = Path(directory, "samples.jsonl"), Path(directory, "rows.jsonl")
        rounds = range(GROUP * round_number, GROUP * (round_number + 1))
        groups = zip(*(workload.write(number, prompts) for number in rounds), strict=True)
        works = list(chain.from_iterable(groups))
        source.write_text("".join(map(_line, range(len(works)), works)))
        place.wait_ready()
        own, keepers = time.process_time(), _own_seconds(place.pids)
        shards, started = processor_seconds(place.pids), time.perf_counter()
        summary = score_file(
            str(source), place, out=str(out), with_details=False, as_table=False, quiet=True
        )
        seconds = time.perf_counter() - started
        command, keepers = time.process_time() - own, _own_seconds(place.pids) - keepers
        shards = processor_seconds(place.pids) - shards
        busy_command = len(works) * command_seconds(source, out)
    if summary.outage_count or summary.count != len(works):
        raise RuntimeError(
            f"{workload.name}: {summary.outage_count} outages: {summary.first_outage}"
        )
    return Measured(
        count=len(works),
        seconds=seconds,
        command=command,
        busy_command=busy_command,
        keepers=keepers,
        guests=shards - keepers,
    )


def _line(number: int, work: Work) -> str:
    content = work.sample.completion
    sample = {
        "id": number,
        "messages": [{"role": "assistant", "content": content}],
        "reference_answer": work.sample.reference,
    }
    return json.dumps(sample) + "\n"


def _own_seconds(pids: Iterable[int]) -> float:
    ticks = 0
    for pid in pids:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")
