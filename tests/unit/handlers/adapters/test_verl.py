"""The reward function that verl calls."""

from typing import Any

import pytest

from nova_code_verifier.handlers.adapters.verl import compute_score
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
def test_a_solution_has_its_score(solution: str | None, truth: object, reward: float) -> None:
    """Nothing without an answer, and partial credit for opinions."""
    assert compute_score(solution, truth, 0.1, 1.0) == pytest.approx(reward)


def test_it_is_called_as_verl_calls_it() -> None:
    """By name, with more than it needs."""
    given: dict[str, Any] = {"solution_str": "negative", "ground_truth": "negative"}

    assert compute_score(**given, data_source="chabsa", extra_info={"index": 1}) == 1.0


def test_a_program_is_not_for_it() -> None:
    """The error names the argument."""
    with pytest.raises(VerifierError, match=r"^ground_truth: "):
        compute_score("", {"inputs": [], "outputs": []})
