"""Run a command beside a fleet of functions: the real runtime emulator, as Lambda serves it.

    python -m benchmarks.scale.fleet 2 --faults --
        verifier score samples.jsonl --on lambda:reward --concurrency 4 --out rows.jsonl

The function is called `reward`, and takes as many calls at a time as the first argument says;
others are throttled. With `--faults`, every sixth call is throttled anyway, every seventh
connection and every eleventh answer is lost, and each environment ends in its twentieth call.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.fetch_rie import fetch_emulator
from tests.e2e.fleet import Deployment, running_fleet
from tests.fakes import CREDENTIALS, RESET, THROTTLED, HttpReply

_EXITS_AT = "20"


@contextmanager
def lambda_fleet(
    environments: int, *, has_faults: bool = False, workers: int = 1
) -> Iterator[tuple[Deployment, dict[str, str]]]:
    """Serve the function `reward`, and return it and the variables with which boto3 finds it."""
    variables = {"VERIFIER_WORKERS": str(workers)}
    deployment = Deployment(
        handler="tests.e2e.faulty_reward.lambda_handler",
        variables=variables | ({"FAULT_EXITS_AT": _EXITS_AT} if has_faults else {}),
        concurrency=environments,
    )
    if has_faults:
        deployment.before, deployment.after = _fault_before, _fault_after
    with running_fleet(fetch_emulator(), reward=deployment) as fleet:
        own = {name: text for name, text in os.environ.items() if not name.startswith("VERIFIER_")}
        address = {"AWS_ENDPOINT_URL_LAMBDA": fleet.url, "NO_PROXY": "127.0.0.1"}
        yield deployment, own | CREDENTIALS | address


def _fault_before(call: int) -> HttpReply | None:
    if call % 6 == 0:
        return THROTTLED
    return RESET if call % 7 == 0 else None


def _fault_after(call: int) -> HttpReply | None:
    return RESET if call % 11 == 0 else None


def main() -> None:
    """Run the command, and report its time and the calls of the function."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("environments", type=int)
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    with lambda_fleet(options.environments, has_faults=options.faults) as (function, environment):
        started = time.monotonic()
        status = subprocess.run(options.command, env=environment, check=False).returncode
        seconds = time.monotonic() - started
    calls = f"{function.calls} calls reached the function, {function.throttled} were too many"
    print(f"exit status {status} after {seconds:.1f} seconds; {calls}")
    sys.exit(status)


if __name__ == "__main__":
    main()
