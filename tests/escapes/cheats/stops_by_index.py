# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: many
# tries: to end the loops of the tests early
class Own(StopIteration):
    pass


def f(number):
    raise IndexError('done')
