"""The saved queries of the template, answered on the log of the real handler."""

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
    name: definition["QueryString"]
    for name, definition in Template(TEMPLATE).of_type("AWS::Logs::QueryDefinition").items()
}

# From AWS's article on reward functions in Lambda, with two corrections: the argument of `bin` is
# a period and not a number; and `@duration`, which Lambda logs for a whole invocation, is replaced
# by `duration_ms`.
ARTICLE_ZERO = """fields @timestamp, id, aggregate_reward_score
    | filter aggregate_reward_score = 0.0 | sort @timestamp desc"""
ARTICLE_DISTRIBUTION = """fields aggregate_reward_score
    | stats count(*) as count by floor(aggregate_reward_score * 10) / 10"""
ARTICLE_SLOW = """fields duration_ms, id | filter duration_ms > 5000 | sort duration_ms desc"""
ARTICLE_DIMENSIONS = """fields @timestamp, correctness, format, safety, conciseness
    | stats avg(correctness) as avg_correctness, avg(format) as avg_format,
        avg(safety) as avg_safety, avg(conciseness) as avg_conciseness by bin(5m)"""


def ask(log: Log, query: str) -> list[dict[str, Any]]:
    """Return the rows of a query over all lines of the log, documents with metrics included."""
    return answer(query, log.lines)


def test_zero_rewards_are_found(log: Log) -> None:
    """The query returns the samples with reward 0, and no others, the latest first."""
    found = [row["id"] for row in ask(log, QUERIES["ZeroRewardsQuery"])]

    assert found == [s["id"] for s in reversed(log.samples) if s["aggregate_reward_score"] == 0]
    assert {"violation", "prose", "unusable"} <= set(found)


def test_rewards_are_counted_in_bins_of_a_tenth(log: Log) -> None:
    """The query counts each graded sample in its bin, and sorts the bins."""
    found = [
        (row["bin_start"], row["samples"]) for row in ask(log, QUERIES["RewardDistributionQuery"])
    ]

    expected = Counter(floor(line["aggregate_reward_score"] * 10) / 10 for line in log.graded)
    assert found == sorted(expected.items())
    assert len(found) > 3


def test_slow_evaluations_are_found(log: Log) -> None:
    """The query returns the sample that took more than 5 seconds, and no other."""
    (row,) = ask(log, QUERIES["SlowEvaluationsQuery"])

    assert row["id"] == "slow"


def test_dimensions_are_averaged_over_time(log: Log) -> None:
    """The query returns the averages of the graded samples for every 5 minutes."""
    (row,) = ask(log, QUERIES["DimensionsQuery"])

    for name in (*DIMENSIONS, "compile", "similarity"):
        assert row[f"avg_{name}"] == pytest.approx(fmean(line[name] for line in log.graded))
    assert row["avg_reward"] == pytest.approx(
        fmean(line["aggregate_reward_score"] for line in log.graded)
    )


def test_verdicts_are_counted(log: Log) -> None:
    """The query counts the samples of each source and verdict."""
    found = {
        (row["source"], row["verdict"]): row["samples"]
        for row in ask(log, QUERIES["VerdictsQuery"])
    }

    assert found == Counter((line["source"], line["verdict"]) for line in log.samples)


def test_ungraded_samples_are_listed_with_their_problem(log: Log) -> None:
    """The query returns each problem once: a field of the dataset, or a fault of ours."""
    found = [row["problem"] for row in ask(log, QUERIES["UngradedQuery"])]

    assert sorted(found) == sorted(line["problem"] for line in log.samples if line["ungraded"])
    assert any(problem.startswith("inputs") for problem in found)


def test_the_articles_query_finds_zero_rewards(log: Log) -> None:
    """It returns the samples of our query, although it does not select the lines of samples."""
    found = [row["id"] for row in ask(log, ARTICLE_ZERO)]

    assert found == [row["id"] for row in ask(log, QUERIES["ZeroRewardsQuery"])]


def test_the_articles_query_counts_rewards_in_bins(log: Log) -> None:
    """It counts all lines with a reward, those of ungraded samples included."""
    counted = [row["count"] for row in ask(log, ARTICLE_DISTRIBUTION) if None not in row.values()]

    assert sum(counted) == len(log.samples)


def test_the_articles_query_finds_slow_evaluations(log: Log) -> None:
    """It returns the samples of our query."""
    assert [row["id"] for row in ask(log, ARTICLE_SLOW)] == ["slow"]


def test_the_articles_query_averages_dimensions(log: Log) -> None:
    """It returns the averages over all samples, ungraded ones included."""
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
def test_unknown_syntax_is_refused(query: str) -> None:
    """A query that tests/deploy/insights.py cannot answer fails its test."""
    with pytest.raises(UnknownSyntaxError):
        answer(query, [{"@timestamp": 0, "id": "a"}])
