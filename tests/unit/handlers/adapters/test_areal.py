"""The reward functions for AReaL, called as it calls them.

AReaL needs a GPU to be installed. The calls are those of `AsyncRewardWrapper`, areal/api/
reward_api.py, and of areal/workflow/rlvr.py @4aef98d, 2026-05-21: by position, with the columns of
the row by name, in a pool of processes; a TimeoutError is retried and then pays 0, other exceptions
are retried and then reject the rollout.
"""

import asyncio
import pickle
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

import pytest

from nova_code_verifier.adapters import areal
from nova_code_verifier.adapters.areal import reward_fn, reward_fn_async
from nova_code_verifier.adapters.core import grader_for
from nova_code_verifier.adapters.grade import UngradedError
from nova_code_verifier.verifier.types import FailureClass

RIGHT = "```python\nprint(sum(map(int, input().split())))\n```<|im_end|>"
WRONG = "```python\nprint(4)\n```"
ROW = {"inputs": ["1 2", "5 5"], "outputs": ["3", "10"], "prompt": "Add them.", "id": 1}
BROKEN = {"inputs": ["1"], "outputs": []}


def calls(completion: str, row: dict[str, Any] = ROW) -> Iterator[Any]:
    """Call both functions as a workflow does, and return their rewards."""
    given = ("<|im_start|>user\nAdd them.", completion, [1], [2])
    yield lambda: reward_fn(*given, **row)
    yield lambda: asyncio.run(reward_fn_async(*given, **row))


@pytest.mark.parametrize(("completion", "reward"), [(RIGHT, 1.0), (WRONG, 0.2)])
def test_completions_are_rewarded(completion: str, reward: float) -> None:
    """Both functions return the reward of the row's tests; its columns may have any name."""
    assert [call() for call in calls(completion)] == [reward, reward]


def test_a_broken_row_raises_with_its_reason() -> None:
    """AReaL rejects the rollout."""
    for call in calls(RIGHT, BROKEN):
        with pytest.raises(UngradedError, match=r"^ungraded \(data\): outputs"):
            call()


@pytest.mark.usefixtures("no_sandbox")
def test_an_outage_raises_with_its_reason() -> None:
    """AReaL tries again, and then rejects the rollout."""
    grader_for(None, areal._LIMITS).close()
    for call in calls(RIGHT):
        with pytest.raises(UngradedError) as caught:
            call()
        assert caught.value.failure is FailureClass.INFRASTRUCTURE
        assert not isinstance(caught.value, TimeoutError)


def test_it_runs_in_a_pool_and_its_errors_come_back() -> None:
    """The function and what it raises can be pickled."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(partial(reward_fn, "", RIGHT, [1], [2], **ROW)).result() == 1.0
        with pytest.raises(UngradedError, match=r"^ungraded \(data\): outputs") as caught:
            pool.submit(partial(reward_fn, "", RIGHT, [1], [2], **BROKEN)).result()

    assert pickle.loads(pickle.dumps(caught.value)).failure is FailureClass.DATA


def test_a_program_that_does_not_end_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A candidate cannot choose to be ungraded by using up the time of the pool."""
    sleeps = "```python\nimport time\ntime.sleep(99)\n```"
    many = {"inputs": [str(n) for n in range(9)], "outputs": [str(n) for n in range(9)]}
    limits = {name: float(value) for name, value in areal._LIMITS}
    assert 3 * max(limits.values()) < areal._SECONDS < 15

    monkeypatch.setattr(areal, "_LIMITS", tuple((name, "0.3") for name in limits))

    assert reward_fn("", sleeps, [1], [2], **many) < 0.5


def test_the_own_time_limit_is_no_time_out_of_areal(monkeypatch: pytest.MonkeyPatch) -> None:
    """AReaL pays 0 after a TimeoutError, so ours has another type."""
    monkeypatch.setattr(areal, "_SECONDS", 0.0)

    with pytest.raises(UngradedError) as caught:
        reward_fn("", RIGHT, [1], [2], **ROW)

    assert caught.value.failure is FailureClass.TIME
