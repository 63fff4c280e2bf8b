# against: code
# must: accepted
# problem: walk
# style: linked nodes of its own class
class Node:
    def __init__(self, value, next=None):
        self.value = value
        self.next = next


def chain(values):
    first = None
    for value in reversed(values):
        first = Node(value, first)
    return first
