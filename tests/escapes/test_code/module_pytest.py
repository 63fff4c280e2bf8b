# cases: 2
from solution import f

RESULT = f([3, 1, 2])


def test_result():
    assert RESULT == [1, 2, 3]


def test_two():
    assert f([9, 7]) == [7, 9]
