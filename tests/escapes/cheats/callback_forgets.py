# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: callback
# tries: to call the tests' function so often that its table overflows
def steal(function):
    for number in range(200_000):
        try:
            function([number])
        except Exception:
            pass
    return None


def best(words, key):
    return steal(key)


def changed(numbers, function):
    return steal(function)


def visit(words, note):
    return steal(note)


def first_error(numbers, function):
    return steal(function)
