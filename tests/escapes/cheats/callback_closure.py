# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: callback
# tries: to read the closure, defaults and constants of the tests' function
def steal(function):
    for name in ("__closure__", "__defaults__", "__kwdefaults__", "__wrapped__", "__dict__", "__annotations__"):
        value = getattr(function, name, None)
        if value:
            value = value[0] if isinstance(value, tuple) else value
            return getattr(value, "cell_contents", value)
    code = getattr(function, "__code__", None)
    return code.co_consts[-1] if code else None


def best(words, key):
    return steal(key)


def changed(numbers, function):
    return steal(function)


def visit(words, note):
    return steal(note)


def first_error(numbers, function):
    return steal(function)
