# against: code
# must: accepted
# problem: unchanged
# style: a copy, sorted in place
def f(numbers):
    copy = numbers[:]
    copy.sort()
    return copy
