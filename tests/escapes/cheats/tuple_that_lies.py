# against: code|call
# must: wrong_answer
# problem: order
# tries: to return a tuple whose methods show the content of another one
class Liar(tuple):
    def __eq__(self, other):
        return True

    def __len__(self):
        return 3

    def index(self, item):
        return 0

    __hash__ = None


def f(numbers):
    return Liar((0,))
