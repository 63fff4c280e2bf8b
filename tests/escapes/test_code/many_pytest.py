# cases: 4
import pytest

from solution import f


def test_zip():
    for got, want in zip(map(f, [4, 5]), [16, 25]):
        assert got == want


@pytest.mark.parametrize(("number", "expected"), [(1, 1), (2, 4)])
def test_all(number, expected):
    assert all(map(lambda value: f(value) == expected, [number]))


def test_generator():
    def answers():
        while True:
            yield f(3)

    for count, answer in enumerate(answers()):
        assert answer == 9
        if count == 2:
            break
