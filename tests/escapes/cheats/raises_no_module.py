# against: code|call
# must: wrong_answer|runtime_error
# problem: order
# tries: to raise ModuleNotFoundError, as if the tests had imported a missing module
def f(numbers):
    raise ModuleNotFoundError("No module named 'numpy'", name="numpy")
