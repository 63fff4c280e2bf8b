# cases: 3
# entry_point: Solution().mean
def check(candidate):
    assert abs(candidate([1, 2]) - 1.5) < 1e-6
    assert 7 < candidate([7, 7.5]) < 7.5
    assert candidate([2, 2, 5]) >= 2.5
