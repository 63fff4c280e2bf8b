# cases: 2
assert f(3).equals([1])
assert f(3).is_close(2.5)
