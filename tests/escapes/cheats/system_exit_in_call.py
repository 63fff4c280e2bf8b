# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: SystemExit(0) out of the call
def f(numbers):
    raise SystemExit(0)
