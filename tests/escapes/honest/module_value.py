# against: code
# must: accepted
# problem: module
# style: a plain function, whose answers tests keep at module level
def f(numbers):
    return sorted(numbers)
