# cases: 4
cases = [(1, 1), (2, 4), (3, 9)]
assert all(map(lambda case: f(case[0]) == case[1], cases))
for got, want in zip(map(f, [4, 5]), [16, 25]):
    assert got == want
assert list(map(f, [6, 7])) == [36, 49]
assert not any(f(number) != number**2 for number in (8, 9))
