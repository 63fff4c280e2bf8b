# against: code
# must: wrong_answer|runtime_error
# problem: module
# tries: to raise before any test is defined, so that there are no tests
def f(numbers):
    raise ValueError("no tests today")
