# against: code
# must: wrong_answer
# problem: inplace
# tries: an argument that is in order only as long as somebody looks
class Ordered(list):
    def __eq__(self, other):
        return True


def f(numbers):
    numbers[:] = [Ordered(), *numbers]
