# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: state
# tries: to return its own list, which the tests append to
class School:
    def __init__(self):
        self.pupils, self.all = {}, []

    def mark(self, name, points):
        pass

    def names(self):
        return self.all


def clone(value):
    return None


def record(log, text):
    return None


def items_of(values):
    return None
