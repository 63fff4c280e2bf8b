# against: code|call
# must: wrong_answer|runtime_error
# problem: order
# tries: to raise nested exception groups
def f(numbers):
    error = ValueError("passed")
    for _ in range(150):
        error = ExceptionGroup("more", [error])
    raise error
