# against: code|call
# must: accepted
# problem: order
# style: a plain function
def f(numbers):
    return sorted(numbers)
