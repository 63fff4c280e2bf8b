"""The face for verl, without verl: `tests/trainers/test_verl.py` runs it in the package."""

import asyncio
import inspect
import math
from typing import Any

import pytest

from nova_code_verifier.adapters.verl import RewardManager, compute_score, compute_score_sync

RIGHT = "```python\nprint(sum(map(int, input().split())))\n```"
TESTS = '{"inputs": ["1 2", "5 5"], "outputs": ["3", "10"]}'
SALES = {"target": "売上高", "category": "company#sales", "polarity": "positive"}
# verl 0.9.1, experimental/reward_loop/reward_manager/naive.py, 2026-08-22
OF_VERL: dict[str, Any] = {
    "reward_router_address": "localhost:8000",
    "reward_model_tokenizer": None,
}


def score(solution: str, truth: object, **others: Any) -> dict[str, float]:
    """Call the function as verl does, with its own keywords."""
    given: dict[str, Any] = {"data_source": "chabsa", "extra_info": {"num_turns": None}}
    given |= OF_VERL | others
    return asyncio.run(compute_score(solution_str=solution, ground_truth=truth, **given))


@pytest.mark.parametrize(
    ("solution", "truth", "correctness"),
    [
        (RIGHT, TESTS, 1.0),
        ("```python\nprint(3)\n```", TESTS, 0.0),
        (r"\boxed{positive}", "positive", 1.0),
        (r"\boxed{positive}", {"answer": "negative"}, 0.0),
        (r"\boxed{positive}", '"positive"', 1.0),
        ("no idea", "positive", 0.0),
        ("[{}]", {"opinions": [SALES]}, 0.0),
        ("[]", {"opinions": [SALES]}, 0.0),
        ('[{"target": "売上高", "polarity": "positive"}]', {"opinions": [SALES]}, 0.8),
    ],
)
def test_programs_and_sentiment_are_scored(
    solution: str, truth: object, correctness: float
) -> None:
    """One function scores both tasks; `acc` is the share of the answer that is right."""
    assert score(solution, truth)["acc"] == pytest.approx(correctness)


def test_every_sample_has_the_same_finite_numbers() -> None:
    """Ungraded samples have all names of the first sample, which verl reads from each."""
    rows = [score(RIGHT, TESTS), score("no idea", "positive"), score(RIGHT, {"inputs": ["1"]})]

    assert {tuple(row) for row in rows} == {tuple(rows[0])}
    assert all(
        type(value) is float and math.isfinite(value) for row in rows for value in row.values()
    )
    assert [row["ungraded"] for row in rows] == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(("given", "reward"), [({}, 0.0), ({"ungraded_reward": 0.25}, 0.25)])
def test_an_ungraded_sample_gets_the_configured_number(
    given: dict[str, float], reward: float
) -> None:
    """That is the rubric's, unless `reward_kwargs` set another one."""
    row = score(RIGHT, {"inputs": ["1"]}, **given)

    assert (row["score"], row["ungraded"]) == (reward, 1.0)


def test_a_rubric_of_the_configuration_is_used() -> None:
    """A rubric in `reward_kwargs` decides what a program earns that compiles and is wrong."""
    rubric = '{"weights": {"correctness": 1.0, "compile": 0.0, "format": 0.0}}'
    paid = score("```python\nprint(3)\n```", TESTS, rubric=rubric)

    assert paid["score"] == 0.0


def test_a_misspelt_argument_is_refused() -> None:
    """Only arguments of verl's own are ignored."""
    with pytest.raises(TypeError, match=r"^rubrik: no such argument; expected rubric or ungraded"):
        score(RIGHT, TESTS, rubrik="rubric.toml")


def test_verl_can_see_how_to_call_the_functions() -> None:
    """What `inspect` calls a coroutine function is awaited by verl, others run in a thread."""
    assert inspect.iscoroutinefunction(compute_score)
    assert not inspect.iscoroutinefunction(compute_score_sync)
    assert compute_score_sync(solution_str=RIGHT, ground_truth=TESTS)["score"] == 1.0


def test_the_manager_takes_what_verl_passes() -> None:
    """It reads its own arguments from the configuration and ignores the function."""
    config = {"reward": {"reward_kwargs": {"ungraded_reward": -1.0, "max_resp_len": 9}}}

    manager = RewardManager(config=config, tokenizer=None, compute_score=print, **OF_VERL)

    assert manager._arguments == {"ungraded_reward": -1.0}
