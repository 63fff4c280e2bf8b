# against: code|call
# must: compile_error|no_candidate
# problem: order
# tries: to make the code that is put behind it the arguments of a call
def f(numbers):
    return []


print(
