"""Measure what an executor function costs: the same samples, scored by one function and by two.

    python -m benchmarks.split [--rounds N]

Lambda's runtime interface emulator runs the functions, and boto3 calls them, after a first call
that is not measured. The executor function has as many environments as there are processors, with
one worker each. Every round measures all deployments in turn, and the ratio is taken within the
round. One machine cannot show a gain of two functions: the result is their cost, most of which
is the calls.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.workloads import CASES, write_calls, write_stdin
from nova_code_verifier import Sample
from tests.e2e.emulator import client_of
from tests.e2e.fetch_rie import fetch_emulator
from tests.e2e.fleet import Deployment, Fleet, running_fleet

SAMPLES = 24
PROCESSORS = len(os.sched_getaffinity(0))
REWARD, EXECUTOR = (
    "nova_code_verifier.handlers.reward.lambda_handler",
    "nova_code_verifier.handlers.executor.lambda_handler",
)


def measure(rounds: int, console: Console) -> None:
    """Measure one function, and two with 1 and with 8 candidates per request; print a table."""
    with running_fleet(Path(fetch_emulator()), **_deployments()) as fleet:
        for name in ("split", "split8"):
            fleet.deployments[name].variables["AWS_ENDPOINT_URL_LAMBDA"] = fleet.url
        for kind, write in (("stdio", write_stdin), ("call", write_calls)):
            samples = [work.sample for work in write(0, SAMPLES)]
            _show(kind, _measured(fleet, _event(samples), rounds), len(samples), console)


def _deployments() -> dict[str, Deployment]:
    split = {
        "VERIFIER_EXECUTOR_FUNCTION": "executor",
        "VERIFIER_EXECUTOR_CONCURRENCY": str(PROCESSORS),
    }
    executor = Deployment(
        handler=EXECUTOR, variables={"VERIFIER_WORKERS": "1"}, concurrency=PROCESSORS
    )
    return {
        "executor": executor,
        "single": Deployment(handler=REWARD),
        "split": Deployment(handler=REWARD, variables=split),
        "split8": Deployment(handler=REWARD, variables=split | {"VERIFIER_EXECUTOR_BATCH": "8"}),
    }


def _event(samples: list[Sample]) -> bytes:
    rows = [
        {
            "id": index,
            "messages": [{"role": "assistant", "content": sample.completion}],
            "reference_answer": sample.reference,
        }
        for index, sample in enumerate(samples)
    ]
    return json.dumps(rows).encode()


def _measured(fleet: Fleet, event: bytes, rounds: int) -> dict[str, list[float]]:
    client = client_of(fleet.url)
    seconds: dict[str, list[float]] = {name: [] for name in ("single", "split", "split8")}
    for round_number in range(rounds + 1):
        for name, measured in seconds.items():
            duration = _timed(lambda: client.invoke(FunctionName=name, Payload=event))  # noqa: B023
            if round_number:  # the first call starts the environments
                measured.append(duration)
    return seconds


def _timed(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    rows = json.loads(call()["Payload"].read())
    assert [row["aggregate_reward_score"] for row in rows] == [1.0] * len(rows), rows
    return time.perf_counter() - started


def _show(kind: str, seconds: dict[str, list[float]], count: int, console: Console) -> None:
    table = Table(title=f"{kind}: {count} samples with {CASES} cases, {PROCESSORS} processors")
    for title in ("deployment", "samples per second", "ratio to one function"):
        table.add_column(title, justify="left" if title == "deployment" else "right")
    names = {
        "single": "one function",
        "split": "two functions, batches of 1",
        "split8": "two functions, batches of 8",
    }
    for name, measured in seconds.items():
        pairs = zip(seconds["single"], measured, strict=True)
        ratio = statistics.median(single / other for single, other in pairs)
        speed = count / statistics.median(measured)
        table.add_row(names[name], f"{speed:.0f}", f"{ratio:.2f}")
    console.print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    measure(parser.parse_args().rounds, Console())
