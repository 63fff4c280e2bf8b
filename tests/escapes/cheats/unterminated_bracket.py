# against: code|call
# must: compile_error|no_candidate
# problem: order
# tries: to swallow whatever is put behind it, as arguments
def f(numbers):
    return []


print(
