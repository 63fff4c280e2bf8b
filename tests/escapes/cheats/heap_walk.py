# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to find the tests with the garbage collector
import gc


def f(numbers):
    wanted = sorted(numbers, reverse=True)
    for found in gc.get_objects():
        if isinstance(found, tuple | list) and len(found) == len(numbers) + 1:
            return list(found)
    return wanted
