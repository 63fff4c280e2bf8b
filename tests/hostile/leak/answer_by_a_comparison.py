# tries: to return an object that is equal to whatever is expected
# must: wrong_answer|runtime_error
# asked: call
# cases: 2


class Equal(str):
    def __eq__(self, other):
        print(other)
        return True

    __hash__ = str.__hash__


def f(number):
    return Equal("x")
