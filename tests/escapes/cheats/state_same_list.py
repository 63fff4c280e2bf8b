# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: state
# tries: to return its argument as its copy
class School:
    def __init__(self):
        self.pupils = {}

    def mark(self, name, points):
        pass

    def names(self):
        return None


def clone(value):
    return value


def record(log, text):
    return None


def items_of(values):
    return None
