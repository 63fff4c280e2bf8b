"""Finding the prompt of a row."""

from typing import Any

import pytest

from nova_code_verifier.handlers.cli.convert.prompt import find_prompt, names_any
from nova_code_verifier.handlers.cli.convert.refusal import RefusedRowError

SYSTEM = {"role": "system", "content": "Be brief."}
USER = {"role": "user", "content": "Add."}
MODEL = {"role": "assistant", "content": "OK."}


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [USER]},
        {"messages": [USER, MODEL]},
        {"messages": [USER, {"role": "nova_assistant", "content": "OK."}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Add."}]}]},
        {"prompt": [USER]},
        {"prompt": "Add."},
        {"prompt": "Add.", "source_prompt": [USER], "extra": 1},
        {"context_messages": [[USER]]},
        {"responses_create_params": {"input": [USER]}},
        {"conversations": [{"from": "human", "value": "Add."}, {"from": "gpt", "value": "OK."}]},
        {"question": "Add.", "prompt": "import math"},
        {"query": "Add.", "prompt": "import math"},
        {"question": None, "problem": " ", "text": "Add."},
        {"messages": [MODEL], "question": "Add."},
    ],
    ids=str,
)
def test_a_prompt_is_found_in_each_column(row: dict[str, Any]) -> None:
    """The task is found, and no answer to it."""
    assert find_prompt(row, None) == [USER]


def test_earlier_turns_stay() -> None:
    """A conversation is a prompt up to the last turn of the user; Amazon has no developer role."""
    turns = [{"role": "developer", "content": "Be brief."}, USER, MODEL, USER, MODEL]

    assert find_prompt({"messages": turns}, None) == [SYSTEM, USER, MODEL, USER]


def test_a_statement_of_a_contest_is_whole() -> None:
    """Without the formats of input and output, the task cannot be solved."""
    row = {
        "description": "Add.",
        "input_format": "Two numbers.",
        "output_format": "Their sum.",
        "examples": [{"input": "1 2", "output": "3"}],
        "note": None,
    }

    (message,) = find_prompt(row, None)

    assert message["content"] == (
        "Add.\n\nInput:\nTwo numbers.\n\nOutput:\nTheir sum.\n\n"
        "Example:\n1 2\n\nExpected output:\n3"
    )


def test_the_column_can_be_named() -> None:
    """A name may lead into dicts."""
    assert find_prompt({"prompt": "no", "a": {"b": "Add."}}, "a.b") == [USER]
    assert find_prompt({"prompt": "no", "a.b": [USER]}, "a.b") == [USER]


@pytest.mark.parametrize(
    ("row", "column", "problem"),
    [
        ({"tests": 1}, None, "prompt: found none in 'tests', expected .* --prompt-field"),
        ({"prompt": "x"}, "q", "q: expected a list, found null"),
        ({"q": "  "}, "q", "q: found no text"),
        ({"messages": [{"content": "x"}]}, None, r"messages\[0\]\.role: missing"),
    ],
    ids=str,
)
def test_a_row_without_a_prompt_is_refused(
    row: dict[str, Any], column: str | None, problem: str
) -> None:
    """The reason names the field and the option."""
    with pytest.raises(RefusedRowError, match=problem):
        find_prompt(row, column)


def test_half_of_a_surrogate_pair_is_replaced() -> None:
    """No tokenizer reads it, and no table holds it."""
    assert find_prompt({"prompt": "Add.\ud800"}, None)[0]["content"] == "Add.?"


@pytest.mark.parametrize(
    ("prompt", "name", "is_named"),
    [
        ("Find the last position in a sorted array.", "last", False),
        ("Sum the numbers.", "Sum", False),
        ("Write a function `last` for a sorted array.", "last", True),
        ("Write a function named last.", "last", True),
        ("Write last(items).", "last", True),
        ("def last(items):", "last", True),
        ("Write remove_last.", "last", False),
        ("Write remove_last.", "remove_last", True),
        ("Write twoSum for a list.", "twoSum", True),
        ("Write is_prime.", "Solution().is_prime", True),
    ],
)
def test_a_word_of_the_prompt_is_not_the_name_of_a_function(
    prompt: str, name: str, *, is_named: bool
) -> None:
    """A model cannot know that the last position has to be found by `last`."""
    assert names_any([{"role": "user", "content": prompt}], [name]) == is_named
