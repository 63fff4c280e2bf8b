# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: passed_on
# tries: to leave the sample ungraded, by dicts with keys that compare oddly
def make(number):
    class Key:
        def __hash__(self): return 1
        def __eq__(self, other): return True
    return {Key(): 1, float('nan'): 2, (float('nan'),): 3, frozenset([frozenset()]): 4}


def describe(value):
    return ""


def check(number):
    error = ValueError(make(number))
    error.extra = make(number)
    raise error


def explain(error):
    return make(0)
