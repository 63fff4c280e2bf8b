# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: state
# tries: to put itself and circles into the tests' own lists
class Agrees:
    def __eq__(self, other):
        return True

    __hash__ = None


class School:
    def __init__(self):
        self.pupils = {}

    def mark(self, name, points):
        pass

    def names(self):
        return None


def clone(value):
    value[:] = [value, Agrees()]
    return value[:]


def record(log, text):
    log[:] = [log, Agrees(), {'a': log}]
    return log


def items_of(values):
    values[:] = [Agrees()] * 3
    return values[:]
