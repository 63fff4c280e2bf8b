# against: code|call
# must: wrong_answer|runtime_error
# problem: order
# tries: that a module is missing, as if the tests had asked for it
def f(numbers):
    raise ModuleNotFoundError("No module named 'numpy'", name="numpy")
