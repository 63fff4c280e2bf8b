# against: code
# must: wrong_answer|runtime_error
# problem: errors
# tries: that one and the same exception is right for every test
# passes: 1
def f(number):
    raise ValueError("negative")
