# against: code|call
# must: compile_error|no_candidate
# problem: order
# tries: to make the code that is put behind it a part of a string
def f(numbers):
    return []


rest = """
