# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: SystemExit(0) before it is asked
raise SystemExit(0)
