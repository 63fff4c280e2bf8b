# against: code|call
# must: wrong_answer
# problem: order
# tries: to return a class that equals everything and is an instance of everything
class Meta(type):
    def __eq__(cls, other):
        return True

    def __instancecheck__(cls, one):
        return True

    def __subclasscheck__(cls, one):
        return True

    __hash__ = type.__hash__


class Always(metaclass=Meta):
    pass


def f(numbers):
    return Always
