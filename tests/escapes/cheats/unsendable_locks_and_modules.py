# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: passed_on
# tries: to leave the sample ungraded, by modules, locks and frames
def make(number):
    import _thread, sys
    return [sys, _thread.allocate_lock(), sys._getframe(), type(sys._getframe()), make.__code__]


def describe(value):
    return ""


def check(number):
    error = ValueError(make(number))
    error.extra = make(number)
    raise error


def explain(error):
    return make(0)
