# against: code|call
# must: wrong_answer
# problem: order
# tries: to return an object that equals everything
class Equal:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = object.__hash__


def f(numbers):
    return Equal()
