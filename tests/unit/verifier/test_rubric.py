"""Tests of the rubric's arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.verifier.rubric import DEFAULT_RUBRIC, Rubric, RubricError, Shape

ends = st.floats(-1e9, 1e9) | st.integers(-20, 20).map(lambda tenths: tenths / 10)
shares = st.integers(1, 50).flatmap(lambda n: st.integers(0, n).map(lambda k: k / n))
rubrics = st.builds(
    Rubric,
    shape=st.sampled_from(Shape),
    exponent=st.floats(0.01, 100),
    threshold=st.floats(0, 1),
)


def test_correctness_outweighs_the_other_dimensions_by_default() -> None:
    """The default weight of correctness is larger than all others together."""
    rubric = DEFAULT_RUBRIC

    assert rubric.correctness > rubric.compile + rubric.format


def test_weights_that_do_not_add_up_to_1_are_refused() -> None:
    """The error shows every weight, the defaults included."""
    with pytest.raises(RubricError, match=r"found 1\.1: correctness 0\.8, compile 0\.2, format"):
        Rubric(compile=0.2)


def test_an_empty_range_is_refused() -> None:
    """The lower end of the range must be below the higher one."""
    with pytest.raises(RubricError, match=r"reward\.range: .*, found \[1\.0, 1\.0\]"):
        Rubric(lowest=1.0)


@given(rubric=rubrics, pair=st.tuples(shares, shares).map(sorted))
def test_every_shape_is_monotone(rubric: Rubric, pair: list[float]) -> None:
    """A larger share never has a lower correctness; 0 stays 0, and 1 stays 1."""
    low, high = pair

    assert 0.0 <= rubric.shaped(low) <= rubric.shaped(high) <= 1.0
    assert (rubric.shaped(0.0), rubric.shaped(1.0)) == (0.0, 1.0)


@given(
    ends=st.lists(ends, min_size=2, max_size=2, unique=True).map(sorted),
    shares=st.lists(st.floats(0, 1), min_size=2).map(sorted),
)
def test_rewards_span_the_range(ends: list[float], shares: list[float]) -> None:
    """The share 0 earns the lower end, 1 the higher one, and a larger share never less."""
    rubric = Rubric(lowest=ends[0], highest=ends[1])

    rewards = [rubric.reward(share) for share in (0.0, *shares, 1.0)]

    assert [rewards[0], rewards[-1]] == ends
    assert rewards == sorted(rewards)


def test_frequent_labels_have_a_lower_weight() -> None:
    """With priors, the prior of a label times its weight is the same for every label."""
    rubric = Rubric(priors=(("positive", 0.5), ("negative", 0.4), ("neutral", 0.1)))

    assert rubric.label_weight("neutral") == 1.0
    assert rubric.label_weight("negative") == 0.25
    assert rubric.label_weight("positive") == 0.2


def test_labels_have_the_same_weight_without_priors() -> None:
    """Without priors, every right label has the weight 1."""
    assert DEFAULT_RUBRIC.label_weight("positive") == 1.0
