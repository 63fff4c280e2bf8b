# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: state
# tries: to fill the tests' own lists without end
class School:
    def __init__(self):
        self.pupils = {}

    def mark(self, name, points):
        pass

    def names(self):
        return None


def clone(value):
    value *= 10**6
    return value


def record(log, text):
    log.extend([[number] for number in range(400_000)])
    return log


def items_of(values):
    return None
