# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: state
# self_compared: 1
# tries: to keep containers of its own kind, which agree with everything
class Agrees(dict):
    def __getitem__(self, key):
        return self

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = None
    append = clear = lambda self, *args: None


class School:
    def __init__(self):
        self.pupils = Agrees()

    def mark(self, name, points):
        pass

    def names(self):
        return Agrees()


def clone(value):
    return Agrees()


def record(log, text):
    return Agrees()


def items_of(values):
    return Agrees()
