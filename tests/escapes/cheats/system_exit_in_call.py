# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to raise SystemExit(0) during a call
def f(numbers):
    raise SystemExit(0)
