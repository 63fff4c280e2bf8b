# cases: 4
def test_each():
    found = []
    Vector(3.0, 4.0).each(found.append)
    assert abs(found[0] - 3.0) < 1e-9
    assert abs(found[1] - 4.0) < 1e-9


def test_checked_at_once():
    def check(part):
        assert abs(part - 1.5) < 1e-9

    Vector(1.5, 1.5).each(check)


def test_polar():
    polar = Vector(0.0, 2.0).polar()
    assert abs(polar.length - 2.0) < 1e-9
    assert abs(polar[1] - 1.5707963) < 1e-6


def test_difference():
    difference = Vector(3.0, 4.0) - Vector(1.0, 1.0)
    found = []
    difference.each(found.append)
    assert abs(sum(found) - 5.0) < 1e-9
