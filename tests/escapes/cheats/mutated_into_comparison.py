# against: code
# must: wrong_answer
# problem: unchanged
# tries: to clear the argument that its answer is compared with
def f(numbers):
    numbers.clear()
    return numbers
