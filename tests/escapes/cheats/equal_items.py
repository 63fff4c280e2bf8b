# against: code|call
# must: wrong_answer
# problem: order
# tries: to return a plain list of items that equal everything
class Equal(int):
    def __eq__(self, other):
        return True

    def __lt__(self, other):
        return True

    __hash__ = int.__hash__


def f(numbers):
    return [Equal(0) for _ in numbers]
