"""Rewards for environments of `verifiers`: prime-rl, tinker, SkyRL, Nova Forge's multi-turn RL.

Until version 0.3, and in Nova Forge's fork, an environment gets a rubric:

    vf.SingleTurnEnv(dataset=…, rubric=rubric())

In v1, the only interface since version 0.4, a task gets a reward:

    @vf.reward
    async def code(self, trace: vf.Trace) -> float:
        return await task_reward(self.data, trace)

In: the messages of a rollout, and the row of its dataset. Out: a number. A rubric turns every
exception into 0, so an ungraded rollout gets a number there, and an error in its state. In v1 it
raises: the trace then has an error, and is not trained.
"""

import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from nova_code_verifier.adapters.core import Grade, grader_for
from nova_code_verifier.adapters.rows import NO_COLUMNS, entry_of_row, prompt_text, read_columns
from nova_code_verifier.handlers.wire import Entry

_LOG = logging.getLogger(__name__)
STATE_KEY = "code_verifier"
"""Where a rubric leaves the metrics of a rollout in its state."""


def rubric(
    *,
    columns: Mapping[str, str] = NO_COLUMNS,
    rubric: str | None = None,
    ungraded_reward: float = 0.0,
) -> Any:  # noqa: ANN401  (the package is not installed where this is checked)
    """Return a `verifiers.Rubric` with `code_reward_func` as its function. See there.

    Raises ImportError where `verifiers` has no rubrics, as from version 0.4 on.
    """
    import verifiers  # noqa: PLC0415  (only where it is installed)

    if not hasattr(verifiers, "Rubric"):
        raise ImportError(
            "verifiers has no Rubric from version 0.4 on: give the task a reward, with task_reward"
        )
    func = code_reward_func(columns=columns, rubric=rubric, ungraded_reward=ungraded_reward)
    return verifiers.Rubric(funcs=[func], weights=[1.0])


def code_reward_func(
    *,
    columns: Mapping[str, str] = NO_COLUMNS,
    rubric: str | None = None,
    ungraded_reward: float = 0.0,
) -> Callable[..., Coroutine[Any, Any, float]]:
    """Return a function for a `verifiers.Rubric`.

    *columns* names columns of the dataset that have unusual names: `reference`, which holds the
    tests, and `id`; dots lead into dicts. *rubric* is JSON, or the path of a file; without one, the
    rubric is that of `VERIFIER_RUBRIC`. An ungraded rollout gets *ungraded_reward* and, if it has
    no error yet, `state["error"]`: `SandboxError` for an outage, which `max_retries` repeats, and
    `Error` for a broken row.
    """
    named = read_columns(columns)
    if rubric is not None:
        grader_for(rubric)  # so that a mistake in it is found at the start

    async def code_reward(
        *,
        completion: object,
        state: dict[str, Any],
        prompt: object = None,
        answer: object = None,
        info: object = None,
        task: object = None,
        **row: object,
    ) -> float:
        # Old versions pass no other columns; these are empty where a row has none.
        if isinstance(task, str):  # later it is the row once more, with objects in it
            row["task"] = task
        row |= {key: value for key, value in (("answer", answer), ("info", info)) if value}
        row["prompt"] = prompt_text(_plain_messages(prompt))
        row.setdefault("index", row.get("example_id"))
        try:
            grade = await _grade(rubric, entry_of_row(_plain_messages(completion), row, named))
        except Exception as error:  # noqa: BLE001  (a rubric would make it a 0 that is trained)
            _LOG.exception("a completion is ungraded")
            problem, is_outage = f"{type(error).__name__}: {error}", True
        else:
            state[STATE_KEY] = dict(grade.metrics)
            if grade.reward is not None:
                return grade.reward
            problem, is_outage = grade.problem, grade.is_outage
        state["error"] = state.get("error") or _rollout_error(problem, is_outage=is_outage)
        return ungraded_reward

    return code_reward


def task_reward_func(
    *, columns: Mapping[str, str] = NO_COLUMNS, rubric: str | None = None
) -> Callable[[Any, Any], Coroutine[Any, Any, float]]:
    """Return a reward of v1, as `task_reward` is one. See `code_reward_func` for the arguments."""
    named = read_columns(columns)
    if rubric is not None:
        grader_for(rubric)

    async def task_reward(task: Any, trace: Any) -> float:  # noqa: ANN401  (verifiers' own types)
        """Return the reward of a trace, and record its metrics. *task* is the data of its task.

        Raises SandboxError of `verifiers` for an outage, and its TaskError for a broken row.
        """
        from verifiers import v1  # noqa: PLC0415  (only where it is installed)

        # The columns are the fields that verifiers itself does not know: it has a `timeout`, too.
        own = v1.TaskData.model_fields.keys() - {"id"}
        row = {key: value for key, value in task.model_dump().items() if key not in own}
        row["prompt"] = prompt_text(_plain_messages(task.prompt))
        grade = await _grade(rubric, entry_of_row(trace.last_reply, row, named))
        trace.record_metrics(grade.metrics)
        if grade.reward is None:
            kind = v1.SandboxError if grade.is_outage else v1.TaskError
            raise kind(f"ungraded: {grade.problem}")
        return grade.reward

    return task_reward


async def _grade(rubric: str | None, entry: Entry) -> Grade:
    [grade] = await grader_for(rubric).grade_many_async([entry])
    return grade


def _plain_messages(messages: object) -> object:
    """Return messages as dicts: some versions of verifiers have models of pydantic."""
    if not isinstance(messages, list | tuple):
        return messages
    return [turn.model_dump() if hasattr(turn, "model_dump") else turn for turn in messages]


def _rollout_error(problem: str, *, is_outage: bool) -> Exception:
    """Return the error for a rollout's state. Old versions have no types for it."""
    import verifiers  # noqa: PLC0415  (only where it is installed)

    kind = getattr(verifiers, "SandboxError" if is_outage else "Error", RuntimeError)
    error: Exception = kind(f"ungraded: {problem}")
    return error


code_reward = code_reward_func()
task_reward = task_reward_func()
