"""What do two functions cost beside one? The same samples, by both, on this machine.

    python -m benchmarks.split [--rounds N]

Both are run by Lambda's runtime interface emulator and called by boto3, warm; the executor function
in as many environments as there are processors, one worker each. Every round measures all in turn,
and the ratio is taken within the round. On one machine the split gains nothing: what is seen is
what it costs, in calls above all.
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

from benchmarks.throughput import CASES, call_samples, stdio_samples
from nova_code_verifier import Sample
from tests.e2e.emulator import client_of
from tests.e2e.fetch_rie import fetch_emulator
from tests.e2e.fleet import Deployment, Fleet, running_fleet

PROCESSORS = len(os.sched_getaffinity(0))
REWARD, EXECUTOR = (
    "nova_code_verifier.handlers.reward.lambda_handler",
    "nova_code_verifier.handlers.executor.lambda_handler",
)


def measure(rounds: int, console: Console) -> None:
    """Measure one function and two, with one candidate a call and with eight, and print."""
    with running_fleet(Path(fetch_emulator()), **_deployments()) as fleet:
        for name in ("split", "split8"):
            fleet.deployments[name].variables["AWS_ENDPOINT_URL_LAMBDA"] = fleet.url
        for kind, samples in (("stdio", stdio_samples()), ("call", call_samples())):
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
            "id": number,
            "messages": [{"role": "assistant", "content": sample.completion}],
            "reference_answer": sample.reference,
        }
        for number, sample in enumerate(samples)
    ]
    return json.dumps(rows).encode()


def _measured(fleet: Fleet, event: bytes, rounds: int) -> dict[str, list[float]]:
    client = client_of(fleet.url)
    seconds: dict[str, list[float]] = {name: [] for name in ("single", "split", "split8")}
    for number in range(rounds + 1):
        for name, taken in seconds.items():
            took = _timed(lambda: client.invoke(FunctionName=name, Payload=event))  # noqa: B023
            if number:  # the first is cold
                taken.append(took)
    return seconds


def _timed(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    rows = json.loads(call()["Payload"].read())
    assert [row["aggregate_reward_score"] for row in rows] == [1.0] * len(rows), rows
    return time.perf_counter() - started


def _show(kind: str, seconds: dict[str, list[float]], count: int, console: Console) -> None:
    table = Table(title=f"{kind}: {count} samples of {CASES} cases, {PROCESSORS} processors")
    for title in ("", "samples a second", "of one function's"):
        table.add_column(title, justify="left" if not title else "right")
    names = {"single": "one function", "split": "two, a candidate a call", "split8": "two, eight"}
    for name, taken in seconds.items():
        pairs = zip(seconds["single"], taken, strict=True)
        ratio = statistics.median(one / other for one, other in pairs)
        speed = count / statistics.median(taken)
        table.add_row(names[name], f"{speed:.0f}", f"{ratio:.2f}")
    console.print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    measure(parser.parse_args().rounds, Console())
