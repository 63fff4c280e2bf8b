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

from nova_code_verifier.adapters.bodies import gym_answer, gym_entry
from nova_code_verifier.adapters.core import default_grader


async def verify(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to *body*, the plain data of a request to `/verify`."""
    grader = default_grader()
    [grade] = await grader.grade_many_async([gym_entry(body)])
    return gym_answer(body, grade, grader.reward_of(grade))


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
