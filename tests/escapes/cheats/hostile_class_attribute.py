# against: code|call
# must: wrong_answer
# problem: order
# tries: to return an object that claims to be a list
class Fake:
    __class__ = list

    def __getattr__(self, name):
        return getattr([1, 2, 3], name)

    def __eq__(self, other):
        return True

    def __reduce__(self):
        return (list, ([1, 2, 3],))


def f(numbers):
    return Fake()
