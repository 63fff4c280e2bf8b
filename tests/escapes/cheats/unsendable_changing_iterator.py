# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: passed_on
# tries: to leave the sample ungraded, by a container that grows while it is read
def make(number):
    value = [1]
    class Grows(list):
        def __iter__(self):
            while True:
                value.append(1)
                yield value
    return Grows([value])


def describe(value):
    return ""


def check(number):
    error = ValueError(make(number))
    error.extra = make(number)
    raise error


def explain(error):
    return make(0)
