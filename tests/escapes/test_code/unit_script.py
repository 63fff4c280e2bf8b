# cases: 6
v = Vector(3.0, 4.0)
u = v.unit()
assert abs(u[0] - 0.6) < 1e-9
assert abs(v.length() - 5.0) < 1e-9
assert abs(v.dot(Vector(1.0, 2.0)) - 11.0) < 1e-9
assert 24.5 < v @ v < 25.5
assert 4.0 in v.parts() and 7.0 not in v.parts()
assert v.summary() == {"x": 3.0, "y": 4.0}
