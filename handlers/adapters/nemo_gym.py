"""A resources server for NeMo Gym, in its place `resources_servers/…/app.py`.

    from nova_code_verifier.adapters.nemo_gym import CodeServer

    if __name__ == "__main__":
        CodeServer.run_webserver()

In: the body of `/verify`: the row of the dataset, whose tests or label are in `verifier_metadata`,
and the response of the model. Out: the same with `reward`, and a number for each metric. What stays
ungraded has a failure class, by which Gym writes it into the file of failures: an outage is tried
again when the collection is resumed, a broken row never. `mask_sample` takes it out of training.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from nova_code_verifier.adapters.core import default_grader
from nova_code_verifier.adapters.rows import entry_of_row
from nova_code_verifier.verifier.reference.datasets.shapes import holds_tests
from nova_code_verifier.verifier.types import FailureClass

_FAILURE = "_ng_failure_"
_LABELS = frozenset(("answer", "label", "polarity", "opinions", "text", "reference"))
_OF_GYM = ("response", "responses_create_params", "reward", "mask_sample")


async def verify(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to *body*, the plain data of a request to `/verify`."""
    given = {name: value for name, value in body.items() if not name.startswith(_FAILURE)}
    row = _with_label({name: value for name, value in given.items() if name not in _OF_GYM})
    grader = default_grader()
    entry = entry_of_row(_answer(body["response"]), row)
    [grade] = await grader.grade_many_async([entry])
    answer: dict[str, Any] = {
        **given,
        **{f"verifier_{name}": value for name, value in grade.metrics.items()},
        "reward": float(grader.reward_of(grade)),
        "mask_sample": grade.reward is None,
    }
    if grade.reward is None:
        failure = FailureClass.INFRASTRUCTURE if grade.is_outage else FailureClass.DATA
        answer |= {
            f"{_FAILURE}class": f"verifier_{failure}",
            f"{_FAILURE}problem": grade.problem,
            f"{_FAILURE}terminal": not grade.is_outage,
        }
    return answer


def _with_label(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its metadata as the reference, if they hold a label and no tests."""
    metadata = row.get("verifier_metadata")
    if not isinstance(metadata, dict) or _LABELS.isdisjoint(metadata) or holds_tests(metadata):
        return row
    others = {name: value for name, value in row.items() if name != "verifier_metadata"}
    return row if holds_tests(others) else {"reference_answer": metadata, **others}


def _answer(response: Mapping[str, Any]) -> str:
    """Return the text of the last message of an OpenAI response; empty if there is none."""
    messages = (item for item in response["output"] if item.get("type") == "message")
    *_, last = [None, *messages]
    return "".join(part.get("text") or "" for part in last["content"]) if last else ""


try:
    from nemo_gym.base_resources_server import (
        BaseResourcesServerConfig,
        BaseVerifyRequest,
        SimpleResourcesServer,
    )
except ModuleNotFoundError:  # without Gym, there is the function only
    pass
else:
    from fastapi.responses import JSONResponse
    from pydantic import ConfigDict

    class CodeServerConfig(BaseResourcesServerConfig):  # type: ignore[misc]  # Gym has no types
        """The configuration of the server. It may be asked again for stored responses."""

        REVERIFY_MODE: ClassVar[str] = "stateless"

    class CodeVerifyRequest(BaseVerifyRequest):  # type: ignore[misc]
        """A request with all columns of its row."""

        model_config = ConfigDict(extra="allow")

    class CodeServer(SimpleResourcesServer):  # type: ignore[misc]
        """Runs programs against the tests in their rows."""

        config: CodeServerConfig

        async def verify(self, body: CodeVerifyRequest) -> JSONResponse:
            """Return the answer of `verify`. A model would drop the keys of failures."""
            return JSONResponse(await verify(body.model_dump(mode="json")))
