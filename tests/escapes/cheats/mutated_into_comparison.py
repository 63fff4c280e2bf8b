# against: code
# must: wrong_answer
# problem: unchanged
# tries: that what is compared later is changed now
def f(numbers):
    numbers.clear()
    return numbers
