"""The function for a rubric of verifiers; tests/trainers runs it, and v1, in the package itself."""

import asyncio
import json
import logging
import sys
from types import ModuleType
from typing import Any

import pytest

from nova_code_verifier.adapters.core import grader_for
from nova_code_verifier.adapters.verifiers import STATE_KEY, code_reward, rubric

RIGHT = "```python\nprint(sum(map(int, input().split())))\n```"
TESTS = {"inputs": ["1 2", "5 5"], "outputs": ["3", "10"]}
CHAT = [{"role": "assistant", "content": RIGHT}]


@pytest.mark.parametrize(
    "columns",
    [
        {"info": TESTS},
        {"info": json.dumps(TESTS)},
        {"answer": json.dumps(TESTS), "info": {}},
        {"answer": "", "info": {}, **TESTS},
        {"answer": "10", "info": {"tests": TESTS}, "task": {"prompt": [object()]}},
    ],
)
def test_tests_are_found_where_environments_have_them(columns: dict[str, Any]) -> None:
    """Tests are in `info`, `answer` or columns; objects of the package beside them do no harm."""
    state: dict[str, Any] = {}

    reward = asyncio.run(code_reward(completion=CHAT, state=state, parser=object(), **columns))

    assert reward == 1.0
    assert state[STATE_KEY]["tests_passed"] == 2
    assert "error" not in state


def test_an_ungraded_rollout_gets_a_number_and_an_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A rubric needs a number. The error in the state says why it means nothing."""
    monkeypatch.setitem(
        sys.modules, "verifiers", ModuleType("verifiers")
    )  # an old one, without types
    state: dict[str, Any] = {"error": None}

    with caplog.at_level(logging.WARNING):
        reward = asyncio.run(
            code_reward(
                completion=RIGHT,
                state=state,
                info={"inputs": ["1"], "outputs": [""] * 9},
                example_id=7,
            )
        )

    assert reward == 0.0
    assert str(state["error"]).startswith("ungraded: info")
    assert "a completion for row 7 is ungraded: info" in caplog.text


def test_an_exception_is_an_error_and_not_only_a_zero(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A rubric swallows exceptions. So the function puts them into the state, and logs them."""
    monkeypatch.setitem(sys.modules, "verifiers", ModuleType("verifiers"))
    monkeypatch.setenv("VERIFIER_WORKERS", "none of them")
    grader_for.cache_clear()  # it has read the settings
    state: dict[str, Any] = {}

    reward = asyncio.run(code_reward(completion=RIGHT, state=state, info=TESTS))

    assert reward == 0.0
    assert "VERIFIER_WORKERS" in str(state["error"])
    assert "Traceback" in caplog.text


def test_a_version_without_rubrics_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """From 0.4 on verifiers has no Rubric: the message says what to use."""
    monkeypatch.setitem(sys.modules, "verifiers", ModuleType("verifiers"))

    with pytest.raises(ImportError, match="task_reward"):
        rubric()
