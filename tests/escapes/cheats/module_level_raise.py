# against: code
# must: wrong_answer|runtime_error
# problem: module
# tries: to fail before any test is defined, so that there are none
def f(numbers):
    raise ValueError("no tests today")
