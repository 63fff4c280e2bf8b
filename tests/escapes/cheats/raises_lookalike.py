# against: code
# must: wrong_answer|runtime_error
# problem: errors
# tries: to raise an exception that has only the name of the expected one
class ValueError(Exception):
    pass


def f(number):
    if number < 0:
        raise ValueError("negative")
    return 0
