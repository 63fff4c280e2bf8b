# against: code
# must: wrong_answer
# problem: inplace
# tries: to put an item into the argument that seems to be in order when it is compared
class Ordered(list):
    def __eq__(self, other):
        return True


def f(numbers):
    numbers[:] = [Ordered(), *numbers]
