# against: code|call
# must: wrong_answer|runtime_error
# problem: order
# tries: to interrupt whoever runs the tests
def f(numbers):
    raise KeyboardInterrupt
