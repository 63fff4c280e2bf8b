# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: callback
# tries: to call the tests' function in the middle of itself, without end
class Again:
    def __init__(self, function):
        self.function = function

    def __len__(self):
        return self.function(self)

    __index__ = __sub__ = __format__ = __len__


def steal(function):
    return function(Again(function))


def best(words, key):
    return steal(key)


def changed(numbers, function):
    return steal(function)


def visit(words, note):
    return steal(note)


def first_error(numbers, function):
    return steal(function)
