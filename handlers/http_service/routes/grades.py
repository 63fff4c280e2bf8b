"""Grade the samples that a trainer sends over HTTP, as its adapter grades those in its process."""

from collections.abc import Sequence

from nova_code_verifier.adapters.grade import Grade
from nova_code_verifier.handlers.http_service.grading import Grading
from nova_code_verifier.handlers.http_service.routes.patience import deadline_after, patiently
from nova_code_verifier.handlers.scored.sample import ScoredSample
from nova_code_verifier.handlers.wire import Entry


async def grades_of(
    grading: Grading, entries: Sequence[Entry], *, client_seconds: float
) -> list[Grade]:
    """Return the grade of every entry, in order; of what is not known in time, an outage.

    The client waits for *client_seconds*. Raises GradingError.
    """
    deadline = deadline_after(client_seconds)
    scored = await patiently(lambda: grading.score(entries, deadline=deadline), deadline=deadline)
    return list(map(_grade, scored))


def reward_of(grading: Grading, grade: Grade) -> float:
    """Return the reward; the rubric's number if there is none."""
    ungraded_reward = grading.settings.rubric.ungraded_reward
    return float(ungraded_reward if grade.reward is None else grade.reward)


def _grade(scored: ScoredSample) -> Grade:
    listed = scored.row["metrics_list"]
    assert isinstance(listed, list)  # noqa: S101  (built by wire.response_row)
    return Grade(
        reward=scored.reward,
        metrics={metric["name"]: metric["value"] for metric in listed},
        verdict=scored.verdict,
        problem=str(scored.details["problem"]),
        is_outage=scored.is_outage,
    )
