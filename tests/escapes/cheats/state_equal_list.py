# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: state
# tries: to return a new list where the same one is expected
class School:
    def __init__(self):
        self.pupils = {}

    def mark(self, name, points):
        pass

    def names(self):
        return None


def clone(value):
    return None


def record(log, text):
    return [*log, text]


def items_of(values):
    return None
