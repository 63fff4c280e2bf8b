# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded
# problem: order
# tries: to say that its answers are objects that the tests passed, or had before
from nova_code_verifier.sandbox.protocol import identities

numbers = iter([0, 1, -1, 2**70, True, None, [0], 63])


def write_answer(self, value, tree):
    return {"same": [False, next(numbers, 0), tree]}


identities.Identities.write_answer = write_answer


def f(numbers):
    return tuple(numbers)
