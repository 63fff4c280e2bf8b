# against: code|call
# must: wrong_answer|runtime_error
# problem: order
# tries: to raise KeyboardInterrupt in the process that runs the tests
def f(numbers):
    raise KeyboardInterrupt
