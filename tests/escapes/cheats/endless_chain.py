# against: code
# must: wrong_answer|time_limit_exceeded
# problem: walk
# tries: to return a chain of nodes that never ends
class Node:
    def __init__(self, value):
        self.value = value

    @property
    def next(self):
        return Node(self.value + 1)


def chain(values):
    return Node(1)
