"""An environment for SkyRL-gym: one answer, and code that has to pass tests.

    skyrl_gym.register(id="code", entry_point="nova_code_verifier.adapters.skyrl:CodeEnv")

In: an action, which is the model's answer, and the columns of its row; the tests are in
`reward_spec.ground_truth`, or in columns of their own. Out: the reward, and the end of the episode.
SkyRL cannot mask a rollout, and an exception ends the run. So one that stays ungraded gets the
configured number, and `ungraded` is 1 in its metadata and in the metrics of the environment.
"""

from collections.abc import Mapping
from typing import Any

from nova_code_verifier.adapters.core import grader_for
from nova_code_verifier.adapters.rows import (
    cut_end_tokens,
    entry_of_row,
    prompt_text,
)

try:
    from skyrl_gym.envs.base_text_env import BaseTextEnv
except ModuleNotFoundError:  # where it is checked
    BaseTextEnv = object


class CodeEnv(BaseTextEnv):  # type: ignore[misc]  # skyrl_gym has no types
    """Grades one answer."""

    def __init__(
        self,
        env_config: object = None,
        extras: Mapping[str, Any] | None = None,
        rubric: str | None = None,
    ) -> None:
        """Raise SettingsError for the settings, and for a *rubric*: a path, or JSON.

        *extras* are the columns of the row.
        """
        del env_config  # SkyRL knows no fields for it
        super().__init__()
        self._grader = grader_for(rubric)
        self._row = dict(extras or {})
        reference = (self._row.pop("reward_spec", None) or {}).get("ground_truth")
        if reference is not None:
            self._row["reference_answer"] = reference
        self._metrics: dict[str, float] = {}

    def init(self, prompt: Any) -> tuple[Any, dict[str, Any]]:  # noqa: ANN401
        """Return the prompt as it is. It may be the start of the program."""
        self._row.setdefault("prompt", prompt_text(prompt))
        return prompt, {}

    def step(self, action: str) -> dict[str, Any]:
        """Return the reward of an answer, which ends the episode."""
        entry = entry_of_row(cut_end_tokens(action), self._row)
        [grade] = self._grader.grade_many([entry])
        self._metrics = dict(grade.metrics)
        return {
            "observations": [],
            "reward": float(self._grader.reward_of(grade)),
            "done": True,
            "metadata": {**self._metrics, "problem": grade.problem},
        }

    def get_metrics(self) -> dict[str, float]:
        """Return the metrics of the answer, of which SkyRL logs the means."""
        return self._metrics
