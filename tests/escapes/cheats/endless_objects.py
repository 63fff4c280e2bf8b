# against: code
# must: wrong_answer|time_limit_exceeded
# problem: walk
# tries: to return a new object for every attribute, so that the questions never end
class Node:
    @property
    def value(self):
        return Node()

    @property
    def next(self):
        return Node()


def chain(values):
    return Node()
