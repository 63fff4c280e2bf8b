# against: code
# must: accepted
# problem: walk
# style: nodes of a class of its own, one behind the other
class Node:
    def __init__(self, value, next=None):
        self.value = value
        self.next = next


def chain(values):
    first = None
    for value in reversed(values):
        first = Node(value, first)
    return first
