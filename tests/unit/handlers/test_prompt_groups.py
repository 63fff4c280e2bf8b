"""handlers/prompt_groups.py: groups whose rewards are all equal."""

import pytest

from nova_code_verifier.handlers import prompt_groups
from nova_code_verifier.handlers.dataset_row import read_entries
from nova_code_verifier.handlers.prompt_groups import PromptGroups, group_of
from nova_code_verifier.handlers.wire import read_event

REFERENCE = {"inputs": ["1"], "outputs": ["1"]}


def counts(*samples: tuple[int | None, float | None]) -> tuple[int, int]:
    """Return the number of groups and of equal groups among samples."""
    groups = PromptGroups()
    for group, reward in samples:
        groups.add(group, reward)
    return groups.count, groups.equal_count


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([(1, 0.5), (1, 0.5), (1, 0.5)], (1, 1)),
        ([(1, 0.5), (1, 0.5), (1, 0.6)], (1, 0)),
        ([(1, 0.5), (1, 0.6), (1, 0.5)], (1, 0)),
        ([(1, 0.0), (2, 1.0), (1, 0.0), (2, 0.0)], (2, 1)),
        ([(1, 0.5), (2, 0.5)], (0, 0)),
        ([(None, 0.5), (None, 0.5)], (0, 0)),
        ([(1, 0.5), (1, None)], (0, 0)),
        ([(1, 0.5), (1, None), (1, 0.5)], (1, 1)),
    ],
)
def test_groups_of_several_graded_samples_are_counted(
    samples: list[tuple[int | None, float | None]], expected: tuple[int, int]
) -> None:
    """A single sample is no group, and a sample without a reward belongs to none."""
    assert counts(*samples) == expected


def chat(prompt: str, answer: str, **others: object) -> dict[str, object]:
    """Return a sample as a trainer sends it."""
    turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
    return {"messages": turns, "reference_answer": REFERENCE} | others


@pytest.mark.parametrize(
    ("one", "other", "is_group"),
    [
        (chat("a", "x", id="1"), chat("a", "y", id="2"), True),
        (chat("a", "x"), chat("b", "x"), False),
        (chat("a", "x"), {"messages": [{"role": "user", "content": "a"}]}, True),
        ({"messages": []}, {"messages": []}, False),
        (
            {"messages": [], "reference_answer": REFERENCE},
            {"messages": [], "reference_answer": REFERENCE},
            True,
        ),
    ],
    ids=["same prompt", "other prompt", "completion missing", "nothing known", "same reference"],
)
def test_samples_of_a_trainer_belong_to_their_prompt(
    one: dict[str, object], other: dict[str, object], *, is_group: bool
) -> None:
    """The turns before the completion decide; without any, the reference does."""
    first, second = read_event([one, other]).entries

    assert (first.group is not None and first.group == second.group) == is_group


@pytest.mark.parametrize(
    ("one", "other", "is_group"),
    [
        ({"task_id": 2, "completion": "x"}, {"task_id": 2, "completion": "y"}, True),
        ({"task_id": 2, "completion": "x"}, {"task_id": 3, "completion": "x"}, False),
        ({"prompt": ["a"], "id": 1, "output": ""}, {"prompt": ["a"], "id": 2, "output": ""}, True),
        ({"completion": "x"}, {"completion": "x"}, False),
    ],
    ids=["same id", "other id", "same prompt", "nothing known"],
)
def test_rows_belong_to_their_prompt_or_id(
    one: dict[str, object], other: dict[str, object], *, is_group: bool
) -> None:
    """The rows of a data set have no messages."""
    tests = {"test_list": ["assert f(1) == 1"]}
    (first,), (second,) = read_entries(one | tests), read_entries(other | tests)

    assert (first.group is not None and first.group == second.group) == is_group


def test_the_completions_of_a_row_are_a_group() -> None:
    """A list of completions answers one prompt."""
    row = {"task_id": 2, "responses": ["x", "y"], "test_list": ["assert f(1) == 1"]}

    assert len({entry.group for entry in read_entries(row)} - {None}) == 1


def test_the_groups_of_a_huge_file_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory is bounded; each fifth group is unequal, and the estimate is close to that."""
    monkeypatch.setattr(prompt_groups, "GROUPS_KEPT", 1000)
    groups = PromptGroups()
    for number in range(20_000):
        group = group_of([number], None)
        groups.add(group, 1.0)
        groups.add(group, 0.5 if number % 5 == 0 else 1.0)

    assert groups.is_estimate
    assert len(groups._states) <= 1000
    assert groups.count == pytest.approx(20_000, rel=0.15)
    assert groups.equal_count / groups.count == pytest.approx(0.8, abs=0.06)


def test_groups_that_all_fit_are_counted_exactly() -> None:
    """Up to the bound, there is no estimate."""
    groups = PromptGroups()
    for number in range(prompt_groups.GROUPS_KEPT):
        groups.add(number, 1.0)
        groups.add(number, 1.0)

    assert not groups.is_estimate
    assert groups.count == groups.equal_count == prompt_groups.GROUPS_KEPT
