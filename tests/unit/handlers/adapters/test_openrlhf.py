"""The reward function for OpenRLHF, called as it calls it.

OpenRLHF needs a GPU to be installed. Its calls are those of `SingleTurnAgentExecutor`,
openrlhf/utils/agent.py @3c3be62, 2026-08-13: lists of one by position, in a thread; `query` is
decoded with special tokens. What it does with the answer is in trainer/ppo_utils/
samples_generator.py: `torch.tensor([value])` of `rewards`, `scores` and each of `extra_logs`.
"""

import asyncio
import json
from typing import Any

import pytest

from nova_code_verifier.adapters.openrlhf import reward_func

PROMPT = "<|im_start|>user\nAdd them:\n```python\nprint(4)\n```<|im_end|>\n<|im_start|>assistant\n"
RIGHT = "```python\nprint(sum(map(int, input().split())))\n```"
WRONG = "```python\nprint(4)\n```"
LABEL = json.dumps({"inputs": ["1 2", "5 5"], "outputs": ["3", "10"]})


def reward(response: str, label: str = LABEL, *, prompt: str = PROMPT) -> dict[str, Any]:
    """Return what the function answers for one response, each list being one item."""
    answer = asyncio.run(
        asyncio.to_thread(reward_func, [f"{prompt}{response}<|im_end|>"], [PROMPT], [label])
    )
    logs = {name: next(iter(value)) for name, value in answer.pop("extra_logs").items()}
    return {name: next(iter(value)) for name, value in answer.items()} | logs


@pytest.mark.parametrize(
    ("response", "expected", "score"), [(RIGHT, 1.0, 1.0), (WRONG, 0.2, 0.0), ("no idea", 0.0, 0.0)]
)
def test_responses_are_rewarded(response: str, expected: float, score: float) -> None:
    """The reward is that of the label's tests, and the score is the correctness."""
    answer = reward(response)

    assert (answer["rewards"], answer["scores"], answer["ungraded"]) == (expected, score, 0)


@pytest.mark.parametrize(
    "prompt",
    [
        PROMPT[30:],  # too long, and cut
        PROMPT.replace("\n", " "),
        PROMPT.replace("<|im_start|>", "<|im_start|> "),
        PROMPT[-25:],
    ],
)
def test_the_prompt_is_no_answer(prompt: str) -> None:
    """A program in the prompt does not count, also if the tokenizer wrote the prompt in its way."""
    label = json.dumps({"inputs": ["", ""], "outputs": ["4", "4"]})  # what the prompt's prints

    assert reward("no idea", label, prompt=prompt)["no_completion"] == 0
    assert reward("no idea", label, prompt=prompt)["rewards"] == 0
    assert reward(RIGHT, prompt=prompt)["rewards"] == 1


def test_special_tokens_are_cut_off() -> None:
    """A program without a fence ends before the tokens that end the response."""
    assert reward("print(sum(map(int, input().split())))<|endoftext|>\n")["scores"] == 1


@pytest.mark.parametrize("case", ["label", "prompt"])
def test_an_ungraded_sample_gets_a_number(case: str) -> None:
    """A broken row is no exception, and its logs have the same names as others."""
    if case == "label":
        answer = reward(RIGHT, '{"inputs": ["1"], "outputs": []}')
    else:
        answer = reward(RIGHT, prompt="Another prompt.")

    assert (answer["rewards"], answer["ungraded"], answer["failure"]) == (0, 1, 1)
    assert answer.keys() == reward(RIGHT).keys()


@pytest.mark.usefixtures("no_sandbox")
def test_an_outage_is_marked() -> None:
    """Without sandboxes there is a number, and `failure` says that it is our fault."""
    answer = reward(RIGHT)

    assert (answer["rewards"], answer["ungraded"], answer["failure"]) == (0, 1, 2)
