"""The saved queries, as the template has them, on lines that the real handler wrote."""

from collections import Counter
from math import floor
from statistics import fmean
from typing import Any

import pytest

from tests.deploy.cloudformation import Template
from tests.deploy.conftest import TEMPLATE, Log
from tests.deploy.insights import UnknownSyntaxError, answer

DIMENSIONS = ("correctness", "format", "safety", "conciseness")
QUERIES = {
    name: one["QueryString"]
    for name, one in Template(TEMPLATE).of_type("AWS::Logs::QueryDefinition").items()
}

# From AWS's article on reward functions in Lambda, with two corrections: `bin` takes no number but
# a period, and `@duration`, which is Lambda's and of a whole invocation, is `duration_ms`.
ARTICLE_ZERO = """fields @timestamp, id, aggregate_reward_score
    | filter aggregate_reward_score = 0.0 | sort @timestamp desc"""
ARTICLE_DISTRIBUTION = """fields aggregate_reward_score
    | stats count(*) as count by floor(aggregate_reward_score * 10) / 10"""
ARTICLE_SLOW = """fields duration_ms, id | filter duration_ms > 5000 | sort duration_ms desc"""
ARTICLE_DIMENSIONS = """fields @timestamp, correctness, format, safety, conciseness
    | stats avg(correctness) as avg_correctness, avg(format) as avg_format,
        avg(safety) as avg_safety, avg(conciseness) as avg_conciseness by bin(5m)"""


def ask(log: Log, query: str) -> list[dict[str, Any]]:
    """Put a query to all that the function wrote, documents of metrics among it."""
    return answer(query, log.lines)


def test_zero_rewards_are_found(log: Log) -> None:
    """Exactly the samples that got 0, the latest first."""
    found = [row["id"] for row in ask(log, QUERIES["ZeroRewardsQuery"])]

    assert found == [s["id"] for s in reversed(log.samples) if s["aggregate_reward_score"] == 0]
    assert {"violation", "prose", "unusable"} <= set(found)


def test_rewards_are_distributed_over_bins_of_a_tenth(log: Log) -> None:
    """Every graded sample is in the bin that its reward begins with, in order."""
    found = [
        (row["bin_start"], row["samples"]) for row in ask(log, QUERIES["RewardDistributionQuery"])
    ]

    wanted = Counter(floor(line["aggregate_reward_score"] * 10) / 10 for line in log.graded)
    assert found == sorted(wanted.items())
    assert len(found) > 3


def test_slow_evaluations_are_found(log: Log) -> None:
    """The sample that took more than five seconds, and no other."""
    (row,) = ask(log, QUERIES["SlowEvaluationsQuery"])

    assert row["id"] == "slow"


def test_dimensions_are_averaged_over_time(log: Log) -> None:
    """For every five minutes, the averages of what was graded."""
    (row,) = ask(log, QUERIES["DimensionsQuery"])

    for name in (*DIMENSIONS, "compile", "similarity"):
        assert row[f"avg_{name}"] == pytest.approx(fmean(line[name] for line in log.graded))
    assert row["avg_reward"] == pytest.approx(
        fmean(line["aggregate_reward_score"] for line in log.graded)
    )


def test_verdicts_are_counted(log: Log) -> None:
    """How many samples of each source had which verdict."""
    found = {
        (row["source"], row["verdict"]): row["samples"]
        for row in ask(log, QUERIES["VerdictsQuery"])
    }

    assert found == Counter((line["source"], line["verdict"]) for line in log.samples)


def test_reasons_for_ungraded_samples_are_counted(log: Log) -> None:
    """What was in the way, with the field of the dataset, or our own fault."""
    found = [row["problem"] for row in ask(log, QUERIES["UngradedQuery"])]

    assert sorted(found) == sorted(line["problem"] for line in log.samples if line["ungraded"])
    assert any(problem.startswith("inputs") for problem in found)


def test_the_articles_zero_rewards_hold(log: Log) -> None:
    """Its filter finds the same samples, though it does not say which lines it means."""
    found = [row["id"] for row in ask(log, ARTICLE_ZERO)]

    assert found == [row["id"] for row in ask(log, QUERIES["ZeroRewardsQuery"])]


def test_the_articles_distribution_holds(log: Log) -> None:
    """All lines with a reward are counted, those of ungraded samples too."""
    counted = [row["count"] for row in ask(log, ARTICLE_DISTRIBUTION) if None not in row.values()]

    assert sum(counted) == len(log.samples)


def test_the_articles_slow_evaluations_hold(log: Log) -> None:
    """Its filter finds the same samples."""
    assert [row["id"] for row in ask(log, ARTICLE_SLOW)] == ["slow"]


def test_the_articles_dimensions_hold(log: Log) -> None:
    """Its averages are of all samples' lines."""
    (row,) = ask(log, ARTICLE_DIMENSIONS)

    for name in DIMENSIONS:
        assert row[f"avg_{name}"] == pytest.approx(fmean(line[name] for line in log.samples))


@pytest.mark.parametrize(
    "query",
    [
        "display id",
        "stats count(*) by bin(x, 0.1)",
        "sort id",
        "filter id like /a/",
        "fields a + b",
    ],
)
def test_what_the_evaluator_does_not_know_it_refuses(query: str) -> None:
    """A query that these tests cannot answer fails them."""
    with pytest.raises(UnknownSyntaxError):
        answer(query, [{"@timestamp": 0, "id": "a"}])
