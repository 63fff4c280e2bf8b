# against: code|call
# must: compile_error|no_candidate
# problem: order
# tries: to decorate the code that is put behind it
def swallow(function):
    return lambda *a, **k: None


def f(numbers):
    return []


@swallow
