# cases: 3
import pytest

from solution import f


def test_three():
    assert f([3, 1, 2]) == [1, 2, 3]


@pytest.mark.parametrize(("numbers", "expected"), [([9, 7], [7, 9]), ([5, 5, 4], [4, 5, 5])])
def test_some(numbers, expected):
    assert f(numbers) == expected
