"""What is read without a trainer's package; the tests of each trainer's adapter show the rest."""

from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.adapters.bodies import openrlhf_entry

TESTS = {"inputs": [""], "outputs": ["1"]}
_TEXTS = st.text("ab \n", max_size=30)


def completion(query: str, prompt: str) -> str | None:
    """Return the response that is found in a query; None if there is none."""
    sample = openrlhf_entry(query, prompt, TESTS).sample
    return sample.completion if sample else None


@given(_TEXTS, st.integers(0, 30), _TEXTS)
def test_the_response_follows_the_longest_end_of_a_prompt(
    prompt: str, cut: int, response: str
) -> None:
    """It may lack its beginning, and have other spaces; fewer than 8 characters are chance."""
    query = prompt[cut:].replace(" ", "  ") + response
    words, start = "".join(prompt.split()), "".join(query[: 2 * len(prompt)].split())
    ends = [words[index:] for index in range(len(words) - 7)]
    longest = next((end for end in ends if start.startswith(end)), None)

    found = completion(query, prompt)

    if query.startswith(prompt):
        assert found == query[len(prompt) :]
    elif longest is None:
        assert found is None
    else:
        assert found is not None
        assert "".join((longest + found).split()) == "".join(query.split())


def test_long_texts_are_compared_in_linear_time() -> None:
    """A quadratic algorithm would not end: both texts come from a request."""
    assert completion("ba" + "a" * 10**6, "a" * 10**6) is None
