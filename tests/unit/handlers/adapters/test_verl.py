"""The reward function for verl."""

from typing import Any

import pytest

from nova_code_verifier.adapters.verl import compute_score
from nova_code_verifier.verifier.errors import VerifierError

SALES = {"target": "売上高", "category": "company#sales", "polarity": "positive"}


@pytest.mark.parametrize(
    ("solution", "truth", "reward"),
    [
        (r"\boxed{positive}", "positive", 1.0),
        (r"\boxed{positive}", {"answer": "negative"}, 0.1),
        (r"\boxed{positive}", '"positive"', 1.0),
        ("no idea", "positive", 0.0),
        (None, "positive", 0.0),
        ("[{}]", {"opinions": [SALES]}, 0.0),
        ("[]", {"opinions": [SALES]}, 0.0),
        ('[{"target": "売上高", "polarity": "positive"}]', {"opinions": [SALES]}, 0.1 + 0.9 * 0.8),
    ],
)
def test_a_solution_is_scored(solution: str | None, truth: object, reward: float) -> None:
    """Without an answer a solution gets 0, otherwise a score between `format_score` and `score`."""
    assert compute_score(solution, truth, 0.1, 1.0) == pytest.approx(reward)


def test_the_keywords_of_verl_are_accepted() -> None:
    """The function accepts all keywords that verl passes."""
    given: dict[str, Any] = {"solution_str": "negative", "ground_truth": "negative"}

    assert compute_score(**given, data_source="chabsa", extra_info={"index": 1}) == 1.0


def test_a_reference_for_a_program_is_refused() -> None:
    """A reference with test cases raises an error that names the argument."""
    with pytest.raises(VerifierError, match=r"^ground_truth: "):
        compute_score("", {"inputs": [], "outputs": []})
