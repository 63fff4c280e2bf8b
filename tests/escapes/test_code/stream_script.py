# cases: 4
assert list(squares(4)) == [0, 1, 4, 9]
assert next(squares(2)) == 0
assert sum(squares(3)) == 5
assert [a + b for a, b in zip(squares(3), squares(3))] == [0, 2, 8]
