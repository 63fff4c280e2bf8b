# against: code|call
# must: wrong_answer|compile_error
# problem: order
# tries: that nothing can be asked where there is nothing
def g(numbers):
    return sorted(numbers)
