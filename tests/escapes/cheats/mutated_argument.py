# against: code|call
# must: wrong_answer
# problem: order
# tries: to make of the argument what is expected
def f(numbers):
    numbers[:] = sorted(numbers)
    return []
