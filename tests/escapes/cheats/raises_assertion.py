# against: code|call
# must: wrong_answer|runtime_error
# problem: order
# tries: an AssertionError of its own, so that the tests seem to be at fault
class Mine(AssertionError):
    pass


def f(numbers):
    raise Mine("passed")
