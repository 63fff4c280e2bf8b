"""handlers/report_page/context.py: what surrounds a reward."""

import pytest

from nova_code_verifier.handlers.report_page.context import Context, read_context

MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Add\ntwo numbers."},
    {"role": "assistant", "content": "a + b"},
]


def test_messages_hold_prompt_and_completion() -> None:
    """The label is what the user asks: many prompts begin with the same system turn."""
    context = read_context({"messages": MESSAGES})

    assert context.prompt == "system: Be brief.\n\nuser: Add\ntwo numbers."
    assert context.label == "Add two numbers."
    assert (context.completion, context.completion_length) == ("a + b", 5)


@pytest.mark.parametrize(
    ("row", "prompt"),
    [
        ({"prompt": "p", "completion": "c"}, "p"),
        ({"input": "p", "output": "c"}, "p"),
        ({"prompt": [{"role": "user", "content": "p"}], "response": "c"}, "p"),
        ({"question": "p", "generation": "c"}, "p"),
    ],
)
def test_columns_hold_prompt_and_completion(row: dict[str, object], prompt: str) -> None:
    """Dumps of trainers and rows of data sets."""
    context = read_context(row)

    assert (context.prompt, context.completion) == (prompt, "c")


def test_samples_of_one_prompt_share_their_group() -> None:
    """The whole prompt counts, although a page shows its beginning."""
    long = "x" * 5000
    first, again, other = (
        read_context({"prompt": text}) for text in (f"{long}a", f"{long}a", f"{long}b")
    )

    assert first.group == again.group != other.group
    assert len(first.prompt) < len(long)
    assert read_context({}, group=255).group == "00000000000000ff"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1_700_000_000, 1_700_000_000),
        (1_700_000_000_500, 1_700_000_000.5),
        ("1700000000", 1_700_000_000),
        ("1700010100123", 1_700_010_100.123),
        ("2023-11-14T22:13:20Z", 1_700_000_000),
        ("2023-11-14T22:13:20.500+00:00", 1_700_000_000.5),
        ("2023-11-14T22:13:20", 1_700_000_000),
        ("yesterday", None),
        (True, None),
        (-5, None),
        (float("nan"), None),
        ([], None),
    ],
)
def test_times_are_seconds_since_1970(value: object, seconds: float | None) -> None:
    """Logs have dates or milliseconds; a text without a zone is UTC."""
    assert read_context({"timestamp": value}).time == seconds


@pytest.mark.parametrize(
    ("row", "step"),
    [
        ({"step": 3}, 3),
        ({"global_step": "4"}, 4),
        ({"extra_info": {"training_step": 5}}, 5),
        ({"metadata": {"step": 6}, "epoch": 0.5}, 0.5),
        ({"step": "soon", "iteration": 7}, 7),
        ({"step": None}, None),
        ({"step": 10**400}, None),
    ],
)
def test_steps_are_numbers(row: dict[str, object], step: float | None) -> None:
    """In the row, or in what trainers put beside it."""
    assert read_context(row).step == step


@pytest.mark.parametrize("raw", [None, [], "x", {"messages": 5}, {"messages": [{"role": 1}]}])
def test_what_cannot_be_read_is_unknown(raw: object) -> None:
    """Nothing raises."""
    assert read_context(raw) == Context()
