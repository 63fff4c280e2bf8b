# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to raise SystemExit(0) before the first question
raise SystemExit(0)
