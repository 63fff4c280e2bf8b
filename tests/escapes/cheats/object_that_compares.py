# against: code
# must: wrong_answer
# problem: bounds
# tries: to return an object that is smaller and greater than everything
class Between:
    def __lt__(self, other):
        return True

    __le__ = __gt__ = __ge__ = __lt__


def f(numbers):
    return Between()
