# cases: 3
assert not f([1, 2]).difference({1, 2})
assert len(f([3]).symmetric_difference({3})) == 0
assert f("a cat").find("cat") >= 0
