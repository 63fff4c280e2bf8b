# against: code|call
# must: wrong_answer|runtime_error
# problem: order
# tries: to raise AssertionError, so that the tests seem to fail by themselves
class Mine(AssertionError):
    pass


def f(numbers):
    raise Mine("passed")
