"""`POST /openrlhf`: the remote reward of OpenRLHF.

In: what its executor sends (openrlhf/utils/agent.py @3c3be62): queries, each a prompt and its
response with special tokens; the prompts; and labels, each the tests of a row. Out: rewards, scores
for dynamic filtering, and what is logged, lists of equal length, as from its own server of a reward
model (openrlhf/cli/serve_rm.py).

OpenRLHF sends a request five times, before the sample has no reward, which ends its run. So an
outage is a 503. A broken row gets the rubric's number, and `ungraded` is 1.
"""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, model_validator

from nova_code_verifier.adapters.bodies import openrlhf_entry
from nova_code_verifier.handlers.http_service.errors import ErrorCode, ServiceError
from nova_code_verifier.handlers.http_service.grading import Grading
from nova_code_verifier.handlers.http_service.json_body import json_answer
from nova_code_verifier.handlers.http_service.routes.body import body_of, operation_of
from nova_code_verifier.handlers.http_service.routes.grades import grades_of, reward_of
from nova_code_verifier.handlers.wire import Entry

_CLIENT_SECONDS = 170.0  # OpenRLHF's client waits for 180 s


class OpenRlhfRequest(BaseModel):
    """Samples of OpenRLHF: lists of equal length."""

    query: list[str] = Field(description="Each a prompt and the response to it.")
    prompts: list[str]
    labels: list[object] = Field(description="Each the tests of a row (`--data.label_key`).")

    @model_validator(mode="after")
    def _has_equal_lengths(self) -> "OpenRlhfRequest":
        lengths = len(self.query), len(self.prompts), len(self.labels)
        if len(set(lengths)) > 1:
            raise ValueError(
                f"query, prompts, labels: found lengths {lengths}, expected equal ones"
            )
        return self


class OpenRlhfRewards(BaseModel):
    """What OpenRLHF reads, with an item for each query."""

    rewards: list[float]
    scores: list[float] = Field(description="The correctness, 0 to 1.")
    extra_logs: dict[str, list[float]] = Field(description="All metrics, by name.")


_EXAMPLE = {
    "query": ["Print 1.\n```python\nprint(1)\n```<|im_end|>"],
    "prompts": ["Print 1.\n"],
    "labels": ['{"inputs": [""], "outputs": ["1"]}'],
}


def router(grading: Grading) -> APIRouter:
    """Return the route, which grades by *grading*."""
    routes = APIRouter(tags=["OpenRLHF"])
    read = body_of(OpenRlhfRequest, entries_of)

    @routes.post(
        "/openrlhf",
        response_model=OpenRlhfRewards,
        summary="Reward samples (OpenRLHF)",
        openapi_extra=operation_of(OpenRlhfRequest, example=_EXAMPLE),
    )
    async def openrlhf(request: Request) -> Response:
        entries = await read(request)
        grades = await grades_of(grading, entries, client_seconds=_CLIENT_SECONDS)
        lost = next((grade for grade in grades if grade.is_outage), None)
        if lost is not None:
            raise ServiceError(ErrorCode.OUTAGE, lost.problem, retry_seconds=1)
        metrics = [grade.metrics for grade in grades]
        rewards = OpenRlhfRewards(
            rewards=[reward_of(grading, grade) for grade in grades],
            scores=[row["correctness"] for row in metrics],
            extra_logs={name: [row[name] for row in metrics] for name in (*metrics, {})[0]},
        )
        return json_answer(rewards.model_dump())

    return routes


def entries_of(request: OpenRlhfRequest) -> list[Entry]:
    """Return the entry of each query."""
    return list(map(openrlhf_entry, request.query, request.prompts, request.labels))
