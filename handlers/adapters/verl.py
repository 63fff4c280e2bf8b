"""A reward function for verl, for sentiment tasks: no program has to run for these.

    custom_reward_function.path=handlers/adapters/verl.py custom_reward_function.name=compute_score

In: the text of a solution and its ground truth. Out: a number. For code, call
`verifier/pipeline.py` with an executor that outlives a call.
"""

from collections.abc import Mapping
from typing import Any

from nova_code_verifier.verifier.completion.parsing import parse_completion
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.task import open_reference
from nova_code_verifier.verifier.sentiment.answer import grade_answer, read_expected


def compute_score(  # noqa: PLR0917  (verl passes keywords; other callers use positions)
    solution_str: str | None,
    ground_truth: object,
    format_score: float = 0.0,
    score: float = 1.0,
    data_source: str = "chabsa",
    extra_info: Mapping[str, Any] | None = None,
) -> float:
    """Score a label or opinions: 0 without an answer, otherwise from *format_score* to *score*.

    None is not an answer, and an empty list is not an answer to a *ground_truth* with opinions.
    *ground_truth* is a label or opinions, as `verifier/sentiment/answer.py` reads them. The other
    arguments are part of verl's interface, and are ignored. Raises VerifierError for another ground
    truth.
    """
    del data_source, extra_info
    expected = read_expected(open_reference(ground_truth))
    if expected is None:
        raise VerifierError("ground_truth", "expected a label or opinions")
    result = grade_answer(parse_completion(solution_str or "").texts, expected)
    if result.answer is None or not result.is_answered:
        return 0.0
    return format_score + (score - format_score) * result.correctness
