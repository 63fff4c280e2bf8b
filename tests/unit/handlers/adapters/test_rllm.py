"""The evaluator for rLLM, called as it calls it.

rLLM is not on PyPI. The types are those of rllm/eval/types.py and rllm/types.py, the calls those of
rllm/engine/agentflow_engine.py @9beb6e0, 2026-08-15.
"""

import sys
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from nova_code_verifier.adapters.grade import UngradedError
from nova_code_verifier.adapters.rllm import evaluator
from nova_code_verifier.verifier.types import FailureClass

RIGHT = "```python\nprint(sum(map(int, input().split())))\n```"
WRONG = "```python\nprint(4)\n```"
ROW = {"inputs": ["1 2", "5 5"], "outputs": ["3", "10"]}


@dataclass
class Signal:
    """`rllm.eval.types.Signal`."""

    name: str
    value: float
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass
class EvalOutput:
    """`rllm.eval.types.EvalOutput`."""

    reward: float
    is_correct: bool
    signals: list[Signal] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(autouse=True)
def types(monkeypatch: pytest.MonkeyPatch) -> None:
    """Provide the recorded types under the names that rLLM has."""
    module = ModuleType("rllm.eval.types")
    module.__dict__.update(Signal=Signal, EvalOutput=EvalOutput)
    monkeypatch.setitem(sys.modules, "rllm", ModuleType("rllm"))
    monkeypatch.setitem(sys.modules, "rllm.eval", ModuleType("rllm.eval"))
    monkeypatch.setitem(sys.modules, "rllm.eval.types", module)


def task(row: dict[str, Any]) -> SimpleNamespace:
    """Return a `rllm.types.Task`."""
    return SimpleNamespace(id="1", instruction="Add them.", metadata=row)


def episode(output: object = None, *steps: tuple[object, str], **artifacts: str) -> SimpleNamespace:
    """Return a `rllm.types.Episode` with a trajectory; a step is an output and a response."""
    found = [SimpleNamespace(output=out, model_response=text) for out, text in steps]
    trajectory = SimpleNamespace(output=output, steps=found)
    return SimpleNamespace(trajectories=[trajectory], artifacts=artifacts)


@pytest.mark.parametrize(
    ("written", "reward", "is_correct"),
    [
        (episode(RIGHT), 1.0, True),
        (episode(WRONG), 0.2, False),
        (episode(WRONG, answer=RIGHT), 1.0, True),
        (episode(None, (None, WRONG), (RIGHT, WRONG)), 1.0, True),
        (episode(None, (None, RIGHT), (None, "")), 1.0, True),  # it ends with the call of a tool
        (episode(), 0.0, False),
        (SimpleNamespace(trajectories=[], artifacts={}), 0.0, False),
    ],
)
def test_the_last_answer_counts(written: Any, reward: float, *, is_correct: bool) -> None:
    """It is found where rLLM's own rewards find it; the metrics are signals."""
    output = evaluator.evaluate(task(ROW), written)

    assert (output.reward, output.is_correct) == (reward, is_correct)
    assert {signal.name: signal.value for signal in output.signals}["ungraded"] == 0


def test_metadata_may_come_without_its_task() -> None:
    """The decorator of rLLM passes the metadata to evaluators in the older form."""
    assert evaluator(ROW, episode(RIGHT)).reward == 1.0


def test_a_broken_row_raises_with_its_reason() -> None:
    """The engine keeps the text of an error, so that names the class of the failure."""
    with pytest.raises(UngradedError, match=r"^ungraded \(data\): outputs"):
        evaluator.evaluate(task({"inputs": ["1"], "outputs": []}), episode(RIGHT))


@pytest.mark.usefixtures("no_sandbox")
def test_an_outage_raises_with_its_reason() -> None:
    """An outage is not an episode with reward 0."""
    with pytest.raises(UngradedError) as caught:
        evaluator.evaluate(task(ROW), episode(RIGHT))

    assert caught.value.failure is FailureClass.INFRASTRUCTURE
