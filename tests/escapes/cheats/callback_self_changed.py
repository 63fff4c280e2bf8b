# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: callback
# tries: to change the test case that a bound method belongs to
def steal(function):
    owner = getattr(function, "__self__", None)
    for name, value in (
        ("expected", None), ("seen", ["a", "b"]), ("assertEqual", lambda *args: None), ("failureException", KeyError),
        ("maxDiff", 0), ("__class__", object), ("_outcome", None),
    ):
        try:
            setattr(owner, name, value)
        except Exception:
            pass
    if isinstance(owner, list):
        owner[:] = [1]


def best(words, key):
    return steal(key)


def changed(numbers, function):
    return steal(function)


def visit(words, note):
    return steal(note)


def first_error(numbers, function):
    return steal(function)
