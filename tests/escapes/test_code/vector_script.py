# cases: 6
v = Vector(1, 2)
assert (v + Vector(3, 4)).x == 4
assert (v * 3).y == 6
assert (3 * v).y == 6
assert abs(Vector(3, 4)) == 5
assert v[0] == 1 and v[1] == 2
assert 2 in v
