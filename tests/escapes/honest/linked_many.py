# against: code
# must: accepted
# problem: longwalk
# style: more nodes of its own class than there are rounds
class Node:
    def __init__(self, value, next=None):
        self.value = value
        self.next = next


def chain(values):
    first = None
    for value in reversed(values):
        first = Node(value, first)
    return first
