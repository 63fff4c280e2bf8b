# cases: 2
from solution import f


def test_expected_first():
    expected = sorted([3, 1, 2])
    given = [3, 1, 2]
    assert f(given) == expected


def test_argument_stays():
    given = [2, 1]
    f(given)
    assert given == [2, 1]
