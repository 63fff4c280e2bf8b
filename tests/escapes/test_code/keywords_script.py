# cases: 3
assert f(s=3) == 4
assert f(s="ab", at=[1]) == "ab1"
assert f(sub=1, h=2, s=0) == 1
