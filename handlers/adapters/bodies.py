"""Read what trainers send for a sample, and write what they expect, without the trainers.

In: a query, a response or the body of a request, as the trainer has it. Out: an `Entry` for the
core; for NeMo Gym also the answer. The adapters use this inside a trainer, and the HTTP service
for trainers that send the same over HTTP.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from nova_code_verifier.adapters.core import Rollout, entry_of
from nova_code_verifier.adapters.grade import Grade
from nova_code_verifier.adapters.rows import cut_end_tokens, entry_of_row
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.verifier.reference.datasets.shapes import holds_tests
from nova_code_verifier.verifier.types import FailureClass

_END_MIN = 8  # fewer characters may be equal by chance

_FAILURE = "_ng_failure_"
_LABELS = frozenset(("answer", "label", "polarity", "opinions", "text", "reference"))
_OF_GYM = ("response", "responses_create_params", "reward", "mask_sample")


def openrlhf_entry(query: str, prompt: str, label: object) -> Entry:
    """Return the entry of a sample of OpenRLHF. Its *query* is the prompt and the response."""
    response = _response(query, prompt)
    if response is None:
        return Entry(id=None, problem="queries: expected each to begin with its prompt")
    return entry_of(Rollout(cut_end_tokens(response), label))


def _response(query: str, prompt: str) -> str | None:
    """Return what follows the prompt; None if the query does not begin with the end of a prompt.

    A long prompt comes without its beginning, and a tokenizer may change its spaces.
    """
    if query.startswith(prompt):
        return query[len(prompt) :]
    count = _overlap("".join(prompt.split()), "".join(query[: 2 * len(prompt)].split()))
    return _after(query, count) if count >= _END_MIN else None


def _overlap(text: str, other: str) -> int:
    """Return how many characters the longest end of *text* has with which *other* begins.

    By the algorithm of Knuth, Morris and Pratt: both texts may be long, and come from anywhere.
    """
    shorter = [0] * len(other)  # of each beginning, the longest shorter one with which it ends
    for index in range(1, len(other)):
        shorter[index] = _longer(other, shorter, shorter[index - 1], other[index])
    count = 0
    for character in text:
        count = _longer(other, shorter, count, character)
    return count


def _longer(pattern: str, shorter: Sequence[int], count: int, character: str) -> int:
    """Return how many characters of *pattern* match after another one, if *count* did before."""
    while count and (count == len(pattern) or pattern[count] != character):
        count = shorter[count - 1]
    return count + (count < len(pattern) and pattern[count] == character)


def _after(text: str, count: int) -> str:
    """Return what follows *count* characters that are no spaces."""
    for index, character in enumerate(text):
        if not count:
            return text[index:]
        count -= not character.isspace()
    return ""


def slime_entry(response: str, label: object, metadata: Mapping[str, object]) -> Entry:
    """Return the entry of a sample of slime. Its tests are in its label, or else its metadata."""
    row = {**metadata, "reference_answer": label} if label else metadata
    return entry_of_row(cut_end_tokens(response), row)


def gym_entry(body: Mapping[str, Any]) -> Entry:
    """Return the entry in a request to `/verify` of NeMo Gym, as plain data."""
    row = {name: value for name, value in _given(body).items() if name not in _OF_GYM}
    return entry_of_row(_answer(body["response"]), _with_label(row))


def gym_answer(body: Mapping[str, Any], grade: Grade, reward: float) -> dict[str, Any]:
    """Return the answer to *body*. What is ungraded has a failure class, and is not trained."""
    answer: dict[str, Any] = {
        **_given(body),
        **{f"verifier_{name}": value for name, value in grade.metrics.items()},
        "reward": float(reward),
        "mask_sample": grade.reward is None,
    }
    if grade.reward is None:
        failure = FailureClass.INFRASTRUCTURE if grade.is_outage else FailureClass.DATA
        answer |= {
            f"{_FAILURE}class": f"verifier_{failure}",
            f"{_FAILURE}problem": grade.problem,
            f"{_FAILURE}terminal": not grade.is_outage,
        }
    return answer


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return *body* without what an earlier answer said about a failure."""
    return {name: value for name, value in body.items() if not name.startswith(_FAILURE)}


def _with_label(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its metadata as the reference, if they hold a label and no tests."""
    metadata = row.get("verifier_metadata")
    if not isinstance(metadata, dict) or _LABELS.isdisjoint(metadata) or holds_tests(metadata):
        return row
    others = {name: value for name, value in row.items() if name != "verifier_metadata"}
    return row if holds_tests(others) else {"reference_answer": metadata, **others}


def _answer(response: Mapping[str, Any]) -> str:
    """Return the text of the last message of an OpenAI response; empty if there is none."""
    messages = (item for item in response["output"] if item.get("type") == "message")
    *_, last = [None, *messages]
    return "".join(part.get("text") or "" for part in last["content"]) if last else ""
