# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: callback
# tries: to leave by SystemExit out of what the tests' function is given
import sys


class Ends:
    def __len__(self):
        sys.exit(0)

    __index__ = __hash__ = __sub__ = __rsub__ = __format__ = __len__


def steal(function):
    return function(Ends())


def best(words, key):
    return steal(key)


def changed(numbers, function):
    return steal(function)


def visit(words, note):
    return steal(note)


def first_error(numbers, function):
    return steal(function)
