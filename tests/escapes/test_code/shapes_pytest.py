# cases: 6
import pytest

from solution import Circle, Color, Shape, Square, scaled, total


def test_area():
    assert Square(2).area() == 4
    assert Circle(1).area() == pytest.approx(3.14159, abs=1e-4)


def test_kinds():
    assert isinstance(Square(2), Shape)
    assert not isinstance(Square(2), Circle)


def test_color():
    assert Square(1).color.name == "RED"
    assert Color["BLUE"].value == 2


def test_scaled():
    assert scaled(Square(2), 3).side == 6


def test_total():
    assert total([Square(1), Square(2)]) == 5


def test_error():
    with pytest.raises(ValueError):
        Square(-1)
