"""Decide whether a number is close enough to the expected one.

In: two numbers, and a checker with its tolerances. Out: whether the observed one is accepted, or
all numbers that are.

A finite number b is accepted for an expected a if |a - b| <= max(abs_tol, rel_tol x |a|), as in the
default output validator of Kattis. `math.isclose` would also use |b|, and so accept a little more.
"""

import math
import sys
from collections.abc import Callable
from functools import lru_cache

from nova_code_verifier.verifier.types import Checker


def is_close(expected: float, observed: float, checker: Checker) -> bool:
    """Return whether the *checker* accepts *observed*. nan and infinity only match themselves."""
    return _is_close(expected, observed, checker.abs_tol, checker.rel_tol)


def _is_close(expected: float, observed: float, abs_tol: float, rel_tol: float) -> bool:
    if not math.isfinite(expected):
        return expected == observed or (math.isnan(expected) and math.isnan(observed))
    return abs(expected - observed) <= max(abs_tol, rel_tol * abs(expected))


def accepted_range(expected: float, checker: Checker) -> tuple[float, float]:
    """Return the lowest and the highest float that the *checker* accepts for a finite number."""
    return _accepted_range(expected, checker.abs_tol, checker.rel_tol)


@lru_cache(maxsize=2**12)
def _accepted_range(expected: float, abs_tol: float, rel_tol: float) -> tuple[float, float]:
    def is_accepted(other: float) -> bool:
        return _is_close(expected, other, abs_tol, rel_tol)

    step = max(abs_tol, rel_tol * abs(expected))
    lowest = _last_accepted(expected, -step, is_accepted)
    return lowest, _last_accepted(expected, step, is_accepted)


def _last_accepted(expected: float, step: float, is_accepted: Callable[[float], bool]) -> float:
    """Find the last accepted float in the direction of *step*: rounding moves it a little."""
    last_float = math.copysign(sys.float_info.max, step)
    near, far = expected, _limited(expected + step)
    if is_accepted(far):
        near, far = far, _limited(math.nextafter(far, last_float))
    # Most often, `far` is now the next float after `near`. Otherwise: double, then bisect.
    while is_accepted(far):
        if far == last_float:
            return far
        near, far = far, _limited(far + 2 * (far - near))
    while (middle := near + (far - near) / 2) not in (near, far):
        near, far = (middle, far) if is_accepted(middle) else (near, middle)
    return near


def _limited(number: float) -> float:
    return max(-sys.float_info.max, min(number, sys.float_info.max))
