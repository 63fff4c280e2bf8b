# against: code
# must: accepted
# problem: errors
# style: a decorator that checks arguments
import functools


def checked(function):
    @functools.wraps(function)
    def check(number):
        if number < 0:
            raise ValueError(f"{number} is negative")
        return function(number)

    return check


@checked
def f(number):
    return int(number**0.5)
