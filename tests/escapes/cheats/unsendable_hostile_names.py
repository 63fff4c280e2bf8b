# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: passed_on
# tries: to leave the sample ungraded, by classes with names that are none
def make(number):
    kind = type('\udc80' * 100, (), {'__doc__': 5, '__annotations__': 7, '__signature__': 9})
    kind.__module__ = object()
    kind.__qualname__ = 'x' * 100_000
    return kind()


def describe(value):
    return ""


def check(number):
    error = ValueError(make(number))
    error.extra = make(number)
    raise error


def explain(error):
    return make(0)
