# against: code
# must: accepted
# problem: builtins
# style: no names but its own
def f(numbers):
    return sum(numbers) / len(numbers)
