# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: order
# tries: to raise an exception with a circle and a long chain of causes
def f(numbers):
    first = last = ValueError("0")
    for number in range(50_000):
        last.__cause__ = last = ValueError(str(number))
    if len(numbers) == 2:
        last.__context__ = first
        last.__cause__ = first
    raise first
