"""Deploy the reward function and the executor function together, and call the reward function."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.emulator import client_of
from tests.e2e.fleet import Deployment, Fleet, running_fleet
from tests.e2e.samples import Sample

NO_ISOLATION = {"VERIFIER_ISOLATION": "none"}
"""The executor function's variables with which it runs candidates without isolation."""

NO_ISOLATION_REQUIRED: dict[str, Any] = {
    "VERIFIER_REQUIRED_ISOLATION": "none",
    "VERIFIER_EXECUTOR_FRESH_ENVIRONMENT": "true",
}
"""The reward function's variables that such an executor needs: it refuses other callers."""


@contextmanager
def two_functions(
    emulator: Path,
    *,
    executor: dict[str, str] | None = None,
    handler: str = "nova_code_verifier.handlers.executor.lambda_handler",
    concurrency: int = 2,
    mixes_tenants: bool = False,
    **reward: str,
) -> Iterator[Fleet]:
    """Deploy both functions. *executor* and *reward* are their additional variables."""
    deployments = {
        "executor": Deployment(
            handler=handler,
            variables={"VERIFIER_WORKERS": "2"} | (executor or {}),
            concurrency=concurrency,
            mixes_tenants=mixes_tenants,
            may_leave=True,
        ),
        "reward": Deployment(
            handler="nova_code_verifier.handlers.reward.lambda_handler",
            variables={
                "VERIFIER_EXECUTOR_FUNCTION": "executor",
                "VERIFIER_WORKERS": "2",
                "VERIFIER_CONTROL_SAMPLES": "0",  # tests count calls, and run functions that lie
            }
            | reward,
        ),
    }
    with running_fleet(emulator, **deployments) as fleet:
        deployments["reward"].variables.setdefault("AWS_ENDPOINT_URL_LAMBDA", fleet.url)
        yield fleet


def score(fleet: Fleet, samples: list[Sample]) -> Any:
    """Call the reward function, and return its answer."""
    payload = json.dumps(samples).encode()
    response = client_of(fleet.url).invoke(FunctionName="reward", Payload=payload)
    return json.loads(response["Payload"].read())


def rewards(fleet: Fleet, samples: list[Sample]) -> list[float]:
    """Call the reward function, and return the rewards."""
    return [row["aggregate_reward_score"] for row in score(fleet, samples)]
