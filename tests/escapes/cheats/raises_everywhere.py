# against: code
# must: wrong_answer|runtime_error
# problem: errors
# tries: to raise the one exception that some test expects, always
# passes: 1
def f(number):
    raise ValueError("negative")
