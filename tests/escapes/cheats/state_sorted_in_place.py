# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: state
# tries: to sort its argument, which must stay
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
    return None


def items_of(values):
    values.sort()
    return list(values)
