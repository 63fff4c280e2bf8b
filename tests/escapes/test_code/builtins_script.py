# cases: 3
assert abs(f([1, 2]) - 1.5) < 1e-6
assert len(str(f([7, 7.5]))) == 4
assert sum([f([2, 2, 5]), 1.0]) == 4.0
