# cases: 3
import pytest

from solution import f


def test_raises():
    with pytest.raises(ValueError, match="negative"):
        f(-1)


def test_value():
    assert f(9) == 3


def test_other():
    try:
        assert f(16) == 4
    except ValueError:
        pytest.fail("16 is no error")
