"""Samples that no sandbox runs."""

import pytest

from nova_code_verifier.handlers.cli.score.places.ungraded import lost_sample, unreadable_sample
from nova_code_verifier.handlers.scored.sample import ScoredSample, score_entries
from nova_code_verifier.handlers.service import Service
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.rubric import OutagePolicy, Rubric
from nova_code_verifier.verifier.types import Sample, Verdict
from tests.fakes import ScriptedExecutor

UNREADABLE = Entry(id="u", problem="line 1: messages: missing")
READABLE = Entry(id="s", sample=Sample(completion="print(1)", reference=None), group=7)
RUBRIC = Rubric(on_outage=OutagePolicy.VALUE, ungraded_reward=-1.0)


def without_duration(sample: ScoredSample) -> list[object]:
    """Return all but the duration."""
    metrics = sample.row["metrics_list"]
    assert isinstance(metrics, list)
    kept = [metric for metric in metrics if metric["name"] != "duration_ms"]
    return [sample.row | {"metrics_list": kept}, sample.details, sample.group]


@pytest.mark.parametrize("full", [True, False])
def test_an_unreadable_sample_is_the_same_everywhere(*, full: bool) -> None:
    """Its row and details are those that a service returns."""
    service = Service(ScriptedExecutor(), Settings(rubric=RUBRIC))
    ((_, expected),) = score_entries(service, [UNREADABLE], full=full)

    sample = unreadable_sample(UNREADABLE, rubric=RUBRIC, level=IsolationLevel.KERNEL, full=full)

    assert without_duration(sample) == without_duration(expected)


def test_a_lost_sample_is_an_outage_with_its_reason() -> None:
    """It keeps its id and its group, and gets the reward that the rubric pays for it."""
    sample = lost_sample(READABLE, "throttled", rubric=RUBRIC, level=None, full=False)

    assert (sample.is_outage, sample.verdict, sample.reward) == (True, Verdict.UNGRADED, None)
    assert (sample.row["id"], sample.row["aggregate_reward_score"]) == ("s", -1.0)
    assert (sample.details["problem"], sample.group) == ("throttled", 7)
    assert sample.metric("isolation_level") == 0


def test_an_unreadable_sample_cannot_be_lost() -> None:
    """Whatever the place did: another try would not help it."""
    sample = lost_sample(UNREADABLE, "throttled", rubric=RUBRIC, level=None, full=False)

    assert not sample.is_outage
    assert sample.details["problem"] == UNREADABLE.problem
