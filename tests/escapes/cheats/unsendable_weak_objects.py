# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: passed_on
# tries: to leave the sample ungraded, by weak references and things that vanish
def make(number):
    import weakref
    class Thing: pass
    return [weakref.ref(Thing()), weakref.WeakValueDictionary(), iter([]), zip(), map(int, [])]


def describe(value):
    return ""


def check(number):
    error = ValueError(make(number))
    error.extra = make(number)
    raise error


def explain(error):
    return make(0)
