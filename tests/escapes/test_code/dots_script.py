# cases: 5
a = Vector(1, 2)
b = Vector(3, 4)
assert ((a + b) * 2).x == 8
assert abs(a * b - 11) < 1e-9
assert abs(a @ b - 11) < 1e-9
assert -(a * b - 11) == 0
d = b * b - 25
assert d * d < 1e-9
