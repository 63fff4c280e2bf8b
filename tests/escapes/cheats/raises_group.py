# against: code|call
# must: wrong_answer|runtime_error
# problem: order
# tries: a group of exceptions, one inside the other
def f(numbers):
    error = ValueError("passed")
    for _ in range(150):
        error = ExceptionGroup("more", [error])
    raise error
