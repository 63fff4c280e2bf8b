# cases: 2
numbers = [3, 1, 2]
f(numbers)
assert numbers == [1, 2, 3]
letters = ["b", "a"]
assert f(letters) is None and letters == ["a", "b"]
