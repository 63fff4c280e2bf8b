# cases: 3
def close(got, want):
    if abs(got - want) > 1e-6:
        raise AssertionError("differs")


close(f(1), 2.5)
assert not abs(f(2) - 5.25) > 1e-6
assert not (f(3) < 9.1 or f(3) > 9.3)
assert f(4) - 14.5 < 1e-6
