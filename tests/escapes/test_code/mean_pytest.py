# cases: 3
import pytest

from solution import f


def test_two():
    assert f([1, 2]) == pytest.approx(1.5)


def test_halves():
    assert pytest.approx(7.25, abs=1e-6) == f([7, 7.5])


def test_three():
    assert round(f([2, 2, 5]), 3) == 3.0
