# against: code
# must: accepted
# problem: sets
# style: a set
def f(numbers):
    return {number for number in numbers}
