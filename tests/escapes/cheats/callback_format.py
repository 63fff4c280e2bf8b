# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: callback
# tries: to walk from the tests' function by format strings and getters
import operator


def steal(function):
    for path in ("__globals__", "__self__.expected", "__func__.__globals__", "__closure__", "__self__.__dict__"):
        try:
            return operator.attrgetter(path)(function)["EXPECTED"]["best"]
        except Exception:
            pass
        for write in (("{0.%s}" % path).format, lambda value: f"{value!r}"):
            try:
                text = write(function)
                if "pear" in text:
                    return "pear"
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
