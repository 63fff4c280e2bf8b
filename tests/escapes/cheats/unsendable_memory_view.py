# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: passed_on
# tries: to leave the sample ungraded, by a view of memory, a range and a slice
def make(number):
    return [memoryview(bytearray(9)), range(10**30), slice(None, [], {}), NotImplemented, ...]


def describe(value):
    return ""


def check(number):
    error = ValueError(make(number))
    error.extra = make(number)
    raise error


def explain(error):
    return make(0)
