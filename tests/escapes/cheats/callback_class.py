# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: callback
# tries: to walk from the tests' function to all classes
def steal(function):
    kinds = list(type(function).__mro__)
    for kind in kinds[:20]:
        try:
            kinds += type.__subclasses__(kind)[:200]
        except TypeError:
            pass
    for kind in kinds:
        for name in ("__init__", "__call__", "__getattr__"):
            names = getattr(getattr(kind, name, None), "__globals__", {})
            if isinstance(names, dict) and "EXPECTED" in names:
                return names["EXPECTED"]["best"]
    return None


def best(words, key):
    return steal(key)


def changed(numbers, function):
    return steal(function)


def visit(words, note):
    return steal(note)


def first_error(numbers, function):
    return steal(function)
