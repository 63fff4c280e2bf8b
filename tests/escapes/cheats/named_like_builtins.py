# against: code
# must: wrong_answer
# problem: builtins
# tries: to define abs, len, str and sum for the tests to use
# passes: 0|1
def abs(number):
    return 0


def len(value):
    return 4


def sum(numbers):
    return 4.0


def str(value):
    return "1234"


def f(numbers):
    return 100.5
