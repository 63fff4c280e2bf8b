# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: callback
# tries: to read the test case that a bound method belongs to
def steal(function):
    owner = getattr(function, "__self__", None)
    for name in ("expected", "seen", "__dict__"):
        value = getattr(owner, name, None)
        if value:
            return value
    return type(owner).__init__.__globals__["EXPECTED"]["best"]


def best(words, key):
    return steal(key)


def changed(numbers, function):
    return steal(function)


def visit(words, note):
    return steal(note)


def first_error(numbers, function):
    return steal(function)
