# against: code
# must: wrong_answer|runtime_error
# problem: errors
# tries: an exception that is only named like the right one
class ValueError(Exception):
    pass


def f(number):
    if number < 0:
        raise ValueError("negative")
    return 0
