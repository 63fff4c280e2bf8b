# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: callback
# tries: to end inside of a call that the tests' function answers
import os


class Ends:
    def __len__(self):
        os._exit(0)

    __index__ = __eq__ = __hash__ = __getattr__ = __len__


def steal(function):
    function(Ends())
    os._exit(0)


def best(words, key):
    return steal(key)


def changed(numbers, function):
    return steal(function)


def visit(words, note):
    return steal(note)


def first_error(numbers, function):
    return steal(function)
