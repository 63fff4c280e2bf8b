"""Measure the core of the adapters: many callers beside one batch.

    python -m benchmarks.adapters [--rounds N] [--count N]

Every round grades the same number of completions in each way, in turn; all programs are new. The
ratio is that of a way to one batch within a round, and the table shows medians. There are two
workloads. "Work" runs programs with 10 cases; its ratio is one of processor time, of all processes
together, so that a busy machine does not change it. "Sleep" is one program in four that sleeps for
0.5 seconds, and three that sleep for 0.02: its ratio is one of wall time, and shows whether callers
wait for the slow programs of others. The last lines count what a burst of 128 tasks leaves behind.
"""

import argparse
import asyncio
import multiprocessing
import os
import socket
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

from benchmarks.graders import processor_seconds
from benchmarks.workloads import fenced, write_stdin
from nova_code_verifier.adapters.core import (
    Rollout,
    default_grader,
    grade_many,
    grade_many_async,
)

THREADS, TASKS, PROCESSES = 8, 128, 4
Way = Callable[[Sequence[Rollout]], list[float | None]]


def one_batch(rollouts: Sequence[Rollout]) -> list[float | None]:
    """Grade all in one call."""
    return [grade.reward for grade in grade_many(rollouts)]


def threads(rollouts: Sequence[Rollout]) -> list[float | None]:
    """Grade each in a call of its own, from 8 threads."""
    with ThreadPoolExecutor(THREADS) as pool:
        return [reward for [reward] in pool.map(one_batch, [[one] for one in rollouts])]


def tasks(rollouts: Sequence[Rollout]) -> list[float | None]:
    """Grade each in a call of its own, 128 at a time in one event loop."""

    async def run() -> list[float | None]:
        free = asyncio.Semaphore(TASKS)

        async def call(rollout: Rollout) -> float | None:
            async with free:
                [grade] = await grade_many_async([rollout])
            return grade.reward

        return await asyncio.gather(*map(call, rollouts))

    return asyncio.run(run())


def work(name: str, count: int) -> list[Rollout]:
    """Write programs that count words."""
    works = write_stdin(0, count)
    return [Rollout(fenced(f"# {name}\n{one.program}"), one.sample.reference) for one in works]


def sleep(name: str, count: int) -> list[Rollout]:
    """Write programs that sleep."""
    tests = {"inputs": ["1"], "outputs": ["1"]}
    programs = (
        f"import time\ntime.sleep({0.02 if index % 4 else 0.5})\nprint(input())  # {name} {index}"
        for index in range(count)
    )
    return [Rollout(fenced(program), tests) for program in programs]


def owner_pid() -> int:
    """Return the process id of the owner of our sandboxes."""
    link = default_grader()._client._link  # noqa: SLF001
    assert link
    assert link._peer  # noqa: SLF001
    peer = link._peer._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)  # noqa: SLF001
    return int.from_bytes(peer[:4], sys.byteorder)


def resources() -> dict[str, tuple[int, int]]:
    """Return the threads and descriptors of this process and of the owner."""
    return {
        name: (
            len(list(Path(f"/proc/{pid}/task").iterdir())),
            len(list(Path(f"/proc/{pid}/fd").iterdir())),
        )
        for name, pid in (("client", os.getpid()), ("owner", owner_pid()))
    }


def measure(count: int, rounds: int) -> None:
    """Print the ratios, and what is left."""
    one_batch(work("warm", 8))
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:

        def processes(rollouts: Sequence[Rollout]) -> list[float | None]:
            parts = [rollouts[start::PROCESSES] for start in range(PROCESSES)]
            found: list[float | None] = [None] * len(rollouts)
            for start, rewards in enumerate(pool.map(threads, parts)):
                found[start::PROCESSES] = rewards
            return found

        ways: dict[str, Way] = {
            "one batch": one_batch,
            f"{THREADS} threads, a call for each": threads,
            f"{TASKS} tasks, a call for each": tasks,
            f"{PROCESSES} processes of {THREADS} threads": processes,
        }
        processes(work("warm processes", PROCESSES))
        used: dict[str, list[float]] = {name: [] for name in ways}
        waited: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(rounds):
            for name, way in ways.items():
                rollouts = work(f"{name} {number} {time.time()}", count)
                before = _processor_seconds()
                _require(way(rollouts))
                used[name].append(_processor_seconds() - before)
                rollouts = sleep(f"{name} {number} {time.time()}", count // 2)
                started = time.perf_counter()
                _require(way(rollouts))
                waited[name].append(time.perf_counter() - started)
    for name in ways:
        ratios = (_ratio(used, name), _ratio(waited, name))
        print(f"{name:36} work {ratios[0]:.2f}   sleep {ratios[1]:.2f}")
    before_bursts = resources()
    for number in range(3):
        _require(tasks(work(f"burst {number} {time.time()}", TASKS)))
    print(f"threads and descriptors: {before_bursts}, after 3 bursts of {TASKS}: {resources()}")


def _require(rewards: Sequence[float | None]) -> None:
    """Raise SystemExit unless every program got its reward."""
    if set(rewards) != {1.0}:
        raise SystemExit(f"found rewards {set(rewards)}, expected 1.0 only")


def _ratio(seconds: dict[str, list[float]], name: str) -> float:
    pairs = zip(seconds["one batch"], seconds[name], strict=True)
    return statistics.median(batch / one for batch, one in pairs)


def _processor_seconds() -> float:
    return processor_seconds([os.getpid(), owner_pid()])


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=200)
    arguments = parser.parse_args()
    measure(arguments.count, arguments.rounds)


if __name__ == "__main__":
    main()
