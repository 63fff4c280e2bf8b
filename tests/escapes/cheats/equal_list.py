# against: code|call
# must: wrong_answer
# problem: order
# tries: to return a list of any length that equals everything
class Liar(list):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __len__(self):
        return 3

    def __iter__(self):
        return iter([1, 2, 3])

    def __contains__(self, item):
        return True


def f(numbers):
    return Liar([0])
