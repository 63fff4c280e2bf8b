"""Tests of tolerances."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.verifier.checking.tolerance import accepted_range, is_close
from nova_code_verifier.verifier.types import Checker

finite = st.floats(allow_nan=False, allow_infinity=False)
tolerances = st.sampled_from([0.0, 1e-9, 1e-6, 0.1, 1.0])
checkers = st.builds(lambda a, r: Checker(abs_tol=a, rel_tol=r), tolerances, tolerances)


@pytest.mark.parametrize(
    ("expected", "observed", "accepted"),
    [
        (100.0, 100.05, True),
        (100.0, 100.2, False),
        (1e-9, 0.0, True),
        (1e300, 1.0009e300, True),
        # The larger of the two numbers does not count: this is within 0.001 of the observed one.
        (1000.0, 1001.0005, False),
        (math.inf, math.inf, True),
        (math.inf, -math.inf, False),
        (math.inf, 1e308, False),
        (1e308, math.inf, False),
        (math.nan, math.nan, True),
        (math.nan, 0.0, False),
        (0.0, math.nan, False),
    ],
)
def test_a_number_is_accepted_within_either_tolerance(
    expected: float, observed: float, *, accepted: bool
) -> None:
    """The relative tolerance is a share of the expected number; nan and infinity have none."""
    assert is_close(expected, observed, Checker(abs_tol=1e-6, rel_tol=1e-3)) is accepted


@given(expected=finite, checker=checkers)
def test_the_ends_of_the_range_are_the_last_that_are_accepted(
    expected: float, checker: Checker
) -> None:
    """Both ends are accepted, and the next floats outside of them are not."""
    for end, outside in zip(accepted_range(expected, checker), (-math.inf, math.inf), strict=True):
        beyond = math.nextafter(end, outside)

        assert is_close(expected, end, checker)
        assert math.isinf(beyond) or not is_close(expected, beyond, checker)


@given(expected=finite, observed=finite, checker=checkers)
def test_a_number_is_accepted_if_it_is_in_the_range(
    expected: float, observed: float, checker: Checker
) -> None:
    """The range holds exactly the numbers that are accepted."""
    low, high = accepted_range(expected, checker)

    assert is_close(expected, observed, checker) is (low <= observed <= high)
