# cases: 2
assert decode([encode([1, 2])]) == [[1, 2]]
assert decode([encode([])]) == [[]]
