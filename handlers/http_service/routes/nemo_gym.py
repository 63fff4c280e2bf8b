"""`POST /verify`: the verification of NeMo Gym.

In: the body of a request to a resources server (nemo_gym/base_resources_server.py @07d6b0d): the
row of the dataset, whose tests or label are in `verifier_metadata`, and the response of the model.
Out: the same with `reward`, and a number for each metric, as `adapters/nemo_gym.py` answers.

Gym waits without an end, and never sends a request again. So a full queue is waited for. What stays
ungraded is a 200 with a failure class: Gym writes it into its file of failures, and asks again for
an outage when the collection is resumed.
"""

import json
from typing import NamedTuple

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from nova_code_verifier.adapters.bodies import gym_answer, gym_entry
from nova_code_verifier.adapters.grade import outage
from nova_code_verifier.handlers.http_service.errors import ErrorCode, ServiceError
from nova_code_verifier.handlers.http_service.grading import Grading, GradingError
from nova_code_verifier.handlers.http_service.json_body import away_if_large
from nova_code_verifier.handlers.http_service.routes.body import body_of, operation_of
from nova_code_verifier.handlers.http_service.routes.grades import grades_of, reward_of
from nova_code_verifier.handlers.wire import Entry

_CLIENT_SECONDS = 600.0


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow")

    text: str | None = None


_CONTENT = TypeAdapter(list[_Part])


class GymRequest(BaseModel):
    """A row, and the response of a model to it. All columns of the row are in the answer."""

    model_config = ConfigDict(extra="allow")

    responses_create_params: dict[str, object]
    response: dict[str, object] = Field(description="A response of OpenAI's Responses API.")

    @field_validator("response")
    @classmethod
    def _has_messages(cls, response: dict[str, object]) -> dict[str, object]:
        items = response.get("output")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise ValueError("output: expected a list of objects")
        for item in items:
            if item.get("type") == "message":
                _CONTENT.validate_python(item.get("content"))
        return response


_EXAMPLE = {
    "responses_create_params": {"input": "Print 1."},
    "response": {
        "output": [
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "```python\nprint(1)\n```"}],
            }
        ]
    },
    "verifier_metadata": {"unit_tests": {"inputs": [""], "outputs": ["1"]}},
}


class GymSample(NamedTuple):
    """The body of a request, as plain data, and the entry in it."""

    body: dict[str, object]
    entry: Entry


def router(grading: Grading) -> APIRouter:
    """Return the route, which grades by *grading*."""
    routes = APIRouter(tags=["NeMo Gym"])
    read = body_of(GymRequest, sample_of)

    @routes.post(
        "/verify",
        summary="Verify a response (NeMo Gym)",
        openapi_extra=operation_of(GymRequest, example=_EXAMPLE),
    )
    async def verify(request: Request) -> Response:
        sample = await read(request)
        try:
            [grade] = await grades_of(grading, [sample.entry], client_seconds=_CLIENT_SECONDS)
        except GradingError as error:
            grade = outage(str(error), grading.settings.rubric)
        answer = gym_answer(sample.body, grade, reward_of(grading, grade))
        size = len(await request.body())
        text = await away_if_large(size, lambda: _json(answer))
        return Response(text, media_type="application/json")

    return routes


def sample_of(request: GymRequest) -> GymSample:
    """Return what is in a request."""
    body = request.model_dump()
    return GymSample(body, gym_entry(body))


def _json(answer: object) -> str:
    """Write an answer. Raises ServiceError if the body cannot be sent back."""
    try:
        # Escapes: a text of the candidate may hold half of a surrogate pair.
        return json.dumps(answer, allow_nan=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        raise ServiceError(
            ErrorCode.INVALID, "expected JSON, found NaN or values nested too deep"
        ) from None
