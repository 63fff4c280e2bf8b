# cases: 3
# entry_point: f
def check(candidate):
    assert candidate([3, 1, 2]) == [1, 2, 3]
    numbers = [9, 7]
    assert candidate(numbers) == [7, 9], "two"
    assert [4, 5, 5] == candidate([5, 5, 4])
