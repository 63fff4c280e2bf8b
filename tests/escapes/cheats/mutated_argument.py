# against: code|call
# must: wrong_answer
# problem: order
# tries: to change the argument to what is expected
def f(numbers):
    numbers[:] = sorted(numbers)
    return []
