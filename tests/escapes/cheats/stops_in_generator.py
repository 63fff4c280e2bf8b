# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: many
# tries: to be a generator that never yields
def f(number):
    return
    yield
