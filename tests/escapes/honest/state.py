# against: code
# must: accepted
# problem: state
# style: containers that tests and program share
import copy


class School:
    def __init__(self):
        self.pupils = {}

    def mark(self, name, points):
        self.pupils[name]["marks"].append(points)

    def names(self):
        return list(self.pupils)


def clone(value):
    return copy.deepcopy(value)


def record(log, text):
    log.append(text)
    return log


def items_of(values):
    return sorted(values)
