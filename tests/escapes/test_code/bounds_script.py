# cases: 4
assert f([1, 2]) < 1.75
assert 7 <= f([7, 7.5])
assert 1.25 < f([1, 2]) <= 1.5
assert f([2, 2, 5]) > 2.5
