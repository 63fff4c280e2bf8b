"""An evaluator for rLLM.

    AgentTrainer(agent_flow=solver, evaluator=evaluator, …)

In: a task, whose metadata is the row of the dataset, and the episode of an agent. Out: rLLM's
`EvalOutput`. It raises UngradedError, which names the class of the failure, for an outage or a
broken row: rLLM tries again, and then ends the episode with an error, which is not trained.
"""

from collections.abc import Mapping
from typing import Any

from nova_code_verifier.adapters.core import default_grader
from nova_code_verifier.adapters.grade import reward_or_raise
from nova_code_verifier.adapters.rows import entry_of_row, prompt_text
from nova_code_verifier.verifier.types import Verdict


class CodeEvaluator:
    """Runs the last answer of an episode against the tests in its task."""

    def evaluate(self, task: Any, episode: Any) -> Any:  # noqa: ANN401  (rLLM's own types)
        """Return the `EvalOutput` of an episode, with a signal for each metric.

        *task* is a `Task`, or its metadata. Raises UngradedError.
        """
        from rllm.eval.types import EvalOutput, Signal  # noqa: PLC0415  (only where it is installed)

        is_row = isinstance(task, Mapping)
        row = dict(task if is_row else task.metadata)
        if not is_row:
            row.setdefault("prompt", prompt_text(task.instruction))
        entry = entry_of_row(_answer(episode), row)
        [grade] = default_grader().grade_many([entry])
        return EvalOutput(
            reward=reward_or_raise(grade),
            is_correct=grade.verdict is Verdict.ACCEPTED,
            signals=[Signal(name=name, value=value) for name, value in grade.metrics.items()],
        )

    __call__ = evaluate


def _answer(episode: Any) -> str:  # noqa: ANN401
    """Return the text that rLLM's own rewards take for the answer."""
    if "answer" in episode.artifacts:
        return str(episode.artifacts["answer"])
    if not episode.trajectories:
        return ""
    last = episode.trajectories[-1]
    written = [last.output, *(step.output for step in last.steps[-1:])]
    written += [step.model_response for step in reversed(last.steps)]
    return str(next(filter(None, written), ""))


evaluator = CodeEvaluator()
