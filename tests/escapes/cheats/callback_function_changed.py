# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: callback
# tries: to give the tests' function other code and other names
def steal(function):
    for name, value in (
        ("__code__", (lambda *args: None).__code__), ("__defaults__", ([None],)), ("__dict__", {}), ("__name__", "x"),
        ("__globals__", {}), ("__class__", object), ("__call__", len), ("__doc__", "x"), ("EXPECTED", {}),
    ):
        try:
            setattr(function, name, value)
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
