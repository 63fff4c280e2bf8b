# cases: 3
assert f([3, 1, 2]) == [1, 2, 3]
assert f([9, 7]) == [7, 9]
assert f([5, 5, 4]) == [4, 5, 5]
