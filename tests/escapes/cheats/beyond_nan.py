# against: code
# must: wrong_answer|runtime_error|security_violation|accepted
# problem: beyond
# passes: 0|1|2|3|4
# earns: 0
# tries: to return what is neither more nor less than anything
from decimal import Decimal


class Nan(float):
    __sub__ = __rsub__ = __abs__ = lambda self, *others: self
    __lt__ = __gt__ = lambda self, other: False


def f(number):
    return float('nan')
