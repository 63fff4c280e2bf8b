"""`POST /slime` and `/slime/metrics`: the remote reward of slime and miles.

In: what `remote_rm` of slime sends (slime/rollout/rm_hub/__init__.py @624b824): a prompt, the
response, and the label, which holds the tests. Out: the reward, a number; with metrics, an object
for `--reward-key reward`.

slime sends a request ten times, with pauses of up to half a minute, before it raises. So an outage
is a 503. A broken row gets the rubric's number, because slime cannot take it out of the loss here.
"""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from nova_code_verifier.adapters.bodies import slime_entry
from nova_code_verifier.adapters.grade import Grade
from nova_code_verifier.handlers.http_service.errors import ErrorCode, ServiceError
from nova_code_verifier.handlers.http_service.grading import Grading
from nova_code_verifier.handlers.http_service.json_body import json_answer
from nova_code_verifier.handlers.http_service.routes.body import body_of, operation_of
from nova_code_verifier.handlers.http_service.routes.grades import grades_of, reward_of
from nova_code_verifier.handlers.wire import Entry

_CLIENT_SECONDS = 115.0  # slime's client waits for 120 s


class SlimeRequest(BaseModel):
    """A sample of slime."""

    prompt: object = Field(default=None, description="A text or messages. Not used.")
    response: str = Field(description="What the model wrote.")
    label: object = Field(description="The tests of the row, as JSON in a text or as a value.")


_EXAMPLE = {
    "prompt": "Print the sum of two numbers.",
    "response": "```python\nprint(sum(map(int, input().split())))\n```",
    "label": '{"inputs": ["1 2", "5 5"], "outputs": ["3", "10"]}',
}


def router(grading: Grading) -> APIRouter:
    """Return the routes, which grade by *grading*."""
    routes = APIRouter(tags=["slime"])
    operation = operation_of(SlimeRequest, example=_EXAMPLE)
    read = body_of(SlimeRequest, entry_of)

    @routes.post(
        "/slime",
        response_model=float,
        summary="Reward a sample (slime, miles)",
        openapi_extra=operation,
    )
    async def slime(request: Request) -> Response:
        grade = await _grade(grading, await read(request))
        return json_answer(reward_of(grading, grade))

    @routes.post(
        "/slime/metrics",
        response_model=dict[str, float],
        summary="Reward a sample, with metrics (slime, miles)",
        openapi_extra=operation,
    )
    async def slime_metrics(request: Request) -> Response:
        grade = await _grade(grading, await read(request))
        return json_answer({"reward": reward_of(grading, grade), **grade.metrics})

    return routes


def entry_of(request: SlimeRequest) -> Entry:
    """Return the entry of the sample."""
    return slime_entry(request.response, request.label, {})


async def _grade(grading: Grading, entry: Entry) -> Grade:
    """Return the grade of the sample. Raises ServiceError for an outage."""
    [grade] = await grades_of(grading, [entry], client_seconds=_CLIENT_SECONDS)
    if grade.is_outage:
        raise ServiceError(ErrorCode.OUTAGE, grade.problem, retry_seconds=1)
    return grade
