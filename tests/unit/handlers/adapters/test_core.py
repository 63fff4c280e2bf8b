"""The core of the adapters: rollouts in, grades out, with a real owner and real sandboxes."""

import asyncio
import pickle
import subprocess
import sys
from array import array

import pytest

from nova_code_verifier.adapters.core import (
    Grade,
    Rollout,
    grade_many,
    grade_many_async,
    grader_for,
)

RIGHT = "```python\nprint(sum(map(int, input().split())))\n```"
WRONG = "```python\nprint(4)\n```"
TESTS = {"inputs": ["1 2", "5 5"], "outputs": ["3", "10"]}


def test_rollouts_are_graded_in_order() -> None:
    """Right, wrong and ungraded completions get their grades, whatever else is in the batch."""
    grades = grade_many(
        [Rollout(RIGHT, TESTS), Rollout(WRONG, TESTS), Rollout(RIGHT, {"inputs": ["1"]})]
    )

    assert [grade.reward for grade in grades] == [1.0, 0.2, None]
    assert grades[2].problem
    assert not grades[2].is_outage
    assert {tuple(grade.metrics) for grade in grades} == {tuple(grades[0].metrics)}


def test_defaults_are_for_what_the_environment_does_not_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A face may have other limits than the rest; the user's still count. A copy is the same."""
    monkeypatch.setenv("VERIFIER_CPU_SECONDS", "7")
    defaults = (("VERIFIER_CPU_SECONDS", "3"), ("VERIFIER_WALL_SECONDS", "4"))

    grader = grader_for(None, defaults)

    assert (grader.settings.cpu_seconds, grader.settings.wall_seconds) == (7, 4)
    assert pickle.loads(pickle.dumps(grader)) is grader


def test_an_event_loop_gets_the_same_grades() -> None:
    """The asynchronous twin returns what the other one returns."""

    async def both() -> list[list[Grade]]:
        calls = (grade_many_async([Rollout(text, TESTS)]) for text in (RIGHT, WRONG))
        return await asyncio.gather(*calls)

    right, wrong = asyncio.run(both())

    assert (right[0].reward, wrong[0].reward) == (1.0, 0.2)


def test_the_other_name_is_refused() -> None:
    """No module is loaded twice: the folder's own path is no name of the package."""
    found = subprocess.run(
        [sys.executable, "-c", "import nova_code_verifier.handlers.adapters.core"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 1
    assert "import nova_code_verifier.adapters instead" in found.stderr


def test_values_of_tables_are_plain() -> None:
    """Arrays of a table's row are lists, and NaN is a missing reference."""
    case = {"args": array("q", [1, 2]), "expected": 3}
    tests = {"tests": {"kind": "call", "entry_point": "add", "cases": [case]}}
    program = "```python\ndef add(a, b):\n    return a + b\n```"

    grades = grade_many([Rollout(program, tests), Rollout(program, float("nan"))])

    assert [grade.reward for grade in grades] == [1.0, None]
    assert grades[1].problem.startswith("reference_answer: missing")


@pytest.mark.parametrize("completion", [None, 7, [{"role": "user", "content": RIGHT}]])
def test_what_is_no_completion_is_told(completion: object) -> None:
    """A trainer that passes no answer of the model gets no made-up reward without a word."""
    [grade] = grade_many([Rollout(completion, TESTS)])

    assert grade.reward is None or grade.metrics["no_completion"] == 1.0


def test_a_chat_without_a_message_earns_nothing() -> None:
    """A model that writes nothing is graded: it cannot choose to be ungraded."""
    [grade] = grade_many([Rollout([], TESTS)])

    assert grade.reward == 0.0


@pytest.mark.parametrize("completion", [[{"role": "assistant", "content": RIGHT}], RIGHT])
def test_chat_and_text_are_completions(completion: object) -> None:
    """A list of messages is graded by the model's last one."""
    [grade] = grade_many([Rollout(completion, TESTS)])

    assert grade.reward == 1.0
