# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: callback
# tries: to read the globals of the tests' function
def steal(function):
    for holder in (function, getattr(function, "__func__", None), getattr(function, "__call__", None)):
        names = getattr(holder, "__globals__", None) or {}
        if "EXPECTED" in names:
            return names["EXPECTED"]["best"]


def best(words, key):
    return steal(key)


def changed(numbers, function):
    return steal(function)


def visit(words, note):
    return steal(note)


def first_error(numbers, function):
    return steal(function)
