# cases: 3
assert not f([1, 2, 2]) ^ {1, 2}
assert f([3]) - {3} == set()
assert len(f([4, 5]) & {4, 5}) == 2
