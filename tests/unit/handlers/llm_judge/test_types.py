"""The failures of the LLM judge."""

import pytest

from nova_code_verifier.handlers.llm_judge.types import Failure, JudgeFailure


@pytest.mark.parametrize("failure", JudgeFailure)
def test_a_failure_becomes_a_similarity_of_the_same_kind(failure: JudgeFailure) -> None:
    """A failure keeps its kind, its text and whether it is an outage."""
    similarity = Failure(kind=failure, detail="for: a reason").similarity

    assert (similarity.kind, similarity.problem) == (failure, f"{failure}: for: a reason")
    assert (similarity.value, similarity.failure.is_outage) == (None, failure.is_outage)


def test_only_outages_are_transient() -> None:
    """No failure that the texts cause is retried, and neither is a wrong setting."""
    transient = {failure for failure in JudgeFailure if failure.is_transient}
    outages = {failure for failure in JudgeFailure if failure.is_outage}

    assert outages - transient == {JudgeFailure.MISCONFIGURED}
