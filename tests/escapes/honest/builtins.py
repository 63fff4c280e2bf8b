# against: code
# must: accepted
# problem: builtins
# style: defines no names but its own function
def f(numbers):
    return sum(numbers) / len(numbers)
