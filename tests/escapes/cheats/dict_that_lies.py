# against: code|call
# must: wrong_answer
# problem: order
# tries: to return a dict that claims to be a list
class Liar(dict):
    def __eq__(self, other):
        return True

    def __iter__(self):
        return iter([1, 2, 3])

    def keys(self):
        return [1, 2, 3]


def f(numbers):
    return Liar(a=1)
