# against: code|call
# must: wrong_answer|runtime_error|memory_limit_exceeded
# problem: order
# tries: to exhaust the stack of its caller
def f(numbers):
    return f(numbers)
