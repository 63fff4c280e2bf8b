"""The rubric in verifiers up to 0.3: whole rollouts, by examples/verifiers/code_environment.py."""

import asyncio
import runpy
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import serving_chat
from tests.trainers.conftest import documented

if find_spec("verifiers") is None or find_spec("verifiers.legacy") is None:
    pytest.skip("verifiers 0.3 is not installed: make test-trainers", allow_module_level=True)

pytestmark = [pytest.mark.trainers, pytest.mark.filterwarnings("default")]


@pytest.fixture(params=["example", "manual"])
def run(
    rows: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Any]:
    """Return a function that runs the example's or the manual's environment. A model prints 1."""
    import verifiers as vf

    monkeypatch.setenv("ANY_KEY", "none")
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return "```python\nprint(1)\n```"

    example = runpy.run_path("examples/verifiers/code_environment.py")["load_environment"]
    environment = example(path=str(rows))
    if request.param == "manual":
        [snippet] = [one for one in documented("verifiers") if "load_environment" in one]
        names: dict[str, Any] = {"load_rows": environment.get_dataset}
        exec(snippet, names)
        environment = names["load_environment"]()

    with serving_chat(answer) as url:
        client = vf.ClientConfig(
            client_type="openai_chat_completions", api_key_var="ANY_KEY", api_base_url=url
        )

        def run(**options: Any) -> dict[str, Any]:
            results = asyncio.run(
                environment.generate(
                    environment.get_dataset(),
                    client,
                    "any",
                    state_columns=["code_verifier"],
                    **options,
                )
            )
            found = {row["prompt"][0]["content"]: row for row in results["outputs"]}
            return found | {"asked": asked}

        yield run


def test_rollouts_are_rewarded(run: Any) -> None:
    """A rollout's reward is that of its row's tests, and its metrics can be had."""
    outputs = run()

    assert outputs["one"]["reward"] == 1.0
    assert outputs["two"]["reward"] == pytest.approx(0.2)
    assert outputs["two"]["code_verifier"]["tests_passed"] == 0
    assert outputs["one"]["error"] is outputs["two"]["error"] is None


def test_a_broken_row_is_an_error_and_not_only_a_zero(run: Any) -> None:
    """The rubric needs a number; the error tells the trainer to leave the rollout out."""
    broken = run(max_retries=2)["broken"]

    assert broken["reward"] == 0.0
    assert broken["error"]["error"] == "Error"  # not repeated: another answer changes nothing
    assert "info.outputs: " in broken["error"]["message"]


@pytest.mark.usefixtures("no_sandbox")
def test_an_outage_is_repeated_and_then_an_error(run: Any) -> None:
    """An outage is of the type that `max_retries` repeats, and that a trainer can tell apart."""
    outputs = run(max_retries=1)

    assert outputs["one"]["error"]["error"] == "SandboxError"
    assert outputs["asked"].count("one") == 2
