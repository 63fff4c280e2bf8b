# against: code
# must: accepted
# problem: module
# style: a plain function whose answers the tests keep at module level
def f(numbers):
    return sorted(numbers)
