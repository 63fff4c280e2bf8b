# cases: 3
assert depth(900) == 900
assert fib(80) == 23416728348467685
assert evens(500) is True
