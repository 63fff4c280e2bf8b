"""A reward function as verl calls it, for sentiment: nothing has to be run for that.

    custom_reward_function.path=handlers/adapters/verl.py custom_reward_function.name=compute_score

In: a solution's text and its ground truth. Out: a number. Must not know: programs; for these, use
`verifier.pipeline`, whose executor outlives a call.
"""

from collections.abc import Mapping
from typing import Any

from nova_code_verifier.verifier.completion.parsing import parse_completion
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.task import open_reference
from nova_code_verifier.verifier.sentiment.answer import grade_answer, read_expected


def compute_score(  # noqa: PLR0917  (verl passes them by name, and others by place)
    solution_str: str | None,
    ground_truth: object,
    format_score: float = 0.0,
    score: float = 1.0,
    data_source: str = "chabsa",
    extra_info: Mapping[str, Any] | None = None,
) -> float:
    """Score a label or opinions: 0 without an answer, else *format_score* up to *score*.

    To say that there is nothing where there is something is no answer, nor is None.
    *ground_truth* is what `verifier.sentiment.answer` reads: a label, or opinions. Raises
    VerifierError
    if it is neither. The other arguments are verl's, and change nothing.
    """
    del data_source, extra_info
    expected = read_expected(open_reference(ground_truth))
    if expected is None:
        raise VerifierError("ground_truth", "expected a label or opinions")
    result = grade_answer(parse_completion(solution_str or "").texts, expected)
    if result.answer is None or not result.is_answered:
        return 0.0
    return format_score + (score - format_score) * result.correctness
